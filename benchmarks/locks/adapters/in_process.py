"""asyncio's own Lock: no server, no other process. What a task costs that waits for anything at all."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from locks.adapters.contract import Address, Unfenced


class InProcess(Unfenced):
    """A lock for each name."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def acquire(self, name: str) -> asyncio.Lock:
        lock = self._locks[name]
        await lock.acquire()
        return lock

    async def release(self, held: asyncio.Lock) -> None:
        held.release()


def connect_async(address: Address, variant: str) -> InProcess:  # noqa: ARG001  # it needs neither
    return InProcess()
