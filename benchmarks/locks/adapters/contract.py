"""What a worker asks of every library, so that all run the same loops."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeAlias

TTL = 10.0
PATIENCE = 300
"""Seconds that a waiter waits: longer than any run."""
SPIN = 0.001
"""Seconds between two tries of those that poll as fast as is sensible."""


Held: TypeAlias = Any
"""What a library gives to one who has won: its own affair."""


class Address(NamedTuple):
    """Where the server is."""

    host: str
    port: int


class Locks(Protocol):
    """A library that blocks the calling thread."""

    def acquire(self, name: str) -> Held:
        """Wait for the lock; what is returned is given to `release`."""

    def release(self, held: Held) -> None:
        """Give it back."""

    def fence(self, held: Held) -> int | None:
        """Return the number that came with it, None where there is none."""


class Keeping(Protocol):
    """A library that renews what it holds.

    Attributes:
        lags: Seconds that each renewal was late; empty where the library does not tell.
        lost: How many locks it has lost.
    """

    @property
    def lags(self) -> list[float]: ...
    @property
    def lost(self) -> int: ...

    def keep(self, name: str) -> object:
        """Acquire a lock that is then renewed until the process ends; return what must be kept."""

    def key(self, name: str) -> str:
        """Return the key that the lock lives in."""


class AsyncKeeping(Protocol):
    """A library for asyncio that renews what it holds.

    Attributes:
        lags: Seconds that each renewal was late.
        lost: How many locks it has lost.
    """

    @property
    def lags(self) -> list[float]: ...
    @property
    def lost(self) -> int: ...

    async def keep(self, name: str) -> object:
        """Acquire a lock that is then renewed until the loop ends; return what must be kept."""

    def key(self, name: str) -> str:
        """Return the key that the lock lives in."""


class AsyncLocks(Protocol):
    """A library for asyncio."""

    async def acquire(self, name: str) -> Held:
        """Wait for the lock; what is returned is given to `release`."""

    async def release(self, held: Held) -> None:
        """Give it back."""

    def fence(self, held: Held) -> int | None:
        """Return the number that came with it, None where there is none."""


class Unfenced:
    """A library whose locks carry no number."""

    def fence(self, held: Held) -> int | None:  # noqa: ARG002  # there is none in it
        return None
