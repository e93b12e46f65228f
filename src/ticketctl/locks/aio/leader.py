"""Leaders, for tasks."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from types import TracebackType

from ticketctl.errors import LockLostError, LockNotAcquiredError
from ticketctl.locks._leadership import Leadership
from ticketctl.locks.aio.lock import AsyncLock
from ticketctl.locks.aio.locker import AsyncLocker


class AsyncLeader(Leadership[AsyncLock]):
    """A candidate for a work that one process does at a time. Elected, it stays so until it resigns or dies.

    Within `async with`, losing the office cancels the task that entered; `LockLostError` comes out at the end.

    Args:
        locker: Wins the lock behind it.
        name: The office; its lock is `leader:<name>`.
        ttl: Seconds after which another one can be elected when this process dies.
        on_lost: Called once when the office is lost without having been resigned.

    Example:
        >>> async with AsyncLeader(locker, "sweeper") as leader:  # doctest: +SKIP
        ...     while leader.is_leader:
        ...         await sweep(fence=leader.fence)
    """

    def __init__(
        self, locker: AsyncLocker, name: str, ttl: float = 10.0, *, on_lost: Callable[[], object] | None = None
    ) -> None:
        super().__init__(name, ttl, on_lost)
        self._locker = locker

    async def campaign(self, timeout: float = math.inf) -> bool:
        """Wait to be elected.

        Args:
            timeout: Seconds; for ever if not given.

        Returns:
            Whether it is the leader now.

        Raises:
            LockBackendError: Redis did not answer all that time, or refused.
        """
        if self.is_leader:
            return True
        self._lock = None
        try:
            self._lock = await self._locker.acquire(
                self._lock_name, self._ttl, timeout, keep_alive=True, on_lost=self._lost
            )
        except LockNotAcquiredError:
            return False
        return True

    async def resign(self) -> None:
        """Let another one be elected; nothing happens if it is not the leader.

        Raises:
            LockBackendError: No answer; another one can be elected when the ttl is over.
        """
        lock, self._lock = self._lock, None
        if lock is not None:
            # Another one may be elected already
            with contextlib.suppress(LockLostError):
                await lock.release()

    async def __aenter__(self) -> AsyncLeader:
        await self.campaign()
        await self._elected().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            await lock.__aexit__(kind, error, trace)
