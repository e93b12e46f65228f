"""What leaders have in common, whether they are waited on or awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ticketctl.errors import LockNotOwnedError
from ticketctl.locks._arguments import checked_ttl
from ticketctl.locks._handle import Handle
from ticketctl.locks._names import checked_name

_Held = TypeVar("_Held", bound=Handle)  # type: ignore[type-arg]  # of any hub


class Leadership(Generic[_Held]):
    """One candidate.

    Args:
        name: The office; its lock is `leader:<name>`.
        ttl: Seconds after which another one can be elected when this process dies.
        on_lost: Called once when the office is lost without having been resigned.

    Attributes:
        name: The office.
    """

    def __init__(self, name: str, ttl: float, on_lost: Callable[[], object] | None) -> None:
        self.name = name
        self._lock_name = checked_name(f"leader:{name}")
        self._ttl = checked_ttl(ttl)
        self._on_lost = on_lost
        self._lock: _Held | None = None

    @property
    def is_leader(self) -> bool:
        """Whether it certainly is the leader now; look again before each piece of work."""
        return self._lock is not None and self._lock.remaining() > 0

    @property
    def fence(self) -> int:
        """The fence to write with: larger than that of every earlier leader.

        Raises:
            LockNotOwnedError: It was not elected.
        """
        return self._elected().fence

    def check(self) -> None:
        """Return if it is the leader.

        Raises:
            LockLostError: It is not any more.
            LockNotOwnedError: It was not elected, or has resigned.
        """
        self._elected().check()

    def _elected(self) -> _Held:
        if self._lock is None:
            raise LockNotOwnedError(f"'{self.name}' is not led by this candidate", name=self._lock_name, fence=0)
        return self._lock

    def _lost(self, _: object) -> None:
        if self._on_lost is not None:
            self._on_lost()
