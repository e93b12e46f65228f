"""The rows at the end: each seat as its last change left it, each with the one reservation that goes with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ticketctl.reservations.history._report import Kind, Violation, shown
from ticketctl.reservations.history._rows import History, ReservationRow, SeatRow
from ticketctl.reservations.history._story import FREE, TAKEN, Standing, Story

LIVE = {"RESERVED": "ACTIVE", "BOOKED": "CONFIRMED"}
"""The status of the reservation that goes with a seat. One that is over still says so until somebody notices."""


def check_rows(history: History, stories: Mapping[int, Story], *, whole: bool) -> Iterator[Violation]:
    """Compare the rows of seats with their stories, and the reservations with the rows.

    Args:
        history: What is written.
        stories: The seats as their changes tell them.
        whole: Whether a seat without a change must be as it was made.
    """
    live = _live(history.reservations)
    for row in history.seats:
        story = stories.get(row.seat_id)
        text = _differs(row, story) if story else (_unrecorded(row) if whole else "")
        if text:
            yield _violation("end", row, text)
        if story and story.changes[-1].event_id != row.event_id:
            text = f"its last change is of event {story.changes[-1].event_id}, the row of event {row.event_id}"
            yield _violation("event", row, text)
        yield from _of_reservations(row, live.pop(row.seat_id, []))
    there = {row.seat_id for row in history.seats}
    for seat_id, story in stories.items():
        if seat_id not in there and story.standing.status is not None:
            text = (
                f"seat {seat_id}: version {story.standing.version} left it {story.standing.status}, but it has no row"
            )
            yield Violation("end", text, story.changes[-1].event_id, seat_id, story.standing.version)
    for seat_id, rows in live.items():
        text = f"seat {seat_id}: it has no row, but {_reservation(rows[0])}"
        yield Violation("reservation", text, rows[0].event_id, seat_id, None, rows[0].hold_id, rows[0].user_id)


def count_statuses(seats: Sequence[SeatRow]) -> dict[int, dict[str, int]]:
    """Return how many seats of each event are in each status."""
    counts: dict[int, Counter[str]] = {}
    for row in seats:
        counts.setdefault(row.event_id, Counter())[str(row.status)] += 1
    return {event_id: dict(statuses) for event_id, statuses in sorted(counts.items())}


def check_counts(statuses: Mapping[int, Mapping[str, int]], capacity: Mapping[int, int] | None) -> Iterator[Violation]:
    """Tell where seats of an event are in no status that there is, are missing, or are too many.

    Args:
        statuses: Of each event, how many seats are in which status.
        capacity: How many seats each event has; None is not known.
    """
    for event_id, counts in statuses.items():
        total, known = sum(counts.values()), sum(counts.get(status, 0) for status in (*FREE, *TAKEN))
        if known != total:
            others = sorted({*counts} - {*FREE, *TAKEN})
            text = (
                f"event {event_id}: {total - known} of its {total} seats are {', '.join(others)}, which no seat can be"
            )
            yield Violation("count", text, event_id)
    for event_id, wanted in (capacity or {}).items():
        counts = statuses.get(event_id, {})
        if (there := sum(counts.values())) != wanted:
            shown_counts = ", ".join(f"{number} {status}" for status, number in sorted(counts.items())) or "none"
            yield Violation("count", f"event {event_id} has {wanted} seats, but {there} rows: {shown_counts}", event_id)


def _differs(row: SeatRow, story: Story) -> str:
    """Return in what a row is not what the last change left."""
    left = story.standing
    if left.status is None:
        return f"version {left.version} removed it, but it has a row"
    pairs = (
        ("status", left.status, row.status),
        ("version", left.version, row.version),
        ("hold_id", left.hold_id, row.hold_id),
        ("reserved_by", left.user_id, row.user_id),
        ("reserved_until", left.until, row.reserved_until),
        ("booking_id", left.booking_id, row.booking_id),
    )
    wrong = [
        f"{name} {_value(name, there)} and not {_value(name, wanted)}"
        for name, wanted, there in pairs
        if wanted != there
    ]
    return f"its row is not as version {left.version} left it{_by(left)}: {', '.join(wrong)}" if wrong else ""


def _unrecorded(row: SeatRow) -> str:
    if row.version == 0 and row.status in FREE and row.hold_id is None:
        return ""
    by = f" by hold {row.hold_id}" if row.hold_id else ""
    return f"its row has version {row.version} and is {row.status}{by}, but no change of it is recorded"


def _of_reservations(row: SeatRow, live: Sequence[ReservationRow]) -> Iterator[Violation]:
    if len(live) > 1:
        text = f"it has {len(live)} live reservations: " + "; ".join(map(_reservation, live))
        yield _violation("two-reservations", row, text)
        return
    wanted = LIVE.get(row.status or "")
    has = f"it is {row.status}" + (f" by hold {row.hold_id} for user {row.user_id}" if wanted else "")
    if not live:
        if wanted:
            yield _violation("reservation", row, f"{has}, but no reservation of it is live")
        return
    (reservation,) = live
    wrong = [
        name
        for name, one, other in (
            ("status", reservation.status, wanted),
            ("hold_id", reservation.hold_id, row.hold_id),
            ("user_id", reservation.user_id, row.user_id),
            ("event_id", reservation.event_id, row.event_id),
            ("booking_id", reservation.booking_id, row.booking_id),
            (
                "expires_at",
                reservation.expires_at,
                row.reserved_until if wanted == "ACTIVE" else reservation.expires_at,
            ),
        )
        if one != other
    ]
    if wrong:
        text = f"{has}, but {_reservation(reservation)}: they differ in {', '.join(wrong)}"
        yield _violation("reservation", row, text)


def _live(reservations: Sequence[ReservationRow]) -> dict[int, list[ReservationRow]]:
    live: dict[int, list[ReservationRow]] = {}
    for row in reservations:
        if row.status in LIVE.values():
            live.setdefault(row.seat_id, []).append(row)
    return live


def _reservation(row: ReservationRow) -> str:
    until = f" until {shown(row.expires_at)}" if row.status == "ACTIVE" else ""
    return f"reservation {row.reservation_id} of hold {row.hold_id} for user {row.user_id} is {row.status}{until}"


def _value(name: str, value: str | int | None) -> str:
    return shown(value) if name == "reserved_until" and isinstance(value, int) else str(value)


def _by(left: Standing) -> str:
    return f" ({left.status} by hold {left.hold_id})" if left.hold_id else ""


def _violation(kind: Kind, row: SeatRow, text: str) -> Violation:
    return Violation(
        *(kind, f"seat {row.seat_id}: {text}", row.event_id, row.seat_id, row.version, row.hold_id, row.user_id)
    )
