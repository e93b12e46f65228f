"""Jobs of the asyncio libraries."""

from __future__ import annotations

import asyncio
import time

from locks.adapters.contract import AsyncLocks
from locks.jobs.order import Note, Order, Result, ready, say, windows
from locks.jobs.process import connected_clients

WARM_UP = 200
SETTLE = 0.5
"""Seconds in which those that have begun to wait get where waiters are kept."""


def pairs(order: Order) -> None:
    """Acquire and release, again and again, in one task; in many windows."""
    asyncio.run(_pairs(order))


def one_lock(order: Order) -> Result:
    """Start many tasks at once that each want the same lock once."""
    return asyncio.run(_at_once(order, [order.name] * order.count))


def many_locks(order: Order) -> Result:
    """Start many tasks at once that each want a lock of their own once."""
    return asyncio.run(_at_once(order, [f"{order.name}-{number}" for number in range(order.count)]))


def hand_over(order: Order) -> Result:
    """Let many tasks wait for one lock, release it, and time how long it takes to pass through all of them."""
    return asyncio.run(_hand_over(order))


async def _pairs(order: Order) -> None:
    locks = order.async_locks()
    for _ in range(WARM_UP):
        await locks.release(await locks.acquire(order.name))
    for window in windows():
        done = 0
        began = now = time.monotonic()
        while now < window.stop:
            await locks.release(await locks.acquire(order.name))
            done += 1
            now = time.monotonic()
        say({"pairs": done, "seconds": now - began})


async def _at_once(order: Order, names: list[str]) -> Result:
    before = connected_clients(order.address)
    locks = order.async_locks()
    # As many connections as it will want are open before the clock runs.
    await asyncio.gather(*(_inside(locks, f"{order.name}-warm-{number}") for number in range(WARM_UP)))
    ready()
    began = time.monotonic()
    notes = await asyncio.gather(*(_inside(locks, name) for name in names))
    seconds = time.monotonic() - began
    connections = connected_clients(order.address) - before
    return {"seconds": seconds, "notes": [[note] for note in notes], "connections": connections}


async def _hand_over(order: Order) -> Result:
    before = connected_clients(order.address)
    locks = order.async_locks()
    await locks.release(await locks.acquire(order.name))
    ready()
    held = await locks.acquire(order.name)
    waiting = [asyncio.create_task(_inside(locks, order.name)) for _ in range(order.count)]
    await asyncio.sleep(SETTLE + order.count / 5000)
    connections = connected_clients(order.address) - before
    began = time.monotonic()
    await locks.release(held)
    notes = await asyncio.gather(*waiting)
    return {"seconds": time.monotonic() - began, "notes": [[note] for note in notes], "connections": connections}


async def _inside(locks: AsyncLocks, name: str) -> Note:
    held = await locks.acquire(name)
    enter = time.monotonic()
    # One turn of the loop inside: without it a second holder could never be seen.
    await asyncio.sleep(0)
    leave = time.monotonic()
    await locks.release(held)
    return enter, leave, locks.fence(held)
