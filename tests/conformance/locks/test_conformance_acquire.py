"""How a lock is won, waited for and handed on."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from conformance.locks.driver import Held, Locks, World, conformance, eventually
from ticketctl.errors import LockNotAcquiredError

pytestmark = pytest.mark.integration


async def fetch(locks: Locks, order: list[str], who: str, inside: float = 0.0, **options: object) -> None:
    """Acquire, note who it was, stay, release."""
    lock = await locks.acquire("seat", **options)
    order.append(who)
    await asyncio.sleep(inside)
    await lock.release()


@conformance
async def test_a_free_lock_is_won_at_once(world: World) -> None:
    locks = world.locks()
    first = await locks.try_acquire("seat")
    assert first is not None
    await first.release()
    second = await locks.acquire("seat")
    assert second.fence > first.fence
    assert second.token != first.token
    await second.release()
    assert await world.left_behind() == []


@conformance
async def test_a_lock_that_is_held_is_nobody_elses(world: World) -> None:
    mine, theirs = world.locks(), world.locks()
    lock = await mine.try_acquire("seat", 10)
    assert lock is not None
    for locks in (mine, theirs):
        assert await locks.try_acquire("seat") is None
    assert await theirs.try_acquire("another seat".replace(" ", "-")) is not None
    await lock.release()
    assert await theirs.try_acquire("seat") is not None


@conformance
@pytest.mark.parametrize("how", ["wins", "gives up"])
async def test_who_waits_for_another_lock_is_told_when_one_has_left(world: World, how: str) -> None:
    """Of those who wait in a process one reads the messages of all."""
    holder, here = world.locks(), world.locks()
    names = ("first", "second", "third")
    held = {name: await holder.acquire(name) for name in names}
    waiting: dict[str, asyncio.Task[Held]] = {}
    for name in names:
        patience = 0.3 if (name, how) == ("first", "gives up") else 10.0
        waiting[name] = asyncio.create_task(here.acquire(name, wait_timeout=patience))
        await world.queued(name, 1)
    if how == "gives up":
        with pytest.raises(LockNotAcquiredError):
            await waiting["first"]
    for name in names if how == "wins" else names[1:]:
        # All look again on their own after 0.6 s; not yet.
        await held[name].release()
        lock = await asyncio.wait_for(asyncio.shield(waiting[name]), 0.25)
        await lock.release()


@conformance
async def test_who_waits_has_it_as_soon_as_it_is_released(world: World) -> None:
    for other in (world.locks(), world.locks()):
        holder = await other.acquire("seat")
        waiting = asyncio.create_task(world.locks().acquire("seat"))
        await world.queued("seat", 1)
        began = time.monotonic()
        await holder.release()
        lock = await waiting
        assert time.monotonic() - began < 0.3  # told; who only looks again finds it after 0.6 s at best
        assert lock.fence > holder.fence
        # What it was handed is a short lease; entering made a whole one of it.
        assert await world.redis.pttl("lock:{seat}") > 9_000
        assert 9 < lock.remaining() <= 10
        await lock.release()
    assert await world.left_behind() == []


@conformance
async def test_waiting_ends_in_time_and_leaves_nothing(world: World) -> None:
    mine, theirs = world.locks(), world.locks()
    lock = await mine.acquire("seat")
    for locks in (mine, theirs):
        began = time.monotonic()
        with pytest.raises(LockNotAcquiredError, match=r"the lock 'seat' was not free within 0\.\d+ s") as caught:
            await locks.acquire("seat", wait_timeout=0.3)
        assert 0.29 < time.monotonic() - began < 1
        assert caught.value.name == "seat"
        assert 0.29 < caught.value.waited < 1
        await world.queued("seat", 0)
    await lock.release()
    assert await world.left_behind() == []


@conformance
async def test_no_time_to_wait_asks_once(world: World) -> None:
    mine, theirs = world.locks(), world.locks()
    lock = await mine.acquire("seat", wait_timeout=0)
    for locks in (mine, theirs):
        began = time.monotonic()
        with pytest.raises(LockNotAcquiredError):
            await locks.acquire("seat", wait_timeout=0)
        assert time.monotonic() - began < 0.5
    await lock.release()
    await (await theirs.acquire("seat", wait_timeout=0)).release()
    assert await world.left_behind() == []


@conformance
async def test_waiting_for_ever_is_waiting_as_long_as_it_takes(world: World) -> None:
    lock = await world.locks().acquire("seat")
    waiting = asyncio.create_task(world.locks().acquire("seat", wait_timeout=math.inf))
    await world.queued("seat", 1)
    await lock.release()
    await (await waiting).release()


@conformance
async def test_those_who_wait_in_one_process_come_in_order(world: World) -> None:
    locks, order = world.locks(), list[str]()
    holder = await locks.acquire("seat")
    tasks = []
    for number in range(6):
        tasks.append(asyncio.create_task(fetch(locks, order, str(number))))
        await asyncio.sleep(0.05)
    await holder.release()
    await asyncio.gather(*tasks)
    assert order == list("012345")
    assert await world.left_behind() == []


@conformance
async def test_two_processes_take_turns(world: World) -> None:
    """However many wait in each: nobody has it twice while the other waits."""
    order = list[str]()
    holder = await world.locks().acquire("seat")
    tasks = []
    for who, locks, waiters in (("a", world.locks(), 6), ("b", world.locks(), 3)):
        tasks += [asyncio.create_task(fetch(locks, order, who)) for _ in range(waiters)]
        await asyncio.sleep(0.1)
    await world.queued("seat", 2)
    await holder.release()
    await asyncio.gather(*tasks)
    assert "".join(order) == "abababaaa"
    assert await world.left_behind() == []


@conformance
async def test_who_gives_up_is_passed_over(world: World) -> None:
    mine, theirs, order = world.locks(), world.locks(), list[str]()
    holder = await mine.acquire("seat")
    early = asyncio.create_task(fetch(theirs, order, "early", wait_timeout=0.4))
    await world.queued("seat", 1)
    tasks = [asyncio.create_task(fetch(locks, order, "late")) for locks in (theirs, world.locks())]
    with pytest.raises(LockNotAcquiredError):
        await early
    began = time.monotonic()
    await holder.release()
    await asyncio.gather(*tasks)
    assert time.monotonic() - began < 0.3
    assert order == ["late", "late"]
    assert await world.left_behind() == []


@conformance
async def test_a_lock_that_is_not_released_ends_with_its_time(world: World) -> None:
    mine, theirs = world.locks(), world.locks()
    for locks in (mine, theirs):
        began = time.monotonic()
        left = await mine.acquire("seat", ttl=0.4)
        assert await locks.try_acquire("seat") is None
        lock = await locks.acquire("seat", ttl=10)
        assert 0.39 < time.monotonic() - began < 0.8
        assert lock.fence > left.fence
        await lock.release()


@conformance
@pytest.mark.parametrize("ttl", [None, 700])
async def test_what_another_program_put_there_counts_as_held(world: World, ttl: int | None) -> None:
    """A plain SET NX of old code; without a time to live, it ends when it is deleted, which tells nobody."""
    locks = world.locks()
    await world.redis.set("lock:{seat}", "4711", px=ttl)
    assert await locks.try_acquire("seat") is None
    with pytest.raises(LockNotAcquiredError):
        await locks.acquire("seat", wait_timeout=0.1)
    began = time.monotonic()
    waiting = asyncio.create_task(locks.acquire("seat", wait_timeout=2))
    await world.queued("seat", 1)
    assert await world.lease("seat") == "4711"
    if ttl is None:
        await world.redis.delete("lock:{seat}")
    lock: Held = await waiting
    assert time.monotonic() - began < 1.2
    await lock.release()
    assert await world.left_behind() == []


@conformance
async def test_a_waiter_who_is_gone_is_skipped(world: World) -> None:
    """Nobody listens where it would be told: the next one has the lock at once."""
    holder = await world.locks().acquire("seat")
    await world.redis.rpush("lock:{seat}:queue", f"{'0' * 32} lock:wake:{'0' * 16} {{}}")
    waiting = asyncio.create_task(world.locks().acquire("seat"))
    await world.queued("seat", 2)
    began = time.monotonic()
    await holder.release()
    await (await waiting).release()
    assert time.monotonic() - began < 0.3
    assert await world.left_behind() == []


@conformance
async def test_a_waiter_does_not_claim_what_it_was_handed(world: World) -> None:
    """One who listens, and does nothing: the lock goes on after the time that one has to claim it."""
    holder = await world.locks().acquire("seat")
    async with world.redis.pubsub() as deaf:
        await deaf.subscribe("lock:wake:deaf")
        await eventually(lambda: world.redis.pubsub_numsub("lock:wake:deaf"), [("lock:wake:deaf", 1)])
        await world.redis.rpush("lock:{seat}:queue", f"{'0' * 32} lock:wake:deaf {{}}")
        waiting = asyncio.create_task(world.locks().acquire("seat", wait_timeout=3))
        await world.queued("seat", 2)
        began = time.monotonic()
        await holder.release()
        assert (await world.lease("seat") or "").startswith("0" * 32)
        await (await waiting).release()
    assert 0.9 < time.monotonic() - began < 2
    assert await world.left_behind() == []
