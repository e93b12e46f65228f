"""Cancel at every await of every operation, one after the other, in the very step: nothing stays behind.

Two cancels are tried at each await: one while the answer is not there, and one when it is there and the task has not
been woken yet, which is where an answer gets lost. One round trip later nothing may be left: what undoes an acquire
follows it on the same connection, so that a PING on that connection is answered behind it.
"""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from conformance.locks.driver import World, aio_only, eventually
from conformance.locks.proxy import RedisProxy, named
from conformance.locks.sweep import MOMENTS, TTL, CancelledAt, Moment, Scene, cancelled_at, round_trip, sweep
from conformance.locks.tasks import in_task, locker_of
from ticketctl.locks import AsyncLocker

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("warm", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("how", ["acquire", "try_acquire", "async with"])
@aio_only
async def test_winning_a_free_lock(world: World, how: str, warm: bool) -> None:
    async def through_a_block(locker: AsyncLocker) -> None:
        async with locker.acquire("seat", TTL) as lock:
            await asyncio.sleep(0)
            lock.check()

    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        if warm:
            await (await scene.held(scene.locker)).release()
        if how == "async with":
            return await cancelled_at(through_a_block(scene.locker), step, moment)
        return await cancelled_at(getattr(scene.locker, how)("seat", TTL), step, moment)

    await sweep(world, run, 1 + (not warm) + 2 * (how == "async with"))


@aio_only
async def test_asking_for_one_that_is_held(world: World) -> None:
    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        async with scene.released_when_waited_for(scene.other, 1):
            return await cancelled_at(scene.locker.try_acquire("seat", TTL), step, moment)

    await sweep(world, run, 2)


@pytest.mark.parametrize("warm", [False, True], ids=["first", "later"])
@aio_only
async def test_waiting_until_another_process_hands_it_over(world: World, warm: bool) -> None:
    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        if warm:
            await (await scene.held(scene.locker)).release()
        async with scene.released_when_waited_for(scene.other, 1):
            return await cancelled_at(scene.held(scene.locker), step, moment)

    # Asked, listened, asked again, woken, claimed.
    await sweep(world, run, 5 + (not warm))


@aio_only
async def test_waiting_until_the_own_process_passes_it_on(world: World) -> None:
    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        async with scene.released_when_waited_for(scene.locker, 0):
            return await cancelled_at(scene.held(scene.locker), step, moment)

    await sweep(world, run, 1)


@aio_only
async def test_waiting_before_others_of_the_own_process(world: World) -> None:
    """Whoever stands behind one who is cancelled has it all the same."""

    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        async with scene.released_when_waited_for(scene.other, 1):
            first = asyncio.create_task(cancelled_at(scene.held(scene.locker), step, moment))
            await asyncio.sleep(0)
            second = asyncio.create_task(scene.held(scene.locker))
            cancelled = await first
        await (await second).release()
        return cancelled

    await sweep(world, run, 5)


@pytest.mark.parametrize("waits", ["nobody", "here", "elsewhere"])
@aio_only
async def test_releasing(world: World, waits: str) -> None:
    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        lock = await scene.held(scene.locker)
        others = []
        if waits != "nobody":
            others.append(asyncio.create_task(scene.held(scene.locker if waits == "here" else scene.other)))
            await asyncio.sleep(0)
            if waits == "elsewhere":
                await world.queued("seat", 1)
        cancelled = CancelledAt(lock.release(), step, moment)
        with contextlib.suppress(asyncio.CancelledError):
            await in_task(cancelled)
        assert lock.remaining() == 0
        assert not lock.lost
        for other in others:
            await (await other).release()
        return cancelled

    await sweep(world, run, 1)


@aio_only
async def test_releasing_again_what_was_cancelled_is_no_loss(world: World) -> None:
    told = list[object]()

    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        lock = await scene.locker.acquire("seat", TTL, on_lost=told.append)
        cancelled = CancelledAt(lock.release(), step, moment)
        try:
            await in_task(cancelled)
        except asyncio.CancelledError:
            await lock.release()
        return cancelled

    await sweep(world, run, 1)
    assert told == []


@aio_only
async def test_a_release_that_is_cancelled_is_still_seen_to_its_end(world: World, proxy: RedisProxy) -> None:
    """Its command was lost: it is sent again, although nobody waits for that any more."""
    locker = locker_of(world, port=proxy.port)
    lock = await locker.acquire("seat", TTL)
    cut = proxy.cut("before", 1, named("EVALSHA"))
    task = in_task(lock.release())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(world.left_behind, [], 2)
    assert cut.happened.is_set()


@aio_only
async def test_extending(world: World) -> None:
    async def run(scene: Scene, step: int, moment: Moment) -> CancelledAt:
        lock = await scene.held(scene.locker)
        cancelled = CancelledAt(lock.extend(2 * TTL), step, moment)
        with contextlib.suppress(asyncio.CancelledError):
            await in_task(cancelled)
        lock.check()
        await round_trip(scene.locker)
        # What it believes is never more than what the server knows.
        assert lock.remaining() * 1000 <= await world.redis.pttl("lock:{seat}")
        await lock.release()
        return cancelled

    await sweep(world, run, 1)


@aio_only
async def test_a_crowd_in_which_every_other_one_is_cancelled_at_some_point(world: World) -> None:
    lockers, inside = [locker_of(world) for _ in range(2)], 0

    async def use(number: int) -> None:
        nonlocal inside
        lock = await lockers[number % 2].acquire("seat", TTL, 10)
        inside += 1
        assert inside == 1
        await asyncio.sleep(0.001)
        inside -= 1
        await lock.release()

    async def one(number: int) -> None:
        if number % 3:
            await use(number)
        else:
            cancelled = CancelledAt(lockers[number % 2].acquire("seat", TTL, 10), number % 7, MOMENTS[number % 2])
            with contextlib.suppress(asyncio.CancelledError):
                await (await cancelled).release()

    async with asyncio.TaskGroup() as group:
        for number in range(60):
            group.create_task(one(number))
    for locker in lockers:
        await round_trip(locker)
    await eventually(world.left_behind, [], 0.5)
