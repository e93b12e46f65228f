"""Both kinds of locks behind one face, so that what is said about locks is said once.

A test is written as a coroutine that awaits `settled(…)` of whatever a locker or a lock returns. With asyncio it is
run by a loop; with threads nothing in it ever waits, and `run_here` runs it through in the thread that calls.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias, TypeVar

import redis
import redis.asyncio

from ticketctl.locks import AsyncLock, AsyncLocker, Lock, Locker

_T = TypeVar("_T")
Kind = Literal["threads", "asyncio"]
KINDS: tuple[Kind, ...] = ("threads", "asyncio")
AnyLocker: TypeAlias = Locker | AsyncLocker
AnyLock: TypeAlias = Lock | AsyncLock


def new_locker(kind: Kind, port: int, **options: Any) -> AnyLocker:
    """Return a locker on a client that is made as most programs make theirs."""
    if kind == "threads":
        return Locker(redis.Redis(host="127.0.0.1", port=port), **options)
    return AsyncLocker(redis.asyncio.Redis(host="127.0.0.1", port=port), **options)


async def settled(value: Any) -> Any:
    """Return what was returned, or what comes of it."""
    return await value if inspect.isawaitable(value) else value


@asynccontextmanager
async def inside(lock: AnyLock) -> AsyncIterator[AnyLock]:
    """Do what `with` does, or `async with`."""
    if isinstance(lock, AsyncLock):
        async with lock:
            yield lock
    else:
        with lock:
            yield lock


async def pause(kind: Kind, seconds: float) -> None:
    """Wait, as code of that kind does."""
    if kind == "asyncio":
        await asyncio.sleep(seconds)
    else:
        time.sleep(seconds)


def run_here(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits for a loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: _T = end.value
        return result
    coroutine.close()
    raise AssertionError("it waits for a loop, and there is none")
