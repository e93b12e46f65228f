"""What a lock that was won can do, and what becomes of it."""

from __future__ import annotations

import asyncio
import os
import socket
import time

import pytest

from conformance.locks.driver import Held, ThreadedLock, World, conformance, in_thread
from conformance.locks.proxy import RedisProxy, named
from ticketctl.errors import LockBackendError, LockLostError, LockNotOwnedError

pytestmark = pytest.mark.integration
LEASE = "lock:{seat}"


async def lapse(world: World, lock: Held) -> Held:
    """Let a lock's time run out, and somebody else have it."""
    await asyncio.sleep(lock.remaining())
    return await world.locks().acquire("seat")


@conformance
async def test_what_a_handle_says(world: World) -> None:
    lock = await world.locks(service="checkout").acquire("seat", ttl=5)
    assert (lock.name, lock.ttl, lock.lost) == ("seat", 5, False)
    assert 4.5 < lock.remaining() <= 4.95  # a hundredth is left for clocks that run at different speed
    lock.check()
    token, fence, since, owner = (await world.lease("seat") or "").split(" ", 3)
    assert (token, int(fence)) == (lock.token, lock.fence)
    assert abs(int(since) / 1e6 - time.time()) < 60
    assert owner == f'{{"host":"{socket.gethostname()}","pid":{os.getpid()},"service":"checkout"}}'
    await lock.release()
    assert (lock.lost, lock.remaining()) == (False, 0)
    assert "released" in repr(lock)


@conformance
async def test_it_is_extended_by_what_it_was_won_for_or_by_what_is_asked(world: World) -> None:
    lock = await world.locks().acquire("seat", ttl=2)
    await asyncio.sleep(0.2)
    assert lock.remaining() < 1.8
    await lock.extend()
    assert lock.remaining() > 1.9
    await lock.extend(30)
    assert (lock.ttl, lock.remaining() > 29) == (30, True)
    assert 29_000 < await world.redis.pttl(LEASE) <= 30_000
    await lock.extend()
    assert lock.remaining() > 29
    await lock.extend(0.3)
    assert await world.redis.pttl(LEASE) <= 300
    await asyncio.sleep(0.3)
    assert lock.lost
    for ttl in (0, -1, 1e9):
        with pytest.raises(LockLostError):
            await lock.extend(ttl)


@conformance
async def test_extending_asks_for_a_time_that_can_be(world: World) -> None:
    lock = await world.locks().acquire("seat")
    for ttl in (0, -1, 1e9, float("nan")):
        with pytest.raises(ValueError, match=r"ttl must be from 0\.05 s to 7 days"):
            await lock.extend(ttl)
    lock.check()
    await lock.release()


@conformance
async def test_it_is_released_once(world: World) -> None:
    lock = await world.locks().acquire("seat")
    await lock.release()
    other = await world.locks().acquire("seat")
    for again in (lock.release, lock.extend):
        with pytest.raises(LockNotOwnedError, match="the lock 'seat' was released before") as caught:
            await again()
        assert not isinstance(caught.value, LockLostError)
        assert (caught.value.name, caught.value.fence) == ("seat", lock.fence)
    with pytest.raises(LockNotOwnedError):
        lock.check()
    with pytest.raises(LockNotOwnedError):
        async with lock:
            pytest.fail("it holds nothing")
    other.check()
    await other.release()


@conformance
async def test_one_that_ran_out_is_lost(world: World) -> None:
    lock = await world.locks().acquire("seat", ttl=0.2)
    other = await lapse(world, lock)
    value = await world.lease("seat")
    assert (lock.lost, lock.remaining()) == (True, 0)
    with pytest.raises(LockLostError) as caught:
        lock.check()
    assert (caught.value.name, caught.value.fence, caught.value.reason) == ("seat", lock.fence, "expired")
    with pytest.raises(LockLostError):
        await lock.extend()
    with pytest.raises(LockLostError):
        await lock.release()
    with pytest.raises(LockNotOwnedError):
        await lock.release()
    # What belongs to its next holder stayed as it was.
    assert await world.lease("seat") == value
    assert await world.redis.pttl(LEASE) > 9_000
    await other.release()


@conformance
async def test_one_whose_time_is_over_is_lost_even_while_the_server_still_has_it(world: World) -> None:
    """A server whose clock is slow: whoever worked on was not sure of the lock any more."""
    lock = await world.locks().acquire("seat", ttl=0.2)
    await world.redis.pexpire(LEASE, 60_000)
    await asyncio.sleep(0.25)
    with pytest.raises(LockLostError) as caught:
        await lock.release()
    assert caught.value.reason == "expired"
    assert await world.left_behind() == []
    with pytest.raises(LockLostError):
        await overslept(world)
    assert await world.left_behind() == []


