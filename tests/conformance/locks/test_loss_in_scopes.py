"""Loss where other things cancel, too: time limits and groups of tasks, inside and outside, and locks in locks."""

from __future__ import annotations

import asyncio

import pytest

from conformance.locks.driver import World, aio_only
from conformance.locks.tasks import SHORT, BodyError, discover, inside, locker_of, outcome, outlive, sleep_long
from ticketctl.errors import LockLostError
from ticketctl.locks import AsyncLock

pytestmark = pytest.mark.integration


@aio_only
async def test_a_time_limit_outside(world: World) -> None:
    async def limited(lock: AsyncLock, limit: float, *, lose: bool = False) -> None:
        async with asyncio.timeout(limit) as timeout:
            async with lock:
                if lose:
                    await outlive(lock)
                    timeout.reschedule(asyncio.get_running_loop().time())
                await sleep_long()

    locker = locker_of(world)
    assert isinstance(await outcome(limited(await locker.acquire("seat"), 0.1)), TimeoutError)
    assert await world.left_behind() == []
    assert isinstance(await outcome(limited(await locker.acquire("seat", ttl=SHORT), 10)), LockLostError)
    error = await outcome(limited(await locker.acquire("seat", ttl=SHORT), 10, lose=True))
    assert isinstance(error, TimeoutError)


@aio_only
async def test_a_time_limit_inside(world: World) -> None:
    async def limited(lock: AsyncLock, limit: float, *, late: bool = False) -> None:
        async with lock, asyncio.timeout(limit) as timeout:
            if late:
                await outlive(lock)
                timeout.reschedule(asyncio.get_running_loop().time())
            await sleep_long()

    locker = locker_of(world)
    assert isinstance(await outcome(limited(await locker.acquire("seat"), 0.1)), TimeoutError)
    assert await world.left_behind() == []
    assert isinstance(await outcome(limited(await locker.acquire("seat", ttl=SHORT), 10)), LockLostError)
    assert isinstance(await outcome(limited(await locker.acquire("seat", ttl=SHORT), 10, late=True)), LockLostError)


@aio_only
async def test_a_group_of_tasks_inside_ends_with_the_lock(world: World) -> None:
    ended = list[str]()

    async def child() -> None:
        try:
            await sleep_long()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(child())

    lock = await locker_of(world).acquire("seat", ttl=SHORT)
    assert isinstance(await outcome(inside(lock, body)), LockLostError)
    assert ended == ["cancelled", "cancelled"]


@aio_only
async def test_a_group_that_fails_by_itself_fails_as_ever(world: World) -> None:
    async def fail() -> None:
        raise BodyError

    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(sleep_long())

    for ttl in (10, SHORT):
        error = await outcome(inside(await locker_of(world).acquire("seat", ttl=ttl), body))
        assert isinstance(error, ExceptionGroup)
        assert error.subgroup(BodyError)
        await asyncio.sleep(SHORT)


@aio_only
async def test_a_member_of_a_group_that_loses_its_lock_fails_the_group(world: World) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT)

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(inside(lock, sleep_long))
            group.create_task(sleep_long())

    error = await outcome(run())
    assert isinstance(error, ExceptionGroup)
    assert isinstance(error.exceptions[0], LockLostError)


@aio_only
@pytest.mark.parametrize("first", ["outer", "inner", "both"])
async def test_nested_locks_that_are_lost_at_different_times(world: World, first: str) -> None:
    locker = locker_of(world)
    long = SHORT if first == "both" else 5
    outer = await locker.acquire("outer", ttl=SHORT if first == "outer" else long)
    inner = await locker.acquire("inner", ttl=SHORT if first == "inner" else long)

    async def run() -> None:
        async with outer, inner:
            await sleep_long()

    error = await outcome(run())
    assert isinstance(error, LockLostError)
    assert error.name == "inner" if first == "inner" else "outer"
    assert await world.left_behind() == []


@aio_only
async def test_the_outer_one_is_lost_while_the_inner_one_is_left(world: World) -> None:
    locker = locker_of(world)
    outer = await locker.acquire("outer", ttl=2 * SHORT)
    inner = await locker.acquire("inner", ttl=SHORT)

    async def run() -> None:
        async with outer, inner:
            try:
                await sleep_long()
            finally:
                await discover(outer)

    error = await outcome(run())
    assert isinstance(error, LockLostError)
    assert await world.left_behind() == []
