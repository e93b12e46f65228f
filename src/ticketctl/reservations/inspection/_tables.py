"""What differs within MySQL, between seats and reservations, in one snapshot.

Every change writes both in one transaction, so in one snapshot they agree, whatever is going on. The server compares;
what crosses the wire is what differs. It is asked for ranges of keys of so many rows each, so no statement takes long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from ticketctl.reservations.inspection._model import Example, Kind
from ticketctl.reservations.inspection._reading import Cursor, known, row, rows, text

PAGE = 20_000
"""Rows that a statement looks at."""

_Key = TypeVar("_Key", int, str)

_UNEQUAL = (
    ("status", "reservation.status <> IF(seat.status = 'BOOKED', 'CONFIRMED', 'ACTIVE')"),
    ("event", "reservation.event_id <> seat.event_id"),
    ("user", "NOT (reservation.user_id <=> seat.reserved_by COLLATE utf8mb4_0900_bin)"),
    ("end", "seat.status = 'RESERVED' AND NOT (reservation.expires_at <=> seat.reserved_until)"),
    ("booking", "NOT (reservation.booking_id <=> seat.booking_id)"),
)
_WORDS = f"CONCAT_WS(', ', {', '.join(f'IF({sql}, {word!r}, NULL)' for word, sql in _UNEQUAL)})"
_TAKEN = "seat.status IN ('RESERVED', 'BOOKED')"

_SEATS = (
    "SELECT seat.seat_id, seat.event_id, seat.status, seat.hold_id, reservation.reservation_id, reservation.hold_id,"
    f" reservation.status, {_WORDS}"
    " FROM seats AS seat FORCE INDEX (PRIMARY)"
    " LEFT JOIN reservations AS reservation FORCE INDEX (uk_live_seat) ON reservation.live_seat_id = seat.seat_id"
    f" WHERE seat.seat_id > %s AND seat.seat_id <= %s AND {_TAKEN} AND (reservation.reservation_id IS NULL"
    f" OR NOT (reservation.hold_id <=> seat.hold_id) OR {' OR '.join(sql for _, sql in _UNEQUAL)})"
)
_RESERVATIONS = (
    "SELECT reservation.live_seat_id, reservation.event_id, reservation.hold_id, reservation.status, seat.status"
    " FROM reservations AS reservation FORCE INDEX (uk_live_seat)"
    " LEFT JOIN seats AS seat FORCE INDEX (PRIMARY) ON seat.seat_id = reservation.live_seat_id"
    f" WHERE reservation.live_seat_id > %s AND reservation.live_seat_id <= %s AND NOT ({_TAKEN} <=> TRUE)"
)
_HOLDS = (
    "SELECT hold_id, MIN(event_id), COUNT(hold_position), COALESCE(MAX(hold_position), 0) + 1"
    " FROM reservations AS reservation FORCE INDEX (uk_hold_position) WHERE hold_id > %s AND hold_id <= %s"
)


class Range(NamedTuple):
    """Seats that an event may have: those after the first number, up to the second.

    Attributes:
        event_id: The event; None for all.
        after: The number before its first seat.
        last: The number of its last seat.
    """

    event_id: int | None
    after: int
    last: int

    def only(self, table: str) -> tuple[str, tuple[int, ...]]:
        """Return SQL that leaves other events out, and its parameters."""
        return ("", ()) if self.event_id is None else (f" AND {table}.event_id = %s", (self.event_id,))


def seat_range(cursor: Cursor, event_id: int | None) -> tuple[Range, int]:
    """Return where seats and live reservations of an event, or of all, can be, and how many seats there are."""
    where, values = ("", ()) if event_id is None else (" WHERE event_id = %s", (event_id,))
    first, last, count = row(cursor, f"SELECT MIN(seat_id), MAX(seat_id), COUNT(*) FROM seats{where}", *values)
    first_live, last_live = row(
        cursor, f"SELECT MIN(live_seat_id), MAX(live_seat_id) FROM reservations{where}", *values
    )
    ends = [int(end) for end in (first, last, first_live, last_live) if end is not None]
    return Range(event_id, min(ends, default=1) - 1, max(ends, default=0)), int(count)


def differences_of_tables(cursor: Cursor, within: Range) -> Iterator[tuple[Kind, Example]]:
    """Yield what differs; the cursor is in a snapshot."""
    yield from _differences_of_seats(cursor, within)
    yield from _reservations_without_seat(cursor, within)
    yield from _incomplete_holds(cursor, within)


def _differences_of_seats(cursor: Cursor, within: Range) -> Iterator[tuple[Kind, Example]]:
    only, values = within.only("seat")
    for after, last in _BY_SEAT.steps(cursor, within.after, within.last):
        for seat_id, event_id, status, own, reservation, other, state, words in rows(
            cursor, f"{_SEATS}{only} ORDER BY seat.seat_id", after, last, *values
        ):
            seat_is = f"the seat is {known(status)}{_of_hold(own)}"
            if reservation is None:
                kind, says = Kind.NO_RESERVATION, f"{seat_is}; there is no live reservation"
            elif text(own) != text(other):
                kind = Kind.OTHER_RESERVATION
                says = f"{seat_is}; reservation {reservation} is {known(state)}{_of_hold(other)}"
            else:
                kind = Kind.UNEQUAL
                says = f"{seat_is}; reservation {reservation} is {known(state)}; not the same: {known(words)}"
            yield kind, Example(int(event_id), int(seat_id), text(own), says)


def _reservations_without_seat(cursor: Cursor, within: Range) -> Iterator[tuple[Kind, Example]]:
    only, values = within.only("reservation")
    for after, last in _BY_LIVE_SEAT.steps(cursor, within.after, within.last):
        for seat_id, event_id, hold_id, state, status in rows(
            cursor, f"{_RESERVATIONS}{only} ORDER BY reservation.live_seat_id", after, last, *values
        ):
            seat_is = "there is no such seat" if status is None else f"the seat is {known(status)}"
            says = f"{seat_is}; a reservation is {known(state)}{_of_hold(hold_id)}"
            yield Kind.NO_TAKEN_SEAT, Example(int(event_id), int(seat_id), text(hold_id), says)


def _incomplete_holds(cursor: Cursor, within: Range) -> Iterator[tuple[Kind, Example]]:
    only, values = within.only("reservation")
    groups = "GROUP BY hold_id HAVING COUNT(hold_position) <> COALESCE(MAX(hold_position), 0) + 1 ORDER BY hold_id"
    (last,) = row(cursor, "SELECT MAX(hold_id) FROM reservations")
    for after, end in _BY_HOLD.steps(cursor, "", known(last)):
        for hold_id, event_id, count, wanted in rows(cursor, f"{_HOLDS}{only} {groups}", after, end, *values):
            says = f"of {wanted} reservations {count} are there"
            yield Kind.INCOMPLETE, Example(int(event_id), None, text(hold_id), says)


def _number(value: object) -> int:
    return int(value)  # type: ignore[call-overload, no-any-return]  # as the column says


@dataclass(frozen=True, slots=True)
class _Walk(Generic[_Key]):
    """A way along an index.

    Attributes:
        table: Of which table.
        column: The column that it orders.
        index: It.
        read: Reads a value of the column as the driver hands it out.
    """

    table: str
    column: str
    index: str
    read: Callable[[object], _Key]

    def steps(self, cursor: Cursor, after: _Key, last: _Key) -> Iterator[tuple[_Key, _Key]]:
        """Yield ranges of the column, each with about a page of rows: from after one value up to another."""
        statement = (
            f"SELECT {self.column} FROM {self.table} FORCE INDEX ({self.index}) WHERE {self.column} > %s"
            f" ORDER BY {self.column} LIMIT 1 OFFSET {PAGE - 1}"
        )
        while after < last:
            found = rows(cursor, statement, after)
            end = min(self.read(found[0][0]), last) if found else last
            yield after, end
            after = end


_BY_SEAT = _Walk("seats", "seat_id", "PRIMARY", _number)
_BY_LIVE_SEAT = _Walk("reservations", "live_seat_id", "uk_live_seat", _number)
_BY_HOLD = _Walk("reservations", "hold_id", "uk_hold_position", known)


def _of_hold(hold_id: object) -> str:
    return f" of hold {text(hold_id)}" if hold_id is not None else " of no hold"
