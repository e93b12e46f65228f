"""L5: whatever is lost or timed out, wherever: nothing stays behind, and nobody is told a wrong thing.

What is cancelled is in `test_cancellation`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from conformance.locks.driver import Locks, World, conformance, eventually
from conformance.locks.proxy import Moment, RedisProxy, Request, named
from ticketctl.errors import LockBackendError, LockNotAcquiredError

pytestmark = pytest.mark.integration
MOMENTS: tuple[Moment, ...] = ("before", "after")
TTL = 30.0  # nothing here is gone because its time is over

Scenario = Callable[[Locks, Locks, World], Awaitable[None]]
run_script = named("EVALSHA", "EVAL")


def matters(request: Request) -> bool:
    """Leave out what the driver says of itself when it connects."""
    return request.name not in ("CLIENT", "HELLO")


async def alone(locks: Locks, _other: Locks, _world: World) -> None:
    lock = await locks.acquire("seat", TTL)
    await lock.extend()
    lock.check()
    await lock.release()


async def at_once(locks: Locks, _other: Locks, _world: World) -> None:
    lock = await locks.try_acquire("seat", TTL)
    assert lock is not None, "it was free, so it is its own"
    await lock.release()


async def handed_over(locks: Locks, other: Locks, world: World) -> None:
    """Wait for somebody else, be handed the lock, hand it back."""
    holder = await other.acquire("seat", TTL)
    waiting = asyncio.create_task(locks.acquire("seat", TTL))
    await world.queued("seat", 1)
    await holder.release()
    lock = await waiting
    back = asyncio.create_task(other.acquire("seat", TTL))
    await world.queued("seat", 1)
    await lock.release()
    await (await back).release()


async def passed_on(locks: Locks, _other: Locks, _world: World) -> None:
    """Wait for somebody of the same process."""
    lock = await locks.acquire("seat", TTL)
    waiting = asyncio.create_task(locks.acquire("seat", TTL))
    await asyncio.sleep(0.02)
    await lock.release()
    await (await waiting).release()


@pytest.mark.parametrize("scenario", [alone, at_once, handed_over, passed_on], ids=lambda scenario: scenario.__name__)
@conformance
async def test_one_lost_command_or_answer_is_not_noticed(world: World, proxy: RedisProxy, scenario: Scenario) -> None:
    """One after the other is lost: the question is asked again, and the lock that it won is its own, not busy."""
    cuts = [proxy.cut("after", 10_000, matters)]
    await scenario(world.locks(port=proxy.port), world.locks(), world)
    for number in range(1, cuts[0].seen + 1):
        for moment in MOMENTS:
            await world.redis.flushall()
            await world.redis.script_flush()
            locks = world.locks(port=proxy.port)
            cut = proxy.cut(moment, number, matters)
            async with asyncio.timeout(10):
                await scenario(locks, world.locks(), world)
            assert cut.happened.is_set()
            assert await world.left_behind() == [], f"{moment} {number}: {proxy.requests[-3:]}"
            await locks.close()


@conformance
async def test_an_acquire_whose_answers_are_all_lost_is_unknown_and_runs_out(world: World, proxy: RedisProxy) -> None:
    for ask in ("try_acquire", "acquire"):
        locks = world.locks(port=proxy.port)
        await (await locks.acquire("before", TTL)).release()
        proxy.cut("after", 1, run_script)
        proxy.refuse()
        options = {"wait_timeout": 0.5} if ask == "acquire" else {}
        with pytest.raises(LockBackendError) as caught:
            await getattr(locks, ask)("seat", 1.0, **options)
        assert caught.value.outcome == "unknown"
        assert await world.redis.exists("lock:{seat}")  # carried out
        await eventually(world.left_behind, [], 1 + 2)
        proxy.refuse(False)
        await (await locks.acquire("seat", TTL, 2.0)).release()


@conformance
async def test_a_release_whose_answers_are_all_lost_is_unknown_and_can_be_tried_again(
    world: World, proxy: RedisProxy
) -> None:
    locks = world.locks(port=proxy.port)
    for carried_out in (True, False):
        lock = await locks.acquire("seat", TTL)
        proxy.cut("after" if carried_out else "before", 1, run_script)
        proxy.refuse()
        with pytest.raises(LockBackendError) as caught:
            await lock.release()
        assert caught.value.outcome == "unknown"
        assert bool(await world.left_behind()) is not carried_out
        proxy.refuse(False)
        await lock.release()
        assert await world.left_behind() == []


@conformance
async def test_a_shorter_extension_whose_answer_is_lost_is_believed_to_be_carried_out(
    world: World, proxy: RedisProxy
) -> None:
    """The server may have shortened the lease: a holder that goes on believing in the longer one is not alone."""
    locks, other = world.locks(port=proxy.port), world.locks()
    lock = await locks.acquire("seat", TTL)
    proxy.cut("after", 1, run_script)
    proxy.refuse()
    with pytest.raises(LockBackendError):
        await lock.extend(0.5)
    assert lock.remaining() <= 0.5
    next_one = await other.acquire("seat", TTL, 0.5 + 2)
    assert lock.lost
    await next_one.release()


@conformance
async def test_who_waited_in_vain_is_not_in_the_queue(world: World) -> None:
    locks, other = world.locks(), world.locks()
    holder = await other.acquire("seat", TTL)
    began = time.monotonic()
    results = await asyncio.gather(
        *(locks.acquire("seat", TTL, seconds) for seconds in (0, 0.2, 0.3)), return_exceptions=True
    )
    assert time.monotonic() - began < 0.3 + 2
    assert [type(result) for result in results] == [LockNotAcquiredError] * 3
    await eventually(world.left_behind, ["lock:{seat}"])
    await holder.release()
    assert await world.left_behind() == []


@conformance
async def test_who_gives_up_when_it_is_handed_the_lock_does_not_keep_it(world: World) -> None:
    """Time-outs are spread over the moment of the hand-over."""
    locks, other = world.locks(), world.locks()
    for number in range(20):
        holder = await other.acquire("seat", TTL)
        waiting = asyncio.create_task(locks.acquire("seat", TTL, 0.03 + number / 4000))
        await asyncio.sleep(0.03)
        await holder.release()
        try:
            await (await waiting).release()
        except LockNotAcquiredError:
            await eventually(world.left_behind, [], 0.5)
        assert await world.left_behind() == []
