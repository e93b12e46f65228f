"""The bookings database: who bought what, and every movement of money.

Each change can be made again: it finds what an earlier try, or another process, has left, and returns that.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from asyncmy.errors import IntegrityError

from booking_service.connection import Cursor
from booking_service.database import Database, is_duplicate
from booking_service.payments import CURRENCY, NAME
from ticketctl.reservations import Hold, Seat

Status = Literal["PENDING", "CONFIRMED", "CANCELLED", "FAILED"]
Moved = Literal["PENDING", "SUCCESS", "FAILED"]
Kind = Literal["CHARGE", "REFUND"]

_KEY = "hold:{}"
_KEPT = 30  # days for which a repeated request finds its booking
_UNMISTAKABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # letters and digits that are not taken for others
_BOOKING = (
    "SELECT booking_id, event_id, user_id, total_amount, status, booking_reference"
    " FROM idempotency_keys JOIN bookings USING (booking_id) WHERE idempotency_key = %s"
)
_MOVEMENT = "SELECT transaction_id, idempotency_key, status, provider_reference FROM payment_transactions"
_LAST = f"{_MOVEMENT} WHERE booking_id = %s AND transaction_type = %s ORDER BY transaction_id DESC LIMIT 1"
_ABANDONED = (
    "UPDATE payment_transactions SET status = 'FAILED', failure_code = 'abandoned'"
    " WHERE booking_id = %s AND transaction_type = 'CHARGE' AND status = 'PENDING'"
)
# Few bookings are on their way at a time, so it does not matter that keys are found by their booking without an index.
_UNFINISHED = (
    "SELECT SUBSTR(idempotency_key, 6) FROM idempotency_keys WHERE booking_id IN ("
    "SELECT booking_id FROM bookings WHERE status = 'PENDING' AND created_at < CURRENT_TIMESTAMP - INTERVAL %s SECOND"
    " UNION SELECT booking_id FROM payment_transactions"
    " WHERE status = 'PENDING' AND created_at < CURRENT_TIMESTAMP - INTERVAL %s SECOND)"
)


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking.

    Attributes:
        booking_id: Its id.
        hold_id: The hold whose seats are booked.
        event_id: The event.
        user_id: Whose it is.
        amount: What it costs.
        status: What it is.
        reference: What its owner knows it by.
        seat_ids: Its seats.
    """

    booking_id: int
    hold_id: str
    event_id: int
    user_id: str
    amount: Decimal
    status: Status
    reference: str
    seat_ids: tuple[int, ...]


class Movement(NamedTuple):
    """A charge or a refund.

    Attributes:
        transaction_id: Its id.
        key: What the provider knows it by.
        status: What came of it.
        reference: What the provider calls it, once it has answered.
    """

    transaction_id: int
    key: str
    status: Moved
    reference: str | None


