"""From a hold to a booking that is paid, or to money that was given back; a repeat goes on where the last one ended.

What makes that safe is written in the bookings database before anything is done: which booking belongs to a hold, and
which key the provider is sent. A lock only keeps two requests for the same hold from doing the same work at once;
without Redis it is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal

from booking_service.bookings import Booking, Bookings, Movement
from booking_service.payments import CURRENCY, CardDeclinedError, Provider
from ticketctl.locks import AsyncLock, AsyncLocker, LockBackendError, LockError
from ticketctl.reservations import (
    AsyncReservations,
    HoldConflictError,
    HoldExpiredError,
    HoldNotFoundError,
    ReservationError,
)

_OVER = (HoldExpiredError, HoldConflictError, HoldNotFoundError)
_ANSWERS_WITHIN = 10.0  # seconds that the provider may take
_LEASE = 4.0  # seconds after which the lock of a process that died is free
_WAITS = 5.0  # seconds for another request of the same hold


class BookingCancelledError(Exception):
    """The seats are not to be had any more; what was paid is given back.

    Attributes:
        cause: Why, as the library says it.
        refunded: How much was given back; None if nothing had been taken.
    """

    def __init__(self, cause: ReservationError, refunded: Decimal | None) -> None:
        super().__init__(cause.what)
        self.cause = cause
        self.refunded = refunded


class Checkout:
    """Takes money for holds.

    Args:
        seats: Extends and confirms holds.
        bookings: What is written down.
        provider: Moves money.
        locker: Lets requests for one hold come one after the other.
        paying: Seconds that a hold lasts at least once its payment has begun.
    """

    def __init__(
        self, seats: AsyncReservations, bookings: Bookings, provider: Provider, locker: AsyncLocker, paying: float
    ) -> None:
        self._seats = seats
        self._bookings = bookings
        self._provider = provider
        self._locker = locker
        self._paying = paying

    async def pay(self, hold_id: str, card: str) -> Booking:
        """Charge a card for a hold and book its seats; for one that is booked, return the booking.

        Raises:
            CardDeclinedError: No money was taken; another card may do.
            BookingCancelledError: The hold is over and its seats are gone.
            HoldNotFoundError: There is no such hold.
            LockNotAcquiredError: Another request for the hold is at work.
            ReservationError: The inventory does not answer: repeat it.
            DatabaseError: The bookings database does not answer: repeat it.
        """
        async with self._turn(hold_id):
            booking = await self._bookings.of_hold(hold_id) or await self._opened(hold_id)
            error: ReservationError | None = None
            if booking.status == "PENDING":
                booking, error = await self._paid(booking, card)
            if booking.status == "PENDING":
                booking, error = await self._confirmed(booking)
            if booking.status != "CONFIRMED":
                raise await self._undone(booking, error)
            return booking

    async def finish(self, hold_id: str) -> bool:
        """Bring a payment to its end that nobody goes on with; nothing is charged any more.

        Returns:
            Whether it has come to an end; it has not where the hold lives, and another card may still be tried.
        """
        async with self._turn(hold_id):
            booking = await self._bookings.of_hold(hold_id)
            if booking is not None and booking.status == "PENDING":
                booking = await self._without_card(booking)
            if booking is not None and booking.status == "CANCELLED":
                await self._undone(booking, None)
            return booking is None or booking.status != "PENDING"

    @asynccontextmanager
    async def _turn(self, hold_id: str) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            # Without Redis the first of these fails at once, while waiting for a lock is patient.
            with contextlib.suppress(LockBackendError):
                name = f"payment:{hold_id}"
                lock = await self._locker.try_acquire(name, _LEASE, keep_alive=True) or await self._locker.acquire(
                    name, _LEASE, _WAITS, keep_alive=True
                )
                stack.push_async_callback(_let_go, lock)
            yield

    async def _opened(self, hold_id: str) -> Booking:
        hold = await self._seats.lookup(hold_id)
        if hold is None:
            raise HoldNotFoundError(hold_id)
        if hold.status == "CANCELLED":
            raise BookingCancelledError(_given_back(hold_id), None)
        return await self._bookings.open(hold, await self._seats.seats(hold_id))

    async def _paid(self, booking: Booking, card: str) -> tuple[Booking, ReservationError | None]:
        """See to it that money was taken, or bring the booking to its end."""
        charge = await self._bookings.last(booking, "CHARGE")
        if not booking.amount or (charge is not None and charge.status == "SUCCESS"):
            return booking, None
        try:
            await self._seats.extend(booking.hold_id, self._paying)
        except _OVER as error:
            if await self._found_out(booking, charge):
                return booking, None
            return await self._bookings.settle(booking, "CANCELLED"), error
        charge = await self._bookings.charge(booking)
        if charge is None:  # another process has brought it to an end meanwhile
            return await self._bookings.of_hold(booking.hold_id) or booking, None
        if charge.status == "PENDING":
            await self._charge(booking, charge, card)
        return booking, None

    async def _charge(self, booking: Booking, charge: Movement, card: str) -> None:
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                reference = await self._provider.charge(charge.key, booking.amount, CURRENCY, card)
        except CardDeclinedError as declined:
            await self._bookings.declined(booking, charge, declined.reason, declined.what)
            raise
        await self._bookings.moved(booking, charge, reference)

    async def _found_out(self, booking: Booking, charge: Movement | None) -> bool:
        """Tell whether money was taken by a charge whose answer is not known.

        The hold is over, so whoever has sent it has had more time than an answer may take.
        """
        if charge is None or charge.status != "PENDING":
            return charge is not None and charge.status == "SUCCESS"
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                reference = await self._provider.find(charge.key)
        except CardDeclinedError as declined:
            await self._bookings.declined(booking, charge, declined.reason, declined.what)
            return False
        if reference is None:
            return False
        await self._bookings.moved(booking, charge, reference)
        return True

    async def _confirmed(self, booking: Booking) -> tuple[Booking, ReservationError | None]:
        try:
            await self._seats.confirm(booking.hold_id, booking.booking_id)
        except _OVER as error:
            return await self._bookings.settle(booking, "CANCELLED"), error
        return await self._bookings.settle(booking, "CONFIRMED"), None

    async def _without_card(self, booking: Booking) -> Booking:
        charge = await self._bookings.last(booking, "CHARGE")
        if booking.amount and (charge is None or charge.status != "SUCCESS"):
            hold = await self._seats.lookup(booking.hold_id)
            if hold is not None and hold.remaining():
                return booking
            if not await self._found_out(booking, charge):
                return await self._bookings.settle(booking, "CANCELLED")
        return (await self._confirmed(booking))[0]

    async def _undone(self, booking: Booking, error: ReservationError | None) -> BookingCancelledError:
        """Give everything back that a cancelled booking has, and return what to tell."""
        refund = await self._bookings.last(booking, "REFUND")
        if refund is not None and refund.status == "PENDING":
            charge = await self._bookings.last(booking, "CHARGE")
            async with asyncio.timeout(_ANSWERS_WITHIN):
                reference = await self._provider.refund(refund.key, str(charge and charge.reference), booking.amount)
            await self._bookings.moved(booking, refund, reference)
        hold = await self._seats.lookup(booking.hold_id)
        if hold is not None and hold.status == "CONFIRMED" and hold.booking_id == booking.booking_id:
            # Booked by one process while another one gave the booking up.
            hold = await self._seats.cancel(hold)
        cause: ReservationError = HoldExpiredError(booking.hold_id, seat_ids=getattr(error, "seat_ids", ()))
        if hold is not None and hold.status == "CANCELLED":
            cause = _given_back(booking.hold_id)
        return BookingCancelledError(cause, None if refund is None else booking.amount)


async def _let_go(lock: AsyncLock) -> None:
    with contextlib.suppress(LockError):  # its time was over, or Redis is away: then it runs out
        await lock.release()


def _given_back(hold_id: str) -> HoldConflictError:
    return HoldConflictError(f"the hold '{hold_id}' was given back", hold_id=hold_id)
