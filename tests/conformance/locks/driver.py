"""What the conformance tests hold in their hands: lockers of both kinds behind one awaitable face.

A test is a coroutine that gets a `World` and whatever fixtures it names; `@conformance` runs it for threads and for
asyncio. Each call of a synchronous locker runs in a thread of its own, so calls wait beside each other as tasks do.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, ParamSpec, Protocol, TypeVar

import pytest
import redis
import redis.asyncio

from conformance.locks.either import KINDS, Kind
from conformance.locks.history import leaked
from conformance.locks.servers import HOST, RedisServer
from ticketctl.locks import AsyncLocker, Lock, Locker

_T = TypeVar("_T")
_P = ParamSpec("_P")
PATIENCE = 30.0  # seconds that no test takes, unless something hangs
_numbers = itertools.count(1)


class Held(Protocol):
    """A lock that was won; what waits is awaited."""

    @property
    def name(self) -> str: ...
    @property
    def fence(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def ttl(self) -> float: ...
    @property
    def lost(self) -> bool: ...
    def remaining(self) -> float: ...
    def check(self) -> None: ...
    async def extend(self, ttl: float | None = None) -> None: ...
    async def release(self) -> None: ...
    async def __aenter__(self) -> Any: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


async def in_thread(call: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
    """Return what a call returns that waits in a thread of its own."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def tell(result: _T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type]  # there is a result where there is no error
        else:
            done.set_exception(error)

    def run() -> None:
        result, failure = None, None
        try:
            result = call(*arguments, **options)
        except BaseException as error:  # it belongs to who waits
            failure = error
        loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await done