async def overslept(world: World) -> None:
    async with await world.locks().acquire("seat", ttl=0.2):
        await world.redis.pexpire(LEASE, 60_000)
        time.sleep(0.25)  # the loop hears of nothing meanwhile


@conformance
async def test_one_that_the_server_does_not_know_is_lost(world: World) -> None:
    for act in ("extend", "release"):
        lock = await world.locks().acquire("seat")
        await world.redis.set(LEASE, "somebody else's")
        assert not lock.lost  # nobody has said so yet
        with pytest.raises(LockLostError) as caught:
            await getattr(lock, act)()
        assert caught.value.reason == "taken"
        assert await world.lease("seat") == "somebody else's"
        assert await world.redis.pttl(LEASE) == -1
        await world.redis.delete(LEASE)


@conformance
async def test_a_token_that_another_one_begins_with_is_not_it(world: World) -> None:
    lock = await world.locks().acquire("seat")
    await world.redis.set(LEASE, f"{lock.token}0 1 1 {{}}")
    for act in (lock.extend, lock.release):
        with pytest.raises(LockLostError):
            await act()
    assert await world.redis.exists(LEASE)


@conformance
async def test_any_task_or_thread_may_use_it(world: World) -> None:
    """With threads every call of this suite runs in another one; here it is the handle that moves on."""
    locks = world.locks()
    lock = await locks.acquire("seat")
    handed_on = asyncio.Queue[Held]()

    async def finish() -> None:
        taken = await handed_on.get()
        taken.check()
        await taken.extend(20)
        await taken.release()

    finishing = asyncio.create_task(finish())
    await handed_on.put(lock)
    await finishing
    with pytest.raises(LockNotOwnedError):
        lock.check()
    if isinstance(lock, ThreadedLock):
        again = await locks.acquire("seat")
        assert isinstance(again, ThreadedLock)
        await in_thread(again.lock.__enter__)
        await in_thread(again.lock.__exit__, None, None, None)
    assert await world.left_behind() == []


@conformance
async def test_a_release_whose_answer_was_lost_is_a_release(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    lock = await locks.acquire("seat")
    cut = proxy.cut("after", 1, named("EVALSHA"))
    await lock.release()
    assert cut.happened.is_set()
    assert await world.left_behind() == []


@conformance
async def test_a_release_that_nobody_answered_can_be_tried_again(world: World, proxy: RedisProxy) -> None:
    """It may have been carried out: whoever believed to hold the lock would be wrong."""
    locks = world.locks(port=proxy.port)
    lock = await locks.acquire("seat")
    for number in (1, 1):
        proxy.cut("after", number, named("EVALSHA"))
    with pytest.raises(LockBackendError) as caught:
        await lock.release()
    assert (caught.value.name, caught.value.outcome) == ("seat", "unknown")
    assert await world.left_behind() == []
    assert lock.remaining() == 0
    await lock.release()
    with pytest.raises(LockNotOwnedError):
        await lock.release()


@conformance
async def test_an_extension_whose_answer_was_lost_is_asked_for_again(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    lock = await locks.acquire("seat", ttl=2)
    proxy.cut("after", 1, named("EVALSHA"))
    await lock.extend(30)
    assert lock.remaining() > 29
    for moment in ("before", "before"):
        proxy.cut(moment, 1, named("EVALSHA"))
    with pytest.raises(LockBackendError) as caught:
        await lock.extend(60)
    assert caught.value.outcome == "unknown"
    assert 20 < lock.remaining() <= 30
    lock.check()
    await lock.release()


@conformance
async def test_an_acquisition_whose_answer_was_lost_is_ones_own(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    await (await locks.acquire("warm-up")).release()
    for win in (locks.try_acquire, locks.acquire):
        cut = proxy.cut("after", 1, named("EVALSHA"))
        lock = await win("seat")
        assert cut.happened.is_set()
        assert lock is not None
        lock.check()
        await lock.release()
        assert await world.left_behind() == []


@conformance
async def test_validity_counts_from_before_it_was_asked_for(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    await (await locks.acquire("warm-up")).release()
    proxy.delay(replies=0.3)
    for win in (locks.try_acquire, locks.acquire):
        lock = await win("seat", ttl=3)
        assert lock is not None
        assert lock.remaining() < 3 * 0.99 - 0.3
        await lock.extend()
        assert lock.remaining() < 3 * 0.99 - 0.3
        await lock.release()


@conformance
async def test_what_arrives_after_its_time_is_refused(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    await (await locks.acquire("warm-up")).release()
    proxy.delay(replies=0.3)
    with pytest.raises(LockBackendError, match="was over when the answer came") as caught:
        await locks.try_acquire("seat", ttl=0.2)
    assert caught.value.outcome == "refused"
    with pytest.raises(LockBackendError):
        await locks.acquire("seat", ttl=0.2, wait_timeout=1)
    proxy.delay()
    assert await world.left_behind() == []
