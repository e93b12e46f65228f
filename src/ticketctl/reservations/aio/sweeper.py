"""The sweeper, for tasks."""

from __future__ import annotations

import asyncio
import contextlib

from ticketctl.errors import LockBackendError
from ticketctl.locks import AsyncLeader, AsyncLocker
from ticketctl.reservations._pace import CAMPAIGN, OFFICE, PASSING, Pace
from ticketctl.reservations.aio.reservations import AsyncReservations


class AsyncSweeper:
    """Writes down again and again which holds are over, in one process of all that run it.

    Nothing depends on it: see `Sweeper`.

    Args:
        reservations: Whose seats are tidied.
        locker: Elects.
        interval: Seconds between two passes; there is no pause while passes are full.
        most: Seats of a pass.
        ttl: Seconds after which another process follows one that died.
        office: What is elected for. Inventories that share a Redis for locks must not share an office.

    Example:
        >>> sweeping = asyncio.create_task(AsyncSweeper(seats, locker).run())  # doctest: +SKIP
        >>> sweeping.cancel()  # doctest: +SKIP
    """

    def __init__(
        self,
        reservations: AsyncReservations,
        locker: AsyncLocker,
        *,
        interval: float = 1.0,
        most: int = 500,
        ttl: float = 10.0,
        office: str = OFFICE,
    ) -> None:
        self._reservations = reservations
        self._pace = Pace(interval, most)
        self._leader = AsyncLeader(locker, office, ttl)
        self._stopped = asyncio.Event()

    @property
    def is_leader(self) -> bool:
        """Whether this process is the one that sweeps."""
        return self._leader.is_leader

    async def run(self) -> None:
        """Sweep until `stop` or until it is cancelled, over failures of MySQL and Redis, which are logged."""
        try:
            while not self._stopped.is_set():
                await self._rest(await self._pass())
        finally:
            await self._resign()

    def stop(self) -> None:
        """Let `run` return after what it is at, within a second or two; it is not run again. For the loop's thread."""
        self._stopped.set()

    async def _pass(self) -> float:
        """Sweep once if elected, and return the seconds until the next time."""
        try:
            if not await self._leader.campaign(CAMPAIGN):
                self._pace.passed_over()
                return 0.0
            self._pace.elected()
            return self._pace.swept(await self._reservations.sweep(self._pace.most))
        except PASSING as error:
            await self._resign()
            return self._pace.failed(error)

    async def _rest(self, seconds: float) -> None:
        if not seconds:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _resign(self) -> None:
        with contextlib.suppress(LockBackendError):  # the lease runs out
            await self._leader.resign()
