"""The handle of a lock, for threads."""

from __future__ import annotations

from types import TracebackType

from ticketctl.errors import LockBackendError, LockError
from ticketctl.locks._arguments import checked_ttl
from ticketctl.locks._clock import now
from ticketctl.locks._handle import Handle, note_failure
from ticketctl.locks.sync.hub import Hub


class Lock(Handle[Hub]):
    """A lock that was won. It can be used by any thread of the process, and is released at the end of a `with`.

    Example:
        >>> with locker.acquire("report:today") as lock:  # doctest: +SKIP
        ...     write(fence=lock.fence)
    """

    def extend(self, ttl: float | None = None) -> None:
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
        if not self._hub.extend(self._lease, seconds):
            self._lease.refused(now())
        self.check()  # it may have run out before the answer came
        self._extended(seconds)

    def release(self) -> None:
        """Let it go: whoever waits for it has it at once.

        Raises:
            LockLostError: It had been lost before, or its time was over: who has worked on must know.
            LockNotOwnedError: It was released before.
            LockBackendError: No answer: whether it was released is unknown; it can be tried again, and is gone when
                its time is over.
        """
        first = self._begin_release()
        try:
            held, certain = self._hub.release(self._lease)
        except LockBackendError as error:
            self._judge_unanswered_release(error)
            raise
        self._judge_release(held=held, certain=certain and first)

    def __enter__(self) -> Lock:
        self.check()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._let_go:
            return
        try:
            self.release()
        except LockError as failure:
            if error is None:
                raise
            note_failure(error, failure)
