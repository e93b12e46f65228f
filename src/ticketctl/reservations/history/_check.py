"""All that is checked of a history, one thing after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ticketctl.reservations._model import Limits
from ticketctl.reservations._moments import microseconds
from ticketctl.reservations.history._holds import by_hold, check_holds
from ticketctl.reservations.history._last_state import check_counts, check_rows, count_statuses
from ticketctl.reservations.history._limits import check_limits
from ticketctl.reservations.history._report import Premises, Report, Violation
from ticketctl.reservations.history._rows import History
from ticketctl.reservations.history._seats import follow
from ticketctl.reservations.history._story import by_seat
from ticketctl.reservations.history._told import Told, Written, check_told


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