class ThreadedLock:
    """A synchronous lock whose calls run in threads."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.name, self.fence, self.token = lock.name, lock.fence, lock.token

    def __repr__(self) -> str:
        return repr(self.lock)

    @property
    def ttl(self) -> float:
        return self.lock.ttl

    @property
    def lost(self) -> bool:
        return self.lock.lost

    def remaining(self) -> float:
        return self.lock.remaining()

    def check(self) -> None:
        self.lock.check()

    async def extend(self, ttl: float | None = None) -> None:
        await in_thread(self.lock.extend, ttl)

    async def release(self) -> None:
        await in_thread(self.lock.release)

    async def __aenter__(self) -> ThreadedLock:
        await in_thread(self.lock.__enter__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await in_thread(self.lock.__exit__, kind, error, trace)


class Locks:
    """A locker of either kind.

    Args:
        locker: It.

    Attributes:
        locker: It.
    """

    def __init__(self, locker: Locker | AsyncLocker) -> None:
        self.locker = locker

    async def try_acquire(self, name: str, *arguments: Any, **options: Any) -> Held | None:
        if isinstance(self.locker, AsyncLocker):
            return await self.locker.try_acquire(name, *arguments, **options)
        lock = await in_thread(self.locker.try_acquire, name, *arguments, **options)
        return None if lock is None else ThreadedLock(lock)

    async def acquire(self, name: str, *arguments: Any, **options: Any) -> Held:
        if isinstance(self.locker, AsyncLocker):
            return await self.locker.acquire(name, *arguments, **options)
        return ThreadedLock(await in_thread(self.locker.acquire, name, *arguments, **options))

    def locked(
        self, name: str, *arguments: Any, **options: Any
    ) -> Callable[[Callable[_P, _T]], Callable[_P, Awaitable[_T]]]:
        """Decorate a plain function; with asyncio, the coroutine function that does the same."""
        locker = self.locker

        def decorate(function: Callable[_P, _T]) -> Callable[_P, Awaitable[_T]]:
            if isinstance(locker, AsyncLocker):
                return locker.locked(name, *arguments, **options)(_as_coroutine_function(function))
            threaded = locker.locked(name, *arguments, **options)(function)
            return lambda *args, **kwargs: in_thread(threaded, *args, **kwargs)

        return decorate

    async def close(self) -> None:
        if isinstance(self.locker, AsyncLocker):
            await self.locker.close()
        else:
            await in_thread(self.locker.close)


class World:
    """One test's surroundings.

    Args:
        kind: Which kind of lockers there are.
        server: Where they keep their locks.
        redis: A client that looks at the server from outside.
    """

    def __init__(self, kind: Kind, server: RedisServer, outside: redis.asyncio.Redis) -> None:
        self.kind = kind
        self.server = server
        self.redis = outside
        self._lockers: list[Locks] = []
        self._clients: list[redis.Redis | redis.asyncio.Redis] = []

    def client(self, *, port: int | None = None, **options: Any) -> redis.Redis | redis.asyncio.Redis:
        """Return a client as a program makes its own."""
        options = {"host": HOST, "port": port or self.server.port, **options}
        client = redis.Redis(**options) if self.kind == "threads" else redis.asyncio.Redis(**options)
        self._clients.append(client)
        return client

    def locks(self, client: Any = None, *, port: int | None = None, **options: Any) -> Locks:
        """Return a locker with connections of its own: to the server it is a process of its own."""
        options.setdefault("service", f"test-{next(_numbers)}")
        client = client or self.client(port=port)
        locks = Locks(Locker(client, **options) if self.kind == "threads" else AsyncLocker(client, **options))
        self._lockers.append(locks)
        return locks

    async def queued(self, name: str, count: int) -> None:
        """Return when so many processes stand in the queue of a lock."""
        await eventually(lambda: self.redis.llen(f"lock:{{{name}}}:queue"), count)

    async def lease(self, name: str) -> str | None:
        """Return what stands in the key of a lock."""
        value = await self.redis.get(f"lock:{{{name}}}")
        assert value is None or isinstance(value, str)
        return value

    async def left_behind(self) -> list[str]:
        """Return the keys that should be gone when nobody holds or waits."""
        return leaked([key async for key in self.redis.scan_iter()])

    async def end(self) -> None:
        for locks in self._lockers:
            await locks.close()
        for client in self._clients:
            if isinstance(client, redis.Redis):
                client.close()
            else:
                await client.aclose()


async def within(lock: Held, body: Callable[[], Awaitable[object]]) -> None:
    """Do something while a lock is held."""
    async with lock:
        await body()


async def eventually(look: Callable[[], Any], wanted: object, seconds: float = 5.0) -> None:
    """Look again until what is seen is what is wanted."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        seen = look()
        if inspect.isawaitable(seen):
            seen = await seen
        if seen == wanted:
            return
        assert asyncio.get_running_loop().time() < deadline, f"last seen: {seen!r}, wanted: {wanted!r}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def world_of(kind: Kind, server: RedisServer) -> AsyncIterator[World]:
    """Make a world, and end it."""
    async with redis.asyncio.Redis(host=HOST, port=server.port, decode_responses=True) as outside:
        world = World(kind, server, outside)
        try:
            yield world
        finally:
            await world.end()


def conformance(test: Callable[..., Awaitable[None]], *, kinds: tuple[Kind, ...] = KINDS) -> Callable[..., None]:
    """Make a test of a coroutine function; its first parameter is a `World`, the others are fixtures."""

    async def run_in_world(kind: Kind, server: RedisServer, fixtures: dict[str, object]) -> None:
        async with asyncio.timeout(PATIENCE), world_of(kind, server) as world:
            await test(world, **fixtures)

    @pytest.mark.parametrize("kind", kinds)
    def run(kind: Kind, redis_server: RedisServer, **fixtures: object) -> None:
        asyncio.run(run_in_world(kind, redis_server, fixtures))

    own = list(inspect.signature(run).parameters.values())[:2]
    wanted = list(inspect.signature(test).parameters.values())[1:]
    run.__signature__ = inspect.Signature([*own, *wanted])  # type: ignore[attr-defined]  # pytest looks at it
    run.__name__, run.__qualname__, run.__doc__ = test.__name__, test.__qualname__, test.__doc__
    run.__module__ = test.__module__
    for mark in getattr(test, "pytestmark", []):
        run = getattr(pytest.mark, mark.name)(*mark.args, **mark.kwargs)(run)
    return run


def aio_only(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about tasks."""
    return conformance(test, kinds=("asyncio",))


def _as_coroutine_function(function: Callable[_P, _T]) -> Callable[_P, Awaitable[_T]]:
    async def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        return function(*args, **kwargs)

    # What the decorator makes the name from.
    run.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    run.__qualname__ = function.__qualname__
    return run