class Bookings:
    """Reads and changes bookings.

    Args:
        database: The bookings database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_hold(self, hold_id: str) -> Booking | None:
        """Return the booking of a hold."""
        return await self._database.run(lambda cursor: _find(cursor, hold_id), "reading a booking")

    async def open(self, hold: Hold, seats: Sequence[Seat]) -> Booking:
        """Return the booking of a hold, and make it if there is none."""

        async def work(cursor: Cursor) -> Booking:
            found = await _find(cursor, hold.hold_id)
            return found or await _made(cursor, hold, seats)

        try:
            return await self._database.run(work, "making a booking")
        except _MadeMeanwhileError:
            return await self._database.run(work, "making a booking")

    async def charge(self, booking: Booking) -> Movement | None:
        """Return the charge that is to be made now: the last one, or a new one if that was declined.

        Returns:
            None if the booking has come to an end.
        """

        async def work(cursor: Cursor) -> Movement | None:
            if await _locked(cursor, booking) != "PENDING":
                return None
            last = await _last(cursor, booking, "CHARGE")
            if last is not None and last.status != "FAILED":
                return last
            number = 1 if last is None else int(last.key.rpartition(":")[2]) + 1
            return await _begun(cursor, booking, f"{booking.hold_id}:charge:{number}")

        return await self._database.run(work, "beginning a charge")

    async def last(self, booking: Booking, kind: Kind) -> Movement | None:
        """Return the last charge or refund of a booking."""
        return await self._database.run(lambda cursor: _last(cursor, booking, kind), "reading a payment")

    async def moved(self, booking: Booking, movement: Movement, reference: str) -> None:
        """Write down that money has moved; what the provider says counts, whatever was thought of it before."""

        async def work(cursor: Cursor) -> None:
            status = await _locked(cursor, booking)
            await cursor.execute(
                "UPDATE payment_transactions"
                " SET status = 'SUCCESS', provider_reference = %s, failure_code = NULL, failure_message = NULL"
                " WHERE transaction_id = %s AND status <> 'SUCCESS'",
                (reference, movement.transaction_id),
            )
            await cursor.execute(
                "UPDATE bookings SET payment_status = 'SUCCESS', payment_id = COALESCE(payment_id, %s)"
                " WHERE booking_id = %s",
                (reference, booking.booking_id),
            )
            if status == "CANCELLED":
                await _refund_begun(cursor, booking)

        await self._database.run(work, "writing a payment down")

    async def declined(self, booking: Booking, charge: Movement, reason: str, what: str) -> None:
        """Write down that no money was taken."""

        async def work(cursor: Cursor) -> None:
            await _locked(cursor, booking)
            await cursor.execute(
                "UPDATE payment_transactions SET status = 'FAILED', failure_code = %s, failure_message = %s"
                " WHERE transaction_id = %s AND status = 'PENDING'",
                (reason[:50], what[:255], charge.transaction_id),
            )
            await cursor.execute(
                "UPDATE bookings SET payment_status = 'FAILED' WHERE booking_id = %s AND payment_status = 'PENDING'",
                (booking.booking_id,),
            )

        await self._database.run(work, "writing down that a card was declined")

    async def settle(self, booking: Booking, status: Status) -> Booking:
        """Bring a booking to an end, unless it has come to one; return it as it is.

        Whoever is first decides: nobody confirms what another one has cancelled, or the other way round. With
        the end of one that is cancelled, its refund begins, and no charge is under way any more.
        """

        async def work(cursor: Cursor) -> Booking:
            now = await _locked(cursor, booking)
            if now == "PENDING":
                await cursor.execute(
                    "UPDATE bookings SET status = %s, confirmed_at = IF(%s = 'CONFIRMED', CURRENT_TIMESTAMP, NULL)"
                    " WHERE booking_id = %s",
                    (status, status, booking.booking_id),
                )
                now = status
            if now == "CANCELLED":
                await cursor.execute(_ABANDONED, (booking.booking_id,))
                await _refund_begun(cursor, booking)
            return replace(booking, status=now)

        return await self._database.run(work, "bringing a booking to its end")

    async def unfinished(self, seconds: float) -> list[str]:
        """Return holds whose payment was begun so many seconds ago and has not come to an end."""

        async def work(cursor: Cursor) -> list[str]:
            await cursor.execute(_UNFINISHED, (seconds, seconds))
            return [str(hold_id) for (hold_id,) in await cursor.fetchall()]

        return await self._database.run(work, "looking for unfinished bookings")


class _MadeMeanwhileError(Exception):
    """The booking is there, made by another process after this one had looked."""


async def _find(cursor: Cursor, hold_id: str) -> Booking | None:
    await cursor.execute(_BOOKING, (_KEY.format(hold_id),))
    for booking_id, event_id, user_id, amount, status, reference in await cursor.fetchall():
        await cursor.execute("SELECT seat_id FROM booking_seats WHERE booking_id = %s ORDER BY seat_id", (booking_id,))
        seat_ids = tuple(int(seat_id) for (seat_id,) in await cursor.fetchall())
        return Booking(booking_id, hold_id, event_id, user_id, amount, status, reference, seat_ids)
    return None


async def _made(cursor: Cursor, hold: Hold, seats: Sequence[Seat]) -> Booking:
    amount = sum((seat.price for seat in seats), Decimal(0))
    reference = "".join(secrets.choice(_UNMISTAKABLE) for _ in range(10))
    await cursor.execute(
        "INSERT INTO bookings (event_id, user_id, total_amount, booking_reference) VALUES (%s, %s, %s, %s)",
        (hold.event_id, hold.user_id, amount, reference),
    )
    booking_id = cursor.lastrowid
    try:
        await cursor.execute(
            "INSERT INTO idempotency_keys (idempotency_key, booking_id, expires_at)"
            " VALUES (%s, %s, CURRENT_TIMESTAMP + INTERVAL %s DAY)",
            (_KEY.format(hold.hold_id), booking_id, _KEPT),
        )
    except IntegrityError as error:
        if is_duplicate(error):
            raise _MadeMeanwhileError from error
        raise
    for seat in seats:
        await cursor.execute(
            "INSERT INTO booking_seats (booking_id, seat_id, price) VALUES (%s, %s, %s)",
            (booking_id, seat.seat_id, seat.price),
        )
    seat_ids = tuple(seat.seat_id for seat in seats)
    return Booking(booking_id, hold.hold_id, hold.event_id, hold.user_id, amount, "PENDING", reference, seat_ids)


async def _locked(cursor: Cursor, booking: Booking) -> Status:
    """Lock a booking, before anything that belongs to it, and return what it is now."""
    await cursor.execute("SELECT status FROM bookings WHERE booking_id = %s FOR UPDATE", (booking.booking_id,))
    status: Status = (await cursor.fetchall())[0][0]
    return status


async def _begun(cursor: Cursor, booking: Booking, key: str, refunded: Movement | None = None) -> Movement:
    await cursor.execute(
        "INSERT INTO payment_transactions (booking_id, transaction_type, refunded_transaction_id, amount, currency,"
        " provider, idempotency_key) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            booking.booking_id,
            "REFUND" if refunded else "CHARGE",
            refunded.transaction_id if refunded else None,
            booking.amount,
            CURRENCY,
            NAME,
            key,
        ),
    )
    return Movement(cursor.lastrowid, key, "PENDING", None)


async def _refund_begun(cursor: Cursor, booking: Booking) -> None:
    """Begin the refund of a locked booking, if money was taken for it and none is on its way back."""
    charge = await _last(cursor, booking, "CHARGE")
    if charge is not None and charge.status == "SUCCESS" and await _last(cursor, booking, "REFUND") is None:
        await _begun(cursor, booking, f"{booking.hold_id}:refund:1", charge)


async def _last(cursor: Cursor, booking: Booking, kind: Kind) -> Movement | None:
    await cursor.execute(_LAST, (booking.booking_id, kind))
    rows: Sequence[tuple[Any, ...]] = await cursor.fetchall()
    return Movement(*rows[0]) if rows else None
