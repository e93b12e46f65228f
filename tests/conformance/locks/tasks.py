"""What the tests of locks in tasks do with tasks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from conformance.locks.driver import World
from ticketctl.errors import LockLostError
from ticketctl.locks import AsyncLock, AsyncLocker

SHORT = 0.15


class BodyError(Exception):
    """What a body raises."""


def locker_of(world: World, **options: Any) -> AsyncLocker:
    locker = world.locks(**options).locker
    assert isinstance(locker, AsyncLocker)
    return locker


async def outcome(doing: Awaitable[object]) -> object:
    """Return what comes of it, an exception too; no cancel stays behind."""
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    result: object
    try:
        result = await doing
    except BaseException as error:  # they are what this is about
        result = error
    if not isinstance(result, BaseExceptionGroup):  # before Python 3.13 a TaskGroup that fails leaves one of its own
        assert task.cancelling() == before
    await asyncio.sleep(0)  # where one would come out
    return result


def in_task(doing: Awaitable[object]) -> asyncio.Task[object]:
    """Run it as a task of its own, which others may cancel."""

    async def run() -> object:
        return await doing

    return asyncio.create_task(run())


async def inside(lock: AsyncLock, body: Callable[[], Awaitable[object]]) -> None:
    async with lock:
        await body()


async def sleep_long() -> None:
    await asyncio.sleep(20)


async def outlive(lock: AsyncLock) -> None:
    """Return when its time is over, and nobody has found out: the loop stood still."""
    await asyncio.sleep(lock.remaining() - 0.02)
    time.sleep(0.03)


async def discover(lock: AsyncLock) -> None:
    """Have the loss of a lock found now, and its task cancelled by it."""
    await outlive(lock)
    with contextlib.suppress(LockLostError):
        lock.check()
