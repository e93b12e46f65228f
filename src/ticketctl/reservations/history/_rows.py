"""The rows that a history is made of, and how they are read: by one statement, so all of them are of one moment."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ticketctl.reservations._moments import as_kept, as_number

_BATCH = 10_000
_CHANGE, _SEAT, _RESERVATION = range(3)
# One statement and not three: it reads one snapshot under READ COMMITTED and without a transaction as well. Whoever
# reads the audit first and the seats after it sees changes that are in one and not in the other.
_SELECTS = (
    f"SELECT {_CHANGE} AS source, audit_id AS number, seat_id, event_id, seat_version AS version, old_status,"
    " new_status AS status, reason, changed_by, hold_id, user_id,"
    f" {as_number('reserved_until')} AS until, booking_id, {as_kept('created_at')} AS moment FROM seat_audit",
    f"SELECT {_SEAT}, NULL, seat_id, event_id, version, NULL, status, NULL, NULL, hold_id, reserved_by,"
    f" {as_number('reserved_until')}, booking_id, NULL FROM seats",
    f"SELECT {_RESERVATION}, reservation_id, seat_id, event_id, CAST(hold_position AS SIGNED), NULL, status, NULL,"
    f" NULL, hold_id, user_id, {as_number('expires_at')}, booking_id, {as_number('hold_deadline')} FROM reservations",
)


class Change(NamedTuple):
    """A row of `seat_audit`: one change of one seat.

    Moments are whole microseconds since 1970, UTC.

    Attributes:
        audit_id: Its number. Numbers are not in the order of commits.
        seat_id: The seat.
        event_id: Its event.
        version: The seat's version after the change.
        old_status: Its status before; None if the change made the seat.
        new_status: Its status after; None if the change removed the seat.
        reason: The word for it.
        changed_by: Who did it.
        hold_id: The hold that it belongs to.
        user_id: Whose the seat is after it.
        reserved_until: Until when, after it, as a moment.
        booking_id: The booking that it belongs to.
        at: The moment at which the statement that wrote the row began.
    """

    audit_id: int
    seat_id: int
    event_id: int
    version: int
    old_status: str | None
    new_status: str | None
    reason: str | None
    changed_by: str | None
    hold_id: str | None
    user_id: str | None
    reserved_until: int | None
    booking_id: int | None
    at: int


class SeatRow(NamedTuple):
    """A row of `seats`.

    Attributes:
        seat_id: The seat.
        event_id: Its event.
        status: Its status.
        version: Its version.
        hold_id: The hold that has it.
        user_id: Whose it is: `reserved_by`.
        reserved_until: Until when, as a moment.
        booking_id: The booking.
    """

    seat_id: int
    event_id: int
    status: str | None
    version: int | None
    hold_id: str | None = None
    user_id: str | None = None
    reserved_until: int | None = None
    booking_id: int | None = None


class ReservationRow(NamedTuple):
    """A row of `reservations`: one seat of a hold.

    Attributes:
        reservation_id: Its number.
        seat_id: The seat.
        event_id: The event.
        status: `ACTIVE`, `CONFIRMED`, `EXPIRED` or `CANCELLED`.
        hold_id: The hold.
        position: The seat's place in the hold, from 0.
        user_id: Whose it is.
        expires_at: Until when, as a moment.
        deadline: Until when at most, as a moment.
        booking_id: The booking.
    """

    reservation_id: int
    seat_id: int
    event_id: int
    status: str | None
    hold_id: str | None
    position: int | None
    user_id: str
    expires_at: int
    deadline: int | None = None
    booking_id: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All that is written of some seats, at one moment.

    Attributes:
        changes: What happened to them, in any order.
        seats: How they are.
        reservations: Their reservations, the ended ones as well.
    """

    changes: Sequence[Change]
    seats: Sequence[SeatRow]
    reservations: Sequence[ReservationRow]


class Cursor(Protocol):
    """What is needed of a DB-API cursor whose placeholders are `%s`: PyMySQL, mysqlclient, MySQL Connector."""

    def execute(self, query: str, args: Any, /) -> object:  # noqa: ANN401 - drivers do not agree on its type
        """Send a statement."""
        ...

    def fetchmany(self, size: int, /) -> Sequence[Any]:
        """Return the next rows of the last statement, none after the last one."""
        ...


class AsyncCursor(Protocol):
    """The same of a cursor whose methods are awaited: asyncmy, aiomysql, MySQL Connector's asyncio half."""

    def execute(self, query: str, args: Any, /) -> Awaitable[object]:  # noqa: ANN401 - drivers do not agree on its type
        """Send a statement."""
        ...

    def fetchmany(self, size: int, /) -> Awaitable[Sequence[Any]]:
        """Return the next rows of the last statement, none after the last one."""
        ...


def read(cursor: Cursor, event_id: int | None = None) -> History:
    """Read what is written of the seats of an event.

    Everything comes from one statement, so it is of one moment: that of the statement, or of the caller's transaction
    where that is REPEATABLE READ and has read before. It locks nothing and is not held up by those who write, unless
    the transaction is SERIALIZABLE. READ UNCOMMITTED would see what is never committed.

    Args:
        cursor: A cursor that gives tuples or mappings. Those that drivers call unbuffered keep half of the memory free.
        event_id: The event; None is all of them.
    """
    cursor.execute(*_question(event_id))
    reading = _Reading()
    while rows := cursor.fetchmany(_BATCH):
        reading.add(rows)
    return reading.history()


async def aread(cursor: AsyncCursor, event_id: int | None = None) -> History:
    """Do what `read` does, with a cursor whose methods are awaited."""
    await cursor.execute(*_question(event_id))
    reading = _Reading()
    while rows := await cursor.fetchmany(_BATCH):
        reading.add(rows)
    return reading.history()


def _question(event_id: int | None) -> tuple[str, tuple[int, ...]]:
    if event_id is None:
        return " UNION ALL ".join(_SELECTS), ()
    return " UNION ALL ".join(f"{select} WHERE event_id = %s" for select in _SELECTS), (event_id,) * len(_SELECTS)


class _Reading:
    """Rows on their way into a history."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._seats: list[SeatRow] = []
        self._reservations: list[ReservationRow] = []

    def history(self) -> History:
        return History(self._changes, self._seats, self._reservations)

    def add(self, rows: Iterable[Any]) -> None:
        for row in rows:
            values = tuple(row.values()) if isinstance(row, Mapping) else row
            source, number, seat, event, version, *words, until, booking, moment = values
            old, status, reason, actor, hold, user = map(_word, words)
            if source == _CHANGE:
                self._changes.append(
                    Change(
                        *(number, seat, event, version, old, status, reason, actor),
                        *(hold, user, until, booking, moment),
                    )
                )
            elif source == _SEAT:
                self._seats.append(SeatRow(seat, event, status, version, hold, user, until, booking))
            else:
                self._reservations.append(
                    ReservationRow(
                        *(number, seat, event, status, hold, version),
                        *(user or "", until, moment, booking),
                    )
                )


def _word(value: object) -> str | None:
    """Return a text, one object for all that are equal: rows repeat a few words, and each hold."""
    if value is None:
        return None
    # Some drivers give bytes for texts that are compared byte by byte.
    return sys.intern(value if type(value) is str else bytes(value).decode())  # type: ignore[call-overload]
