"""What happens to a hold after it was made: extended, given back, booked, handed to another user, cancelled."""

from __future__ import annotations

from ticketctl.errors import HoldConflictError, HoldExpiredError, ReservationError
from ticketctl.reservations._filter import Filter
from ticketctl.reservations._limits import Counted, count
from ticketctl.reservations._model import Hold, Limits
from ticketctl.reservations._statements import ROLLBACK
from ticketctl.reservations._steps import Again, Steps
from ticketctl.reservations._whole import Whole, Write, find, give_back, lock_whole, write_whole


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
    whole = yield from lock_whole(hold_id)
    if whole.status == "CONFIRMED":
        raise HoldConflictError(f"the hold '{hold_id}' is confirmed: it does not end", hold_id=hold_id)
    if whole.status != "ACTIVE" or whole.lost:
        raise HoldExpiredError(hold_id, seat_ids=whole.lost)
    deadline = whole.record.rows[0].deadline
    until = max(whole.until, min(wanted.until(whole.locked.now), whole.until if deadline is None else deadline))
    if until == whole.until:
        return whole.record.hold()
    write = Write("extended", actor or whole.user_id, "RESERVED", "ACTIVE", "reserved", whole.user_id, until)
    return (yield from write_whole(whole, write, "seats.extended"))


def release(hold_id: str, actor: str | None, front: Filter) -> Steps[tuple[Hold, bool]]:
    """Give a hold's seats back; False if they were not the hold's any more."""
    whole = yield from lock_whole(hold_id)
    if whole.status == "CONFIRMED":
        raise HoldConflictError(
            f"the hold '{hold_id}' is confirmed",
            hold_id=hold_id,
            next_step="`cancel` gives the seats of a booking back",
        )
    if whole.status != "ACTIVE" or whole.lost:
        return whole.record.hold(), whole.status == "CANCELLED"
    write = Write("released", actor or whole.user_id, "AVAILABLE", "CANCELLED", "reserved", keep=False)
    return (yield from give_back(whole, write, "seats.released", front)), True


def cancel(hold_id: str, actor: str | None, front: Filter) -> Steps[Hold]:
    """Give the seats of a booking back."""
    whole = yield from lock_whole(hold_id)
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
    return (yield from give_back(whole, write, "seats.cancelled", front))


def confirm(hold_id: str, booking_id: int, actor: str | None, limits: Limits) -> Steps[Hold]:
    """Book the seats of a hold; of one that is over, if nobody else has taken them and no limit forbids it."""
    counted, owner = Counted(limits), None
    record = yield from find(hold_id)
    if limits.counted and record.status == "EXPIRED":
        # The guard is locked before the snapshot that is counted in begins; that of this first look is older.
        owner = (record.rows[0].event_id, record.rows[0].user_id)
        yield ROLLBACK
        counted = yield from count(limits, [owner])
    whole = yield from lock_whole(hold_id)
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
    return (yield from write_whole(whole, write, "seats.confirmed"))


def transfer(hold_id: str, user_id: str, actor: str | None, limits: Limits) -> Steps[Hold]:
    """Hand a hold, or a booking, to another user; the seats stay as they are."""
    counted = Counted(limits)
    if limits.counted:
        record = yield from find(hold_id)
        yield ROLLBACK
        counted = yield from count(limits, [(record.rows[0].event_id, user_id)])
    whole = yield from lock_whole(hold_id)
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
    return (yield from write_whole(whole, write, "seats.transferred"))


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
