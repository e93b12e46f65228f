"""The conformance tests: what is said about reservations is said once, and of both kinds.

A test is a coroutine that gets a `World` and whatever fixtures it names; `@conformance` runs it for threads and for
asyncio, each with Redis in front and with MySQL alone. When it is over, the history of its seats is checked.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conformance.locks.either import KINDS, Kind
from conformance.locks.servers import RedisServer
from conformance.reservations.awaited import SHORT, TTL, Desk
from conformance.reservations.inventory import Inventory
from conformance.reservations.world import FRONTS, PATIENCE, Front, Venue, World

__all__ = [
    "PATIENCE",
    "SHORT",
    "TTL",
    "Desk",
    "Venue",
    "World",
    "aio_alone",
    "aio_only",
    "alone",
    "conformance",
    "fronted",
]


@asynccontextmanager
async def world_of(kind: Kind, front: Front, inventory: Inventory, server: RedisServer) -> AsyncIterator[World]:
    """Make a world, look whether its history is right, and end it."""
    world = World(kind, front, inventory, server)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: world.complaints.append(context))
    try:
        yield world
        assert not world.complaints
        if world.checked:
            world.check()
    finally:
        await world.end()


def conformance(
    test: Callable[..., Awaitable[None]], *, kinds: tuple[Kind, ...] = KINDS, fronts: tuple[Front, ...] = FRONTS
) -> Callable[..., None]:
    """Make a test of a coroutine function; its first parameter is a `World`, the others are fixtures."""

    async def run_in_world(kind: Kind, front: Front, places: tuple[Inventory, RedisServer], fixtures: Any) -> None:
        async with asyncio.timeout(PATIENCE), world_of(kind, front, *places) as world:
            await test(world, **fixtures)

    @pytest.mark.parametrize("front", fronts)
    @pytest.mark.parametrize("kind", kinds)
    def run(
        kind: Kind, front: Front, _migrated_inventory: Inventory, redis_server: RedisServer, **fixtures: object
    ) -> None:
        asyncio.run(run_in_world(kind, front, (_migrated_inventory, redis_server), fixtures))

    own = list(inspect.signature(run).parameters.values())[:4]
    wanted = list(inspect.signature(test).parameters.values())[1:]
    run.__signature__ = inspect.Signature([*own, *wanted])  # type: ignore[attr-defined]  # pytest looks at it
    run.__name__, run.__qualname__, run.__doc__ = test.__name__, test.__qualname__, test.__doc__
    run.__module__ = test.__module__
    for mark in getattr(test, "pytestmark", []):
        run = getattr(pytest.mark, mark.name)(*mark.args, **mark.kwargs)(run)
    return run


def alone(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about MySQL, for both kinds."""
    return conformance(test, fronts=("alone",))


def aio_alone(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about tasks and MySQL."""
    return conformance(test, kinds=("asyncio",), fronts=("alone",))


def aio_only(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about tasks."""
    return conformance(test, kinds=("asyncio",))


def fronted(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about Redis, for both kinds."""
    return conformance(test, fronts=("redis",))
