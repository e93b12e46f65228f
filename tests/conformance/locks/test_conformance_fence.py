"""Fences: what a holder writes with is larger than what every earlier one wrote with."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.crc import key_slot

from conformance.locks.driver import World, conformance

pytestmark = pytest.mark.integration
FENCE = "lock:{seat}:fence"
DAY = 86_400_000


@conformance
async def test_each_is_larger_than_the_one_before_however_it_is_won(world: World) -> None:
    mine, theirs, fences = world.locks(), world.locks(), list[int]()
    for _ in range(5):
        for locks in (mine, theirs):
            lock = await locks.acquire("seat")
            waiting = [asyncio.create_task(other.acquire("seat")) for other in (mine, theirs)]
            await world.queued("seat", 1)
            await asyncio.sleep(0.01)
            fences.append(lock.fence)
            await lock.release()
            for task in asyncio.as_completed(waiting):
                next_one = await task
                fences.append(next_one.fence)
                await next_one.release()
    assert fences == sorted(set(fences))
    assert await world.redis.get(FENCE) == str(fences[-1])  # a whole number, as it is written


@conformance
async def test_it_is_about_the_time_in_microseconds(world: World) -> None:
    lock = await world.locks().acquire("seat")
    assert abs(lock.fence / 1e6 - time.time()) < 60
    await lock.release()


@conformance
async def test_it_goes_on_from_what_is_stored_where_the_clock_is_behind(world: World) -> None:
    ahead = int(time.time() * 1e6) + 10**10
    await world.redis.set(FENCE, ahead)
    locks = world.locks()
    for number in range(1, 4):
        lock = await locks.acquire("seat")
        assert lock.fence == ahead + number
        await lock.release()


@conformance
async def test_it_grows_after_everything_was_forgotten(world: World) -> None:
    locks = world.locks()
    before = await locks.acquire("seat")
    await world.redis.flushall()
    after = await world.locks().acquire("seat")
    assert after.fence > before.fence
    await after.release()


@conformance
async def test_the_least_fence_is_the_callers_to_raise(world: World) -> None:
    ahead = int(time.time() * 1e6) + 10**9
    locks = world.locks()
    for win, number in ((locks.try_acquire, 0), (locks.acquire, 1)):
        lock = await win("seat", min_fence=ahead + 10 * number)
        assert lock is not None
        assert lock.fence == ahead + 10 * number
        await lock.release()
    lock = await locks.acquire("seat", min_fence=5)
    assert lock.fence == ahead + 11
    waiting = [asyncio.create_task(other.acquire("seat", min_fence=2 * ahead)) for other in (locks, world.locks())]
    await world.queued("seat", 1)
    await asyncio.sleep(0.02)
    await lock.release()
    fences = list[int]()
    for task in asyncio.as_completed(waiting):
        handed = await task
        fences.append(handed.fence)
        await handed.release()
    assert fences[0] >= 2 * ahead
    assert fences[1] > fences[0]


@conformance
async def test_an_extension_keeps_it(world: World) -> None:
    lock = await world.locks().acquire("seat")
    fence = lock.fence
    await lock.extend(20)
    assert lock.fence == fence
    assert (await world.lease("seat") or "").split()[1] == str(fence)
    await lock.release()


@conformance
@pytest.mark.parametrize(("ttl", "kept"), [(10, DAY), (100_000, 2 * 100_000_000)])
async def test_it_is_kept_for_a_day_or_twice_the_lease(world: World, ttl: float, kept: int) -> None:
    lock = await world.locks().acquire("seat", ttl=ttl)
    assert kept - 5_000 < await world.redis.pttl(FENCE) <= kept
    await lock.release()
    assert kept - 5_000 < await world.redis.pttl(FENCE) <= kept


@conformance
async def test_all_keys_of_a_lock_carry_its_tag(world: World) -> None:
    """They are in one slot of a cluster, and whoever looks finds them."""
    holder = await world.locks().acquire("seat:7")
    waiting = asyncio.create_task(world.locks().acquire("seat:7"))
    await world.queued("seat:7", 1)
    keys = sorted([key async for key in world.redis.scan_iter()])
    assert keys == ["lock:{seat:7}", "lock:{seat:7}:fence", "lock:{seat:7}:queue"]
    assert {key_slot(key.encode()) for key in keys} == {key_slot(b"seat:7")}
    await holder.release()
    await (await waiting).release()
