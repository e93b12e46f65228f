"""What differs between Redis and MySQL, of two readings that cannot be made at the same moment.

An entry is read, then its seat; what looks wrong is read again, both, and is a difference if the entry is what it was
and wrong again. That raises no false alarm. An entry that lives longer than an intent was lengthened after a COMMIT, so
MySQL shows the hold; before the seat is given back, it is made short and another one. So while such an entry stands
unchanged from before its seat is first read until after, the seat cannot have been given back, or to another one, by a
program that reaches Redis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ticketctl.reservations._filter import LONGEST
from ticketctl.reservations._granting import no_hold
from ticketctl.reservations._moments import NOW, as_number
from ticketctl.reservations._statements import SeatRow, marks
from ticketctl.reservations.inspection._entries import SHORT, Entries, Entry, Mending, Place
from ticketctl.reservations.inspection._model import Example, Kind
from ticketctl.reservations.inspection._reading import Cursor, known, rows, text
from ticketctl.reservations.inspection._tables import Range

PAGE = 2_000
"""Seats that are compared at a time."""
_LONGEST = round(LONGEST * 1000)
_LOOKED_UP = 1_000
_SEAT = (
    f"SELECT seat_id, event_id, status, version, hold_id, {as_number('reserved_until')},"
    f" COALESCE(status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6), FALSE), {NOW}"
    " FROM seats FORCE INDEX (PRIMARY)"
)


def holder(seat: SeatRow) -> str:
    """Return what an entry of a seat says when it is right."""
    return seat.hold_id or no_hold(seat.status)


def judge(entry: Entry, seat: SeatRow | None) -> Kind | None:
    """Tell what is wrong with an entry.

    Args:
        entry: It.
        seat: The seat of its number; None if there is none.
    """
    if entry.short:
        return None
    if seat is None or seat.event_id != entry.place.event_id:
        return Kind.NO_SEAT
    if entry.left is None:
        return Kind.ENDLESS
    if entry.leaving:
        return Kind.LEAVING
    if seat.status == "AVAILABLE":
        return Kind.FREE
    if entry.value == holder(seat).encode():
        return Kind.OVER if seat.over else None
    return Kind.FREE if seat.over else Kind.OTHER_HOLD


def mended(entry: Entry, seat: SeatRow | None) -> Mending:
    """Return what a wrong entry shall be: nothing for a free seat, for another one its hold.

    That one lives as long as an intent, as after a reject: its hold may be giving the seat back at this moment. An
    entry that has the right hold and no end gets that of the hold: what gives the seat back finds it by its value.
    """
    if seat is None or seat.event_id != entry.place.event_id or seat.free:
        return Mending(entry)
    right = holder(seat)
    left = _LONGEST if seat.until is None else max(1, min((seat.until - seat.now) // 1000, _LONGEST))
    same = entry.value == right.encode() and seat.hold_id is not None
    return Mending(entry, right, left if same else min(left, SHORT))


def wrong_entries(cursor: Cursor, entries: Entries, found: Sequence[Entry]) -> Iterator[tuple[Kind, Example, Mending]]:
    """Yield what is wrong with entries that were just read, and what they shall be.

    Args:
        cursor: Shows what is committed at each statement.
        entries: Where they stand.
        found: They.
    """
    long = [entry for entry in found if not entry.short]
    before = _seats(cursor, {entry.place.seat_id for entry in long})
    suspects = {entry.place: entry for entry in long if judge(entry, before.get(entry.place.seat_id))}
    if not suspects:
        return
    again = entries.read(suspects)
    same = [entry for entry in again.values() if entry.value == suspects[entry.place].value]
    after = _seats(cursor, {entry.place.seat_id for entry in same})
    for entry in same:
        seat = after.get(entry.place.seat_id)
        if kind := judge(entry, seat):
            yield kind, _example(entry, seat), mended(entry, seat)


def missing_entries(cursor: Cursor, entries: Entries, within: Range) -> Iterator[Example]:
    """Yield seats that are held or booked, and that Redis does not know."""
    for page in _taken(cursor, within):
        absent = entries.absent(Place(seat.event_id, seat.seat_id) for seat in page)
        if not absent:
            continue
        after = _seats(cursor, {place.seat_id for place in absent})
        still = entries.absent(absent)
        for seat in page:
            place = Place(seat.event_id, seat.seat_id)
            now = after.get(seat.seat_id)
            if place in still and now is not None and now.version == seat.version:
                says = f"Redis: nothing; MySQL: {_said(seat)}"
                yield Example(seat.event_id, seat.seat_id, seat.hold_id, says)


def _taken(cursor: Cursor, within: Range) -> Iterator[list[SeatRow]]:
    only, values = within.only("seats")
    after = within.after
    while page := list(
        map(
            _row,
            rows(
                cursor,
                f"{_SEAT} WHERE seat_id > %s AND seat_id <= %s{only} AND (status = 'BOOKED' OR (status = 'RESERVED'"
                " AND reserved_until > UTC_TIMESTAMP(6))) ORDER BY seat_id LIMIT %s",
                *(after, within.last, *values, PAGE),
            ),
        )
    ):
        yield page
        after = page[-1].seat_id


def _seats(cursor: Cursor, seat_ids: Iterable[int]) -> Mapping[int, SeatRow]:
    found: dict[int, SeatRow] = {}
    wanted = sorted(seat_ids)
    for start in range(0, len(wanted), _LOOKED_UP):
        some = wanted[start : start + _LOOKED_UP]
        statement = f"{_SEAT} WHERE seat_id IN ({marks(len(some))})"
        found.update((seat.seat_id, seat) for seat in map(_row, rows(cursor, statement, *some)))
    return found


def _row(values: Sequence[object]) -> SeatRow:
    row = SeatRow(*values)  # type: ignore[arg-type]  # as the columns say
    return row._replace(status=known(row.status), hold_id=text(row.hold_id), over=bool(row.over))


def _example(entry: Entry, seat: SeatRow | None) -> Example:
    value = entry.value[:40].decode(errors="replace")
    left = "for ever" if entry.left is None else f"for {entry.left / 1000:.0f} s"
    says = f"Redis: {value} {left}; MySQL: {'no such seat' if seat is None else _said(seat)}"
    return Example(entry.place.event_id, entry.place.seat_id, seat.hold_id if seat else None, says)


def _said(seat: SeatRow) -> str:
    over = ", over" if seat.over else ""
    return f"{seat.status}{over} of event {seat.event_id}{f', hold {seat.hold_id}' if seat.hold_id else ''}"
