"""A hold as a whole: its seats and its reservations, locked and changed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ticketctl.errors import HoldNotFoundError
from ticketctl.reservations._filter import Filter
from ticketctl.reservations._granting import Locked, lock
from ticketctl.reservations._model import Hold
from ticketctl.reservations._moments import as_text
from ticketctl.reservations._records import Record, lock_hold, read_hold
from ticketctl.reservations._statements import News, SeatRow, insert_audit, insert_news, marks
from ticketctl.reservations._steps import Commands, Statement, Steps
from ticketctl.reservations._writing import Move, move


class Whole(NamedTuple):
    """A hold, its reservations and its seats locked.

    Attributes:
        record: Its reservations.
        locked: Its seats.
    """

    record: Record
    locked: Locked

    @property
    def seats(self) -> tuple[SeatRow, ...]:
        """Its seats as they are, whoever has them now."""
        return tuple(self.locked.rows[seat_id] for seat_id in self.record.seat_ids if seat_id in self.locked.rows)

    @property
    def lost(self) -> tuple[int, ...]:
        """Those of its seats that it has not any more."""
        own = {row.seat_id for row in self.seats if row.hold_id == self.record.hold_id}
        return tuple(seat_id for seat_id in self.record.seat_ids if seat_id not in own)

    @property
    def status(self) -> str:
        """What it is by the database's clock."""
        return self.record.status

    @property
    def user_id(self) -> str:
        """Whose it is."""
        return self.record.rows[0].user_id

    @property
    def until(self) -> int:
        """When it ends, as a moment."""
        return self.record.rows[0].until


class Write(NamedTuple):
    """A change of a whole hold.

    Attributes:
        reason: What it is called in the audit.
        actor: Who does it.
        seat: The new status of its seats.
        reservation: The new status of its reservations.
        only: In which states the seats may be: a key of `STATES`.
        user_id: Whose it is afterwards; None if it has no hold any more.
        until: When it ends, as a moment; None if it does not.
        booking_id: The booking.
        keep: Whether the seats stay with the hold.
    """

    reason: str
    actor: str
    seat: str
    reservation: str
    only: str
    user_id: str | None = None
    until: int | None = None
    booking_id: int | None = None
    keep: bool = True

    def name(self, row: SeatRow, hold_id: str) -> str:
        """Return what the audit calls the change of a seat: one that the hold had lost is claimed again."""
        return "reclaimed" if self.reason == "confirmed" and row.hold_id != hold_id else self.reason


def find(hold_id: str) -> Steps[Record]:
    """Read a hold that must be there, and lock nothing.

    Raises:
        HoldNotFoundError: There is none.
    """
    record = yield from read_hold(hold_id)
    if record is None:
        raise HoldNotFoundError(hold_id)
    return record


def lock_whole(hold_id: str) -> Steps[Whole]:
    """Lock a hold: its seats first, in the order in which everybody locks them.

    Raises:
        HoldNotFoundError: There is none.
    """
    record = yield from find(hold_id)
    locked = yield from lock(record.seat_ids, skip=False)
    return Whole((yield from lock_hold(record)), locked)


def write_whole(whole: Whole, write: Write, news: str) -> Steps[Hold]:
    """Change the seats and the reservations of a hold, and tell of it.

    Raises:
        Again: A row was not as it had been read.
    """
    hold_id = whole.record.hold_id
    moves = [
        Move(
            *(row, write.seat, write.name(row, hold_id), write.actor, hold_id),
            *(write.user_id, write.until, write.booking_id, write.keep),
        )
        for row in whole.seats
    ]
    expired = yield from move(moves, only=write.only)
    yield _write_reservations(whole.record, write)
    yield insert_audit([change for seat_move in moves for change in seat_move.changes()])
    first = whole.record.rows[0]
    yield insert_news([*expired, News(first.event_id, news, _payload(hold_id, write, whole.record.seat_ids))])
    rows = tuple(
        row._replace(
            status=write.reservation,
            user_id=write.user_id or row.user_id,
            until=write.until or row.until,
            booking_id=row.booking_id if write.booking_id is None else write.booking_id,
        )
        for row in whole.record.rows
    )
    return whole.record._replace(rows=rows).hold()


def give_back(whole: Whole, write: Write, news: str, front: Filter) -> Steps[Hold]:
    """Free the seats of a hold; the filter's entries become short before, in case nobody is left to remove them."""
    first = whole.record.rows[0]
    yield Commands((front.leave(first.event_id, whole.record.seat_ids, whole.record.hold_id),))
    return (yield from write_whole(whole, write, news))


def _write_reservations(record: Record, write: Write) -> Statement:
    """Return the change of a hold's reservations; they are locked, and were read under that lock."""
    ids = [row.reservation_id for row in record.rows]
    sets, values = ["status = %s"], [write.reservation]
    if write.user_id is not None:
        sets.append("user_id = %s")
        values.append(write.user_id)
    if write.until is not None:
        sets.append("expires_at = %s")
        values.append(as_text(write.until))
    if write.keep:
        sets.append("booking_id = %s")
    return Statement(
        f"UPDATE reservations FORCE INDEX (PRIMARY) SET {', '.join(sets)} WHERE reservation_id IN ({marks(len(ids))})",
        (*values, *((write.booking_id,) if write.keep else ()), *ids),
    )


def _payload(hold_id: str, write: Write, seat_ids: Sequence[int]) -> dict[str, object]:
    facts: dict[str, object] = {"hold_id": hold_id, "user_id": write.user_id, "seat_ids": list(seat_ids)}
    if write.until is not None:
        facts["until"] = as_text(write.until)
    if write.booking_id is not None:
        facts["booking_id"] = write.booking_id
    return facts
