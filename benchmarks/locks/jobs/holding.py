"""Jobs that hold many locks at once, or wait for one with many tasks: what that costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from locks.adapters.contract import AsyncKeeping, AsyncLocks, Keeping
from locks.jobs.order import Order, Result, ready
from locks.jobs.process import resident, server_memory, shortest_life

WARM_UP = 100
AT_ONCE = 500
"""Tasks that acquire at the same time."""
SETTLE = 1.0
"""Seconds in which tasks that have begun to wait get where waiters are kept."""


def keep_alive(order: Order) -> Result:
    """Hold many locks that are renewed, and do nothing else."""
    keeping = order.keeping()
    held = [keeping.keep(name) for name in _names(order)]
    measure = _Measure(order, keeping)
    time.sleep(order.seconds)
    return measure.result(held)


def async_keep_alive(order: Order) -> Result:
    """The same in a loop."""

    async def run() -> Result:
        keeping = order.async_keeping()
        held: list[object] = []
        for names in _groups(order):
            held += await asyncio.gather(*map(keeping.keep, names))
        # the loop must go on while the others are waited for
        measure = await asyncio.to_thread(_Measure, order, keeping)
        await asyncio.sleep(order.seconds)
        return measure.result(held)

    return asyncio.run(run())


class _Measure:
    """What a process spends from when all are ready."""

    def __init__(self, order: Order, keeping: Keeping | AsyncKeeping) -> None:
        self._order = order
        self._keeping = keeping
        ready()
        self._first = len(keeping.lags)
        self._began, self._spent = time.monotonic(), time.process_time()

    def result(self, held: Sequence[object]) -> Result:
        spent, seconds = time.process_time() - self._spent, time.monotonic() - self._began
        lags = sorted(self._keeping.lags[self._first :])
        left = shortest_life(self._order.address, [self._keeping.key(name) for name in _names(self._order)])
        facts = {"cpu": spent / seconds, "lags": lags, "lost": self._keeping.lost, "left": left / 1000}
        return {**facts, "held": len(held)}


def memory(order: Order) -> Result:
    """Hold many locks."""
    locks = order.locks()
    for number in range(WARM_UP):
        locks.release(locks.acquire(f"{order.name}-warm-{number}"))
    ready()
    growth = _Growth(order)
    held = [locks.acquire(name) for name in _names(order)]
    return growth.result(held)


def async_memory(order: Order) -> Result:
    """The same in a loop."""

    async def run() -> Result:
        locks = order.async_locks()
        await asyncio.gather(*(_pass(locks, f"{order.name}-warm-{number}") for number in range(WARM_UP)))
        ready()
        growth = _Growth(order)
        held: list[Any] = []
        for names in _groups(order):
            held += await asyncio.gather(*map(locks.acquire, names))
        return growth.result(held)

    return asyncio.run(run())


def waiting_memory(order: Order) -> Result:
    """Let many tasks wait for one lock."""

    async def run() -> Result:
        locks = order.async_locks()
        warm = [asyncio.create_task(_pass(locks, order.name)) for _ in range(WARM_UP)]
        await asyncio.gather(*warm)
        ready()
        holder = await locks.acquire(order.name)
        growth = _Growth(order)
        waiting = [asyncio.create_task(_pass(locks, order.name)) for _ in range(order.count)]
        await asyncio.sleep(SETTLE)
        result = growth.result(waiting)
        await locks.release(holder)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        return result

    return asyncio.run(run())


async def _pass(locks: AsyncLocks, name: str) -> None:
    await locks.release(await locks.acquire(name))


class _Growth:
    """How much more memory this process and the server take than at the beginning."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._resident, self._server = resident(), server_memory(order.address)

    def result(self, held: Sequence[object]) -> Result:
        bytes_here = (resident() - self._resident) / len(held)
        bytes_there = (server_memory(self._order.address) - self._server) / len(held)
        return {"bytes": bytes_here, "server_bytes": bytes_there}


def _names(order: Order) -> list[str]:
    return [f"{order.name}-{number}" for number in range(order.count)]


def _groups(order: Order) -> list[list[str]]:
    names = _names(order)
    return [names[first : first + AT_ONCE] for first in range(0, len(names), AT_ONCE)]
