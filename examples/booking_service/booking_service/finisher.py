"""Brings payments to their end that nobody goes on with: who lost the answer and went away is not forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from booking_service.bookings import Bookings
from booking_service.checkout import Checkout
from booking_service.database import DatabaseError
from booking_service.metrics import Metrics
from ticketctl.errors import TicketctlError
from ticketctl.locks import AsyncLeader, AsyncLocker, LockError

_CAMPAIGN = 1.0  # seconds that a candidate waits to be elected
_log = logging.getLogger("booking")


class Finisher:
    """Finishes payments, in one process of all that run it; no money and no seat depends on its being one only.

    Args:
        bookings: Knows what is unfinished.
        checkout: Finishes it.
        locker: Elects.
        metrics: Counts.
        after: Seconds after which a payment counts as left behind.
    """

    def __init__(
        self, bookings: Bookings, checkout: Checkout, locker: AsyncLocker, metrics: Metrics, after: float
    ) -> None:
        self._bookings = bookings
        self._checkout = checkout
        self._leader = AsyncLeader(locker, "booking-finisher", 10.0)
        self._metrics = metrics
        self._after = after

    async def run(self) -> None:
        """Look again and again, over failures of the servers, until it is cancelled."""
        try:
            while True:
                with contextlib.suppress(LockError):  # without Redis nobody is elected
                    if await self._leader.campaign(_CAMPAIGN):
                        await self._round()
                await asyncio.sleep(min(5.0, self._after / 2))
        finally:
            with contextlib.suppress(LockError):  # it runs out
                await self._leader.resign()

    async def _round(self) -> None:
        try:
            for hold_id in await self._bookings.unfinished(self._after):
                await self._finish(hold_id)
        except DatabaseError as error:
            _log.warning("unfinished payments wait: %s", error)

    async def _finish(self, hold_id: str) -> None:
        try:
            if await self._checkout.finish(hold_id):
                self._metrics.finished()
        except (TicketctlError, DatabaseError, TimeoutError) as error:
            _log.warning("an unfinished payment waits: %r", error)
        except Exception:  # one that cannot be finished must not keep the others waiting
            _log.exception("an unfinished payment waits")
