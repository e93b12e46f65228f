"""What handles of locks have in common, whether they are waited on or awaited."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ticketctl.errors import LockBackendError, LockError, LockLostError, LockNotOwnedError
from ticketctl.locks._clock import now
from ticketctl.locks._lease import Lease, Loss
from ticketctl.locks._renewal import Kept
from ticketctl.locks.observer import LockObserver

_log = logging.getLogger("ticketctl.locks")


class Keeper(Protocol):
    """What watches leases."""

    def keep(self, kept: Kept) -> None: ...


class KeepingHub(Protocol):
    """What a handle needs of its hub."""

    @property
    def pid(self) -> int: ...
    @property
    def keeper(self) -> Keeper: ...


_Hub = TypeVar("_Hub", bound=KeepingHub)


def note_failure(error: BaseException, failure: LockError) -> None:
    """Say beside the error of a body that its lock could not be released; it comes out as it is."""
    if str(error) != str(failure):  # a body may have found the loss itself
        error.add_note(str(failure))
    _log.warning("%s", failure)


class Handle(Generic[_Hub]):
    """A lock that was won."""

    _kept: Kept | None = None
    _let_go = False
    # Whether it was held for certain when it was first told to be let go.
    _held_at_release: bool | None = None
    _told_of_loss = False

    def __init__(
        self,
        hub: _Hub,
        lease: Lease,
        *,
        on_lost: Callable[..., object] | None,
        observer: LockObserver | None,
        template: str,
    ) -> None:
        self._hub = hub
        self._lease = lease
        self._on_lost = on_lost
        self._observer = observer
        self._template = template

    def __repr__(self) -> str:
        state = "released" if self._let_go else "lost" if self.lost else f"{self.remaining():.3g} s left"
        return f"<{type(self).__name__} {self.name!r} fence={self.fence} {state}>"

    @property
    def name(self) -> str:
        """The lock."""
        return self._lease.name

    @property
    def fence(self) -> int:
        """Larger than that of every earlier holder: pass it to the writes that the lock protects.

        See `ticketctl.locks.fenced`.
        """
        return self._lease.fence

    @property
    def token(self) -> str:
        """What the server knows this holder by."""
        return self._lease.token

    @property
    def ttl(self) -> float:
        """Seconds that it was won for, or extended by."""
        return self._lease.ttl

    @property
    def lost(self) -> bool:
        """Whether it was lost while it was held; False once it was released."""
        return not self._let_go and self._loss() is not None

    def remaining(self) -> float:
        """Return the seconds for which it is certainly held, counted from before it was asked for."""
        if self._lease.released or self._loss() is not None:
            return 0.0
        return max(0.0, self._lease.valid_until - now())

    def check(self) -> None:
        """Return if the lock is held.

        Raises:
            LockLostError: It is not any more.
            LockNotOwnedError: It was released, or may have been: the answer was lost.
        """
        if self._lease.released:
            raise self._released_before()
        if self._loss() is not None:
            raise self._lost()

    # --- inside -------------------------------------------------------------------------------

    def _watch(self, *, renew: bool, max_hold: float = math.inf) -> None:
        """Have it watched, for the library's own use."""
        self._kept = Kept(self._lease, self._tell_of_loss, self._tell_of_renewal, renew=renew, max_hold=max_hold)
        self._hub.keeper.keep(self._kept)

    def _extended(self, ttl: float) -> None:
        self._lease.ttl = ttl
        if self._kept is not None:
            self._hub.keeper.keep(self._kept)  # it may be due earlier

    def _loss(self) -> Loss | None:
        if self._hub.pid != os.getpid():
            return "forked"
        return self._lease.lost_at(now())

    def _lost(self) -> LockLostError:
        loss = self._loss() or "taken"
        self._tell_of_loss()
        return LockLostError(self.name, fence=self.fence, reason=loss)

    def _released_before(self) -> LockNotOwnedError:
        return LockNotOwnedError(
            f"the lock '{self.name}' was released before",
            name=self.name,
            fence=self.fence,
            next_step="acquire it again: a handle stands for one acquisition",
        )

    def _begin_release(self) -> bool:
        """Take note that it is told to be let go, and tell whether for the first time.

        Raises:
            LockNotOwnedError: It was let go before.
            LockLostError: It is another process'.
        """
        if self._let_go:
            raise self._released_before()
        loss = self._loss()
        if loss == "forked":
            raise self._lost()
        first = self._held_at_release is None
        if first:
            self._held_at_release = loss is None
            self._lease.released = True  # no renewal may follow
        return first

    def _judge_unanswered_release(self, error: LockBackendError) -> None:
        """Take note that nobody knows whether it was let go.

        Raises:
            LockLostError: It was known to be lost, whatever the answer.
        """
        if self._held_at_release is False:
            self._let_go = True
            raise self._lost() from error

    def _judge_release(self, *, held: bool, certain: bool) -> None:
        """Take note that it was let go.

        Args:
            held: Whether the server knew the token.
            certain: Whether that is all the server was asked; a repeated release finds what the first one left.

        Raises:
            LockLostError: It had been lost, or its time was over, even if the server still had it.
        """
        self._let_go = True
        if not self._held_at_release or (certain and not held):
            self._lease.loss = self._lease.loss or "taken"
            raise self._lost()
        if self._observer is not None and not self._told_of_loss:
            self._observer.released(self._template, held=now() - self._lease.began)

    def _tell_of_loss(self) -> None:
        """Call back, once."""
        if self._told_of_loss:
            return
        self._told_of_loss = True
        if self._observer is not None:
            reason = self._loss() or "taken"
            self._observer.lost(self._template, reason=reason, held=now() - self._lease.began)
        if self._on_lost is not None:
            try:
                self._on_lost(self)
            except Exception:
                _log.exception("on_lost of the lock %s failed", self.name)

    def _tell_of_renewal(self, lag: float) -> None:
        if self._observer is not None:
            self._observer.renewed(self._template, lag=lag)
