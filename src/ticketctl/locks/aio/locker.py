"""Locks for asyncio: how they are won."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from redis.asyncio import Redis

from ticketctl.errors import LockNotAcquiredError
from ticketctl.locks._arguments import Terms, checked_terms, checked_timeout, checked_wait
from ticketctl.locks._calls import NameOfCall, refuse_generator
from ticketctl.locks._clock import now
from ticketctl.locks._connection import pool_of, server_key
from ticketctl.locks._lease import Lease
from ticketctl.locks._names import checked_name, checked_namespace
from ticketctl.locks._shared import Registry
from ticketctl.locks.aio.hub import Hub
from ticketctl.locks.aio.lock import AsyncLock
from ticketctl.locks.observer import LockObserver, SafeObserver, key_template

_P = ParamSpec("_P")
_R = TypeVar("_R")
_hubs: Registry[Hub] = Registry()


class Acquisition(Coroutine[Any, Any, AsyncLock]):
    """A lock on its way: `await` it for the handle, or `async with` it for the handle and its release."""

    __slots__ = ("_lock", "_waiting")

    def __init__(self, waiting: Coroutine[Any, Any, AsyncLock]) -> None:
        self._waiting = waiting
        self._lock: AsyncLock | None = None

    def __await__(self) -> Generator[Any, None, AsyncLock]:
        return self._waiting.__await__()

    # What `create_task` wants.

    def send(self, value: object) -> object:
        """Run it until it waits."""
        return self._waiting.send(value)

    def throw(self, *error: Any) -> object:  # noqa: ANN401  # of either signature that there is
        """Raise an exception where it waits."""
        return self._waiting.throw(*error)

    def close(self) -> None:
        """Give it up."""
        self._waiting.close()

    async def __aenter__(self) -> AsyncLock:
        self._lock = await self._waiting
        return await self._lock.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lock is not None  # noqa: S101  # it was entered
        await self._lock.__aexit__(kind, error, trace)


class AsyncLocker:
    """Wins locks. Shared by all tasks of an event loop; used in another loop, it opens connections for that one.

    It opens one connection when it is first used, a second one when it first has to wait, both with the settings of
    the client's pool and outside of it.

    Args:
        redis: The client whose settings are used.
        namespace: What its keys begin with.
        service: What the program calls itself, for those who look who holds a lock.
        observer: Is told of what happens (`ticketctl.locks.prometheus`, `ticketctl.locks.opentelemetry`).
        template: Makes the label for the observer from a lock's name.
        timeout: Seconds that an answer may take; shorter than a third of the shortest ttl.

    Raises:
        TypeError: It is no asyncio client of one server.
        ValueError: The namespace or the timeout cannot be.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        namespace: str = "lock",
        service: str = "",
        observer: LockObserver | None = None,
        template: Callable[[str], str] = key_template,
        timeout: float = 1.0,
    ) -> None:
        self._pool = pool_of(redis, Redis)
        self._client = redis  # its pool lives as long as it
        self._namespace = checked_namespace(namespace)
        self._key = (server_key(self._pool), self._namespace, service, timeout)
        self._service = service
        self._timeout = checked_timeout(timeout)
        self._observer = None if observer is None else SafeObserver(observer)
        self._template = template
        self._hub: Hub | None = None

    # --- acquiring ----------------------------------------------------------------------------

    async def try_acquire(
        self,
        name: str,
        ttl: float = 10.0,
        *,
        keep_alive: bool = False,
        max_hold: float | None = None,
        min_fence: int = 0,
        on_lost: Callable[[AsyncLock], object] | None = None,
    ) -> AsyncLock | None:
        """Win a lock if it is free now.

        Args:
            name: The lock.
            ttl: Seconds after which it is free again, should it not be released or extended.
            keep_alive: Whether it is renewed until it is released.
            max_hold: Seconds after which it is renewed no more.
            min_fence: The least fence that it may get.
            on_lost: Called once should it be lost, by the event loop: it must not block.

        Returns:
            The lock, None while somebody else has it.

        Raises:
            LockBackendError: Redis did not answer, or refused.
            ValueError: An argument cannot be.
        """
        checked_name(name)
        terms = checked_terms(ttl, keep_alive=keep_alive, max_hold=max_hold, min_fence=min_fence, on_lost=on_lost)
        hub = self._hub_here()
        template, began = self._template_of(name), now()
        lease = await hub.try_acquire(name, terms)
        won = lease is not None
        if self._observer is not None:
            self._observer.attempted(template, acquired=won, contended=not won, waited=now() - began)
        return None if lease is None else self._handle(hub, lease, terms, template, on_lost)

    def acquire(
        self,
        name: str,
        ttl: float = 10.0,
        wait_timeout: float = 10.0,
        keep_alive: bool = False,
        *,
        max_hold: float | None = None,
        min_fence: int = 0,
        on_lost: Callable[[AsyncLock], object] | None = None,
    ) -> Acquisition:
        """Win a lock, waiting for it in turn: `lock = await locker.acquire(…)`, or `async with locker.acquire(…)`.

        Args:
            name: The lock.
            ttl: Seconds after which it is free again, should it not be released or extended.
            wait_timeout: Seconds to wait; with 0 it is won if it is free now.
            keep_alive: Whether it is renewed until it is released.
            max_hold: Seconds after which it is renewed no more.
            min_fence: The least fence that it may get.
            on_lost: Called once should it be lost, by the event loop: it must not block.

        Raises:
            LockNotAcquiredError: It was not free in that time.
            LockBackendError: Redis did not answer all that time, or refused.
            ValueError: An argument cannot be.
        """
        checked_name(name)
        checked_wait(wait_timeout)
        terms = checked_terms(ttl, keep_alive=keep_alive, max_hold=max_hold, min_fence=min_fence, on_lost=on_lost)
        return Acquisition(self._acquire(name, terms, wait_timeout, on_lost))

    async def _acquire(
        self, name: str, terms: Terms, wait_timeout: float, on_lost: Callable[[AsyncLock], object] | None
    ) -> AsyncLock:
        hub = self._hub_here()
        template = self._template_of(name)
        try:
            lease, waited, contended = await hub.acquire(name, terms, wait_timeout)
        except LockNotAcquiredError as error:
            if self._observer is not None:
                self._observer.attempted(template, acquired=False, contended=True, waited=error.waited)
            raise
        if self._observer is not None:
            self._observer.attempted(template, acquired=True, contended=contended, waited=waited)
        return self._handle(hub, lease, terms, template, on_lost)

    def locked(
        self,
        name: str,
        ttl: float = 10.0,
        wait_timeout: float = 10.0,
        keep_alive: bool = False,
        *,
        max_hold: float | None = None,
    ) -> Callable[[Callable[_P, Awaitable[_R]]], Callable[_P, Coroutine[Any, Any, _R]]]:
        """Return a decorator: the coroutine function runs while it holds the lock.

        Args:
            name: The lock; `{parameter}` stands for what the function is called with.
            ttl: As for `acquire`.
            wait_timeout: As for `acquire`.
            keep_alive: As for `acquire`.
            max_hold: As for `acquire`.

        Raises:
            ValueError: An argument cannot be, or the name mentions a parameter that the function does not have.
        """
        checked_wait(wait_timeout)
        checked_terms(ttl, keep_alive=keep_alive, max_hold=max_hold)

        def decorate(function: Callable[_P, Awaitable[_R]]) -> Callable[_P, Coroutine[Any, Any, _R]]:
            refuse_generator(function)
            name_of = NameOfCall(name, function)

            @functools.wraps(function)
            async def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
                async with self.acquire(name_of(args, kwargs), ttl, wait_timeout, keep_alive, max_hold=max_hold):
                    return await function(*args, **kwargs)

            return call

        return decorate

    # --- the rest -----------------------------------------------------------------------------

    async def close(self) -> None:
        """Close its connections; locks that are held run out. It can be used again afterwards."""
        hub, self._hub = self._hub, None
        if hub is not None and _is_here(hub) and _hubs.leave(hub):
            await hub.close()

    async def __aenter__(self) -> AsyncLocker:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _hub_here(self) -> Hub:
        hub = self._hub
        if hub is None or not _is_here(hub):
            hub = self._hub = _hubs.join((os.getpid(), asyncio.get_running_loop(), *self._key), self._new_hub)
        return hub

    def _new_hub(self) -> Hub:
        return Hub(self._pool, self._namespace, self._service, self._timeout)

    def _template_of(self, name: str) -> str:
        # Made before the lock is asked for: should it fail, nothing is held.
        return "" if self._observer is None else self._template(name)

    def _handle(
        self, hub: Hub, lease: Lease, terms: Terms, template: str, on_lost: Callable[[AsyncLock], object] | None
    ) -> AsyncLock:
        lock = AsyncLock(hub, lease, on_lost=on_lost, observer=self._observer, template=template)
        if terms.keep_alive or on_lost is not None:
            lock._watch(renew=terms.keep_alive, max_hold=terms.max_hold)
        return lock


def _is_here(hub: Hub) -> bool:
    return hub.loop is asyncio.get_running_loop() and hub.pid == os.getpid()
