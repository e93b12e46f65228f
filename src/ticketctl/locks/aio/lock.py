"""The handle of a lock, for tasks."""

from __future__ import annotations

import asyncio
from types import TracebackType

from ticketctl.errors import LockBackendError, LockError
from ticketctl.locks._arguments import checked_ttl
from ticketctl.locks._clock import now
from ticketctl.locks._handle import Handle, note_failure
from ticketctl.locks.aio.hub import Hub


class AsyncLock(Handle[Hub]):
    """A lock that was won. It can be used by any task of its event loop, and is released at the end of `async with`.

    Within `async with`, its loss cancels the task that entered; `LockLostError` comes out at the end.
    """

    _owner: asyncio.Task[object] | None = None
    _cancelled = False
    _cancels_before = 0

    async def extend(self, ttl: float | None = None) -> None:
        """Hold it for so many seconds from now.

        Args:
            ttl: Seconds; as many as it was won for if not given.

        Raises:
            LockLostError: It was lost.
            LockNotOwnedError: It was released before.
            LockBackendError: No answer; whether it was extended is unknown.
        """
        self.check()
        seconds = self._lease.ttl if ttl is None else checked_ttl(ttl)
        if not await self._hub.extend(self._lease, seconds):
            self._lease.refused(now())
        self.check()  # it may have run out before the answer came
        self._extended(seconds)

    async def release(self) -> None:
        """Let it go: whoever waits for it has it at once. It is let go even when this is cancelled.

        Raises:
            LockLostError: It had been lost before, or its time was over: who has worked on must know.
            LockNotOwnedError: It was released before.
            LockBackendError: No answer: whether it was released is unknown; it can be tried again, and is gone when
                its time is over.
        """
        first = self._begin_release()
        try:
            held, certain = await self._hub.release(self._lease)
        except LockBackendError as error:
            self._judge_unanswered_release(error)
            raise
        self._judge_release(held=held, certain=certain and first)

    async def __aenter__(self) -> AsyncLock:
        self.check()
        self._owner = asyncio.current_task()
        self._cancels_before = self._owner.cancelling() if self._owner else 0
        if self._kept is None:
            self._watch(renew=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        owner, self._owner = self._owner, None
        ending = error
        if self._cancelled and owner is not None:
            ending = await self._without_our_cancel(owner, error)
        failure = await self._leave()
        if ending is None:
            if failure is not None:
                raise failure from None
            return
        if failure is not None:
            note_failure(ending, failure)
        if ending is not error:
            raise ending

    # --- loss ---------------------------------------------------------------------------------

    def _tell_of_loss(self) -> None:
        owner = self._owner
        if owner is not None and not self._cancelled and not owner.done():
            self._cancelled = True
            owner.cancel(f"the lock {self.name} was lost")
        super()._tell_of_loss()

    async def _without_our_cancel(
        self, owner: asyncio.Task[object], error: BaseException | None
    ) -> BaseException | None:
        """Undo our own cancelling of the task, and return what its body is ended by but for that."""
        arrived = error
        if not isinstance(error, asyncio.CancelledError):
            try:
                await asyncio.sleep(0)  # it may not have arrived yet
            except asyncio.CancelledError as late:
                arrived = late
        if owner.uncancel() > self._cancels_before:
            return arrived  # somebody else's, too
        return None if isinstance(error, asyncio.CancelledError) else error

    async def _leave(self) -> LockError | None:
        """Release it, and return what is wrong with it."""
        try:
            if not self._let_go:
                await self.release()
        except LockError as failure:
            return failure
        # The body has let it go.
        return self._lost() if self._cancelled else None
