"""A checker of histories: was a seat ever with two at once, was a hold lost, was a limit passed?

Every change of a seat writes one row of `seat_audit` in its own transaction, with the seat's version after it (decision
0012). So the rows of a seat, by version, are what was committed, in the order in which it was: the state after each
commit can be looked at, and not only the last one.

    with connection.cursor() as cursor:
        report = check(read(cursor, event_id))
    print(report.text())

What is checked:

1. each seat's changes: versions without a gap, each change begins where the one before ended, by a word that there is,
   with the hold that has the seat; a live hold is not taken, and not expired before its end;
2. the rows of `seats` and `reservations` are what the last changes left, one live reservation for a seat at most;
3. an event has as many seats as it should, each in one status;
4. a hold's seats are all held, and all change together;
5. limits, at each grant;
6. what callers were told.

The rules that compare times say why they raise no false alarm: `_history_seats` and `_history_stays`. What a history
cannot show: a change of `seats` that was made and undone by something that writes no audit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ticketctl.reservations._history_holds import by_hold, check_holds
from ticketctl.reservations._history_limits import check_limits
from ticketctl.reservations._history_model import Answer, Change, History, ReservationRow, SeatRow, Told
from ticketctl.reservations._history_reading import AsyncCursor, Cursor, aread, read
from ticketctl.reservations._history_report import Kind, Premises, Report, Violation
from ticketctl.reservations._history_rows import check_counts, check_rows, count_statuses
from ticketctl.reservations._history_seats import follow
from ticketctl.reservations._history_story import by_seat
from ticketctl.reservations._history_told import Written, check_told
from ticketctl.reservations._model import Limits
from ticketctl.reservations._moments import microseconds

__all__ = [
    "Answer",
    "AsyncCursor",
    "Change",
    "Cursor",
    "History",
    "Kind",
    "Limits",
    "Report",
    "ReservationRow",
    "SeatRow",
    "Told",
    "Violation",
    "aread",
    "check",
    "read",
]


def check(
    history: History,
    *,
    told: Iterable[Told] = (),
    unknown: Collection[str] | None = None,
    limits: Limits | None = None,
    capacity: Mapping[int, int] | None = None,
    whole: bool = True,
    tolerance: float = 0.0,
    longest: float = 60.0,
) -> Report:
    """Look for what must not be.

    Args:
        history: What is written, read at one moment: `read`.
        told: What callers were told.
        unknown: Holds of which an answer was lost. With it, be it empty, a hold that nobody was told of and that is not
            among them is a violation.
        limits: Those that every grant of the history was made under. A limit that is passed only if two transactions
            crossed in one of several possible ways is not reported.
        capacity: How many seats each event has, by whoever made them.
        whole: Whether the history of each seat begins with version 1. Where old rows have been removed, or seats have
            changed without an audit: False, and what may be missing in front of a seat's first row is excused.
        tolerance: Seconds by which the clock of the database may have gone back. 0 is right for one server whose clock
            is slowed and never set back.
        longest: Seconds that no transaction took from its first statement to the end of its COMMIT. Only limits use it.

    Returns:
        What was found.

    Raises:
        ValueError: A time is negative.
    """
    if not (tolerance >= 0 and longest >= 0):
        raise ValueError(f"tolerance and longest are seconds of 0 or more, not {tolerance!r} and {longest!r}")
    premises = Premises(whole, microseconds(tolerance), microseconds(longest))
    violations: list[Violation] = []
    stories = {
        seat_id: follow(seat_id, changes, premises, violations) for seat_id, changes in by_seat(history.changes).items()
    }
    holds = by_hold(stories.values(), history.reservations)
    statuses = count_statuses(history.seats)

    def complete(seat_id: int) -> bool:
        story = stories.get(seat_id)
        return story.whole if story else whole

    violations += check_rows(history, stories, whole=whole)
    violations += check_counts(statuses, capacity)
    violations += check_holds(holds, complete, limits.per_hold if limits else None)
    if limits is not None:
        violations += check_limits(stories.values(), limits, premises)
    violations += check_told(told, Written(holds, stories, complete), unknown=unknown)
    seats = stories.keys() | {row.seat_id for row in history.seats}
    return Report(len(history.changes), len(seats), len(holds), statuses, tuple(violations))
