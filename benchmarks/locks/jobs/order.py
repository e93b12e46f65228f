"""What a worker is told, and how it says that it is ready."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from locks.adapters.contract import Address, AsyncKeeping, AsyncLocks, Keeping, Locks

Note = tuple[float, float, int | None]
Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """One job.

    Attributes:
        job: Its name.
        adapter: Module of `adapters` and a variant of it, joined by a colon.
        host: Of the server.
        port: Of the server.
        name: Of the lock, or the start of the names of several.
        count: Tasks, threads or locks.
        inside: Seconds that the lock is held.
        seconds: How long the job lasts where no window is given.
    """

    job: str
    adapter: str
    host: str
    port: int
    name: str
    count: int = 1
    inside: float = 0.0
    seconds: float = 0.0

    @property
    def address(self) -> Address:
        return Address(self.host, self.port)

    def locks(self) -> Locks:
        """Return the library that is named, connected."""
        module, variant = self._adapter()
        locks: Locks = module.connect(self.address, variant)
        return locks

    def async_locks(self) -> AsyncLocks:
        """Return the library's asyncio half, connected."""
        module, variant = self._adapter()
        locks: AsyncLocks = module.connect_async(self.address, variant)
        return locks

    def keeping(self) -> Keeping:
        """Return the library that is named, renewing what it holds."""
        module, variant = self._adapter()
        keeping: Keeping = module.connect_keeping(self.address, variant)
        return keeping

    def async_keeping(self) -> AsyncKeeping:
        """Return the library's asyncio half, renewing what it holds."""
        module, variant = self._adapter()
        keeping: AsyncKeeping = module.connect_async_keeping(self.address, variant)
        return keeping

    def _adapter(self) -> tuple[Any, str]:
        module, _, variant = self.adapter.partition(":")
        return import_module(f"locks.adapters.{module}"), variant


@dataclass(frozen=True, slots=True)
class Window:
    """When to begin and when to stop, on the monotonic clock that all processes of the machine share."""

    begin: float
    stop: float


def ready() -> Window:
    """Say that all is warm, wait for the others, and return at the common beginning."""
    return next(windows())


def windows() -> Iterator[Window]:
    """Say that all is warm; then return at the beginning of each window that is asked for, until no more is."""
    say({})
    for line in sys.stdin:
        window = Window(**json.loads(line))
        time.sleep(max(0.0, window.begin - time.monotonic()))
        yield window


def say(what: Result) -> None:
    """Tell the process that has started this one."""
    print(json.dumps(what), flush=True)
