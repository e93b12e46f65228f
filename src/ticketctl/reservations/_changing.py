"""What happens to a hold after it was made: extended, given back, booked, handed to another user, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ticketctl.errors import HoldConflictError, HoldExpiredError, HoldNotFoundError, ReservationError
from ticketctl.reservations._filter import Filter
from ticketctl.reservations._granting import Locked, lock
from ticketctl.reservations._limits import Counted, count
from ticketctl.reservations._model import Hold, Limits
from ticketctl.reservations._moments import as_text
from ticketctl.reservations._records import Record, lock_hold, read_hold
from ticketctl.reservations._statements import ROLLBACK, News, SeatRow, insert_audit, insert_news, marks
from ticketctl.reservations._steps import Again, Commands, Statement, Steps
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


class Extension:
    """How long a hold shall last. A second try wants the same end as the first, which may have been committed.

    Args:
        ttl: Microseconds from the first try on.
    """

    def __init__(self, ttl: int) -> None:
        self._ttl = ttl
        self._until: int | None = None

    def until(self, now: int) -> int:
        """Return the end, as a moment."""
        if self._until is None:
            self._until = now + self._ttl
        return self._until


def extend(hold_id: str, wanted: Extension, actor: str | None) -> Steps[Hold]:
    """Let a hold end later, but not after its deadline; never earlier."""
    whole = yield from _whole(hold_id)
    if whole.status == "CONFIRMED":
        raise HoldConflictError(f"the hold '{hold_id}' is confirmed: it does not end", hold_id=hold_id)
    if whole.status != "ACTIVE" or whole.lost:
        raise HoldExpiredError(hold_id, seat_ids=whole.lost)
    deadline = whole.record.rows[0].deadline
    until = max(whole.until, min(wanted.until(whole.locked.now), whole.until if deadline is None else deadline))
    if until == whole.until:
        return whole.record.hold()
    write = Write("extended", actor or whole.user_id, "RESERVED", "ACTIVE", "reserved", whole.user_id, until)
    return (yield from _write(whole, write, "seats.extended"))


def release(hold_id: str, actor: str | None, front: Filter) -> Steps[tuple[Hold, bool]]:
    """Give a hold's seats back; False if they were not the hold's any more."""
    whole = yield from _whole(hold_id)
    if whole.status == "CONFIRMED":
        raise HoldConflictError(
            f"the hold '{hold_id}' is confirmed",
            hold_id=hold_id,
            next_step="`cancel` gives the seats of a booking back",
        )
    if whole.status != "ACTIVE" or whole.lost:
        return whole.record.hold(), whole.status == "CANCELLED"
    write = Write("released", actor or whole.user_id, "AVAILABLE", "CANCELLED", "reserved", keep=False)
    return (yield from _given_back(whole, write, "seats.released", front)), True


def cancel(hold_id: str, actor: str | None, front: Filter) -> Steps[Hold]:
    """Give the seats of a booking back."""
    whole = yield from _whole(hold_id)
    if whole.status == "CANCELLED":
        return whole.record.hold()
    if whole.status != "CONFIRMED":
        raise HoldConflictError(
            f"the hold '{hold_id}' is not confirmed", hold_id=hold_id, next_step="`release` gives a hold back"
        )
    booking_id = whole.record.rows[0].booking_id
    write = Write(
        "cancelled", actor or whole.user_id, "AVAILABLE", "CANCELLED", "booked", booking_id=booking_id, keep=False
    )
    return (yield from _given_back(whole, write, "seats.cancelled", front))


def confirm(hold_id: str, booking_id: int, actor: str | None, limits: Limits) -> Steps[Hold]:
    """Book the seats of a hold; of one that is over, if nobody else has taken them and no limit forbids it."""
    counted, owner = Counted(limits), None
    record = yield from _found(hold_id)
    if limits.counted and record.status == "EXPIRED":
        # The guard is locked before the snapshot that is counted in begins; that of this first look is older.
        owner = (record.rows[0].event_id, record.rows[0].user_id)
        yield ROLLBACK
        counted = yield from count(limits, [owner])
    whole = yield from _whole(hold_id)
    if whole.status == "CONFIRMED":
        return _confirmed_before(whole, booking_id)
    if whole.status == "CANCELLED":
        raise HoldConflictError(
            f"the hold '{hold_id}' was given back", hold_id=hold_id, next_step="give the money back if it was paid"
        )
    if whole.status == "EXPIRED":
        if limits.counted and owner is None:  # it has just run out, uncounted
            raise Again
        _check_reclaim(whole, counted, owner)
    elif whole.lost:
        raise HoldExpiredError(hold_id, seat_ids=whole.lost)
    write = Write(
        *("confirmed", actor or whole.user_id, "BOOKED", "CONFIRMED", "free or reserved"),
        user_id=whole.user_id,
        booking_id=booking_id,
    )
    return (yield from _write(whole, write, "seats.confirmed"))


def transfer(hold_id: str, user_id: str, actor: str | None, limits: Limits) -> Steps[Hold]:
    """Hand a hold, or a booking, to another user; the seats stay as they are."""
    counted = Counted(limits)
    if limits.counted:
        record = yield from _found(hold_id)
        yield ROLLBACK
        counted = yield from count(limits, [(record.rows[0].event_id, user_id)])
    whole = yield from _whole(hold_id)
    if whole.status not in ("ACTIVE", "CONFIRMED") or whole.lost:
        raise HoldExpiredError(hold_id, seat_ids=whole.lost)
    if whole.user_id == user_id:
        return whole.record.hold()
    booked = whole.status == "CONFIRMED"
    event_id = whole.record.rows[0].event_id
    counted.events.clear()  # the event has no more seats taken than before
    if refusal := counted.refusal((event_id, user_id), len(whole.seats), hold=not booked):
        raise refusal
    first = whole.record.rows[0]
    seat, only = ("BOOKED", "booked") if booked else ("RESERVED", "reserved")
    write = Write(
        *("transferred", actor or whole.user_id, seat, whole.status, only, user_id),
        until=None if booked else whole.until,
        booking_id=first.booking_id,
    )
    return (yield from _write(whole, write, "seats.transferred"))


def _check_reclaim(whole: Whole, counted: Counted, owner: tuple[int, str] | None) -> None:
    """Refuse to book what the hold has not any more.

    Raises:
        HoldExpiredError: Others have some of its seats, or its user has as many as allowed.
    """
    hold_id = whole.record.hold_id
    gone = [row.seat_id for row in whole.seats if not row.free and row.hold_id != hold_id]
    if gone:
        raise HoldExpiredError(hold_id, seat_ids=gone, why="others have some of its seats")
    if owner is not None:
        refusal: ReservationError | None = counted.refusal(owner, len(whole.seats), hold=False)
        if refusal is not None:
            raise HoldExpiredError(hold_id, why=f"its seats are free, but {refusal.what}")


def _confirmed_before(whole: Whole, booking_id: int) -> Hold:
    if whole.record.rows[0].booking_id != booking_id:
        raise HoldConflictError(
            f"the hold '{whole.record.hold_id}' is confirmed for another booking",
            hold_id=whole.record.hold_id,
            why=f"its booking is {whole.record.rows[0].booking_id}, not {booking_id}",
        )
    return whole.record.hold()


def _found(hold_id: str) -> Steps[Record]:
    record = yield from read_hold(hold_id)
    if record is None:
        raise HoldNotFoundError(hold_id)
    return record


def _whole(hold_id: str) -> Steps[Whole]:
    """Lock a hold: its seats first, in the order in which everybody locks them."""
    record = yield from _found(hold_id)
    locked = yield from lock(record.seat_ids, skip=False)
    return Whole((yield from lock_hold(record)), locked)


def _write(whole: Whole, write: Write, news: str) -> Steps[Hold]:
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


def _given_back(whole: Whole, write: Write, news: str, front: Filter) -> Steps[Hold]:
    """Free the seats of a hold; the filter's entries become short before, in case nobody is left to remove them."""
    first = whole.record.rows[0]
    yield Commands((front.leave(first.event_id, whole.record.seat_ids, whole.record.hold_id),))
    return (yield from _write(whole, write, news))


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
