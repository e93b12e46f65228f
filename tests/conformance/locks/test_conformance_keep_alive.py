"""Locks that are renewed, and those that are lost all the same."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from typing import Any

import pytest

from conformance.locks.driver import World, conformance, eventually
from conformance.locks.proxy import RedisProxy, named
from ticketctl.errors import LockLostError, LockNotOwnedError

pytestmark = pytest.mark.integration
LEASE = "lock:{seat}"
TTL = 0.3


@conformance
async def test_it_is_held_until_it_is_released(world: World) -> None:
    told = list[object]()
    lock = await world.locks().acquire("seat", ttl=TTL, keep_alive=True, on_lost=told.append)
    other = world.locks()
    end = time.monotonic() + 4 * TTL
    while time.monotonic() < end:
        assert lock.remaining() > TTL / 4
        assert await other.try_acquire("seat") is None
        await asyncio.sleep(0.05)
    await lock.release()
    await asyncio.sleep(TTL)  # nothing brings it back
    assert await world.left_behind() == []
    assert told == []


@conformance
async def test_renewing_begins_after_a_third(world: World, proxy: RedisProxy) -> None:
    lock = await world.locks(port=proxy.port).acquire("seat", ttl=1.2, keep_alive=True)
    won = proxy.requests[-1].at
    await asyncio.sleep(1.3)
    renewals = [request.at - won for request in proxy.requests if request.at > won]
    assert [round(at / 0.4, 1) for at in renewals] == [pytest.approx(part, abs=0.4) for part in (1, 2, 3)]
    await lock.release()


@conformance
async def test_the_one_that_waited_is_kept_alive_too(world: World) -> None:
    holder = await world.locks().acquire("seat")
    waiting = asyncio.create_task(world.locks().acquire("seat", ttl=TTL, keep_alive=True))
    await world.queued("seat", 1)
    await holder.release()
    lock = await waiting
    await asyncio.sleep(2 * TTL)
    lock.check()
    await lock.release()


@conformance
async def test_loss_is_told_once(world: World) -> None:
    """By whatever is noticed first; and what asks afterwards hears the same."""
    told = list[Any]()
    lock = await world.locks().acquire("seat", ttl=TTL, keep_alive=True, on_lost=told.append)
    await world.redis.set(LEASE, "somebody else's")
    await eventually(lambda: len(told), 1, TTL)
    assert (told[0].name, told[0].fence, told[0].lost) == ("seat", lock.fence, True)
    assert (lock.lost, lock.remaining()) == (True, 0)
    with pytest.raises(LockLostError, match="the server does not know this holder any more") as caught:
        lock.check()
    assert caught.value.reason == "taken"
    for act in (lock.extend, lock.release):
        with pytest.raises(LockLostError):
            await act()
    with pytest.raises(LockNotOwnedError):
        await lock.release()
    await asyncio.sleep(TTL)
    assert len(told) == 1
    assert await world.lease("seat") == "somebody else's"


@conformance
async def test_one_that_is_not_renewed_tells_of_its_end_as_well(world: World) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    lock = await world.locks().acquire("seat", ttl=TTL, on_lost=lambda _: loop.call_soon_threadsafe(told.set))
    await told.wait()
    assert TTL * 0.98 < time.monotonic() - began < TTL + 0.1
    with pytest.raises(LockLostError) as caught:
        lock.check()
    assert caught.value.reason == "expired"


@conformance
async def test_one_that_was_found_to_be_lost_tells_so(world: World) -> None:
    told = list[object]()
    for act in ("check", "extend", "release"):
        lock = await world.locks().acquire("seat", ttl=20, on_lost=told.append)
        await world.redis.delete(LEASE)
        with pytest.raises(LockLostError):
            await getattr(lock, "extend" if act == "check" else act)()
    assert len(told) == 3


@conformance
async def test_a_callback_that_fails_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("no")

    locks = world.locks()
    lost, kept = [
        await locks.acquire(name, ttl=TTL, keep_alive=name == "kept", on_lost=fail) for name in ("lost", "kept")
    ]
    await asyncio.sleep(2 * TTL)
    with pytest.raises(LockLostError):
        lost.check()
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        "on_lost of the lock lost failed"
    ]
    kept.check()  # what renews goes on
    await kept.release()


@conformance
async def test_a_callback_may_use_its_lock(world: World) -> None:
    """Where it cannot wait it can at least look; with threads, it can do all of it."""
    seen = list[object]()

    def look(lock: Any) -> None:
        seen.append((lock.lost, lock.remaining(), threading.current_thread() is threading.main_thread()))

    await world.locks().acquire("seat", ttl=TTL, on_lost=look)
    await eventually(lambda: seen, [(True, 0, world.kind == "asyncio")], 2)


@conformance
async def test_it_is_not_held_for_longer_than_it_may(world: World) -> None:
    for ttl in (TTL, 0.7):
        began = time.monotonic()
        lock = await world.locks().acquire("seat", ttl=ttl, keep_alive=True, max_hold=0.7)
        other = await world.locks().acquire("seat")
        assert 0.65 < time.monotonic() - began < 0.7 + 0.4
        with pytest.raises(LockLostError, match="it was held for as long as `max_hold` allows") as caught:
            lock.check()
        assert caught.value.reason == "max_hold"
        await other.release()


@conformance
async def test_no_limit_is_no_limit(world: World) -> None:
    lock = await world.locks().acquire("seat", ttl=TTL, keep_alive=True, max_hold=math.inf)
    await asyncio.sleep(2 * TTL)
    await lock.release()


@conformance
async def test_an_extension_by_hand_moves_the_end(world: World) -> None:
    told = list[object]()
    locks = world.locks()
    lock = await locks.acquire("seat", ttl=TTL, on_lost=told.append)
    await lock.extend(3 * TTL)
    await asyncio.sleep(2 * TTL)
    assert (told, lock.lost) == ([], False)
    await asyncio.sleep(1.2 * TTL)
    assert len(told) == 1


@conformance
async def test_a_shorter_extension_is_lost_or_renewed_in_its_own_time(world: World) -> None:
    told = list[object]()
    locks = world.locks()
    await (await locks.acquire("plain", ttl=20, on_lost=told.append)).extend(TTL)
    kept = await locks.acquire("kept", ttl=20, keep_alive=True, on_lost=told.append)
    await kept.extend(TTL)
    await eventually(lambda: len(told), 1, 2 * TTL)
    await asyncio.sleep(2 * TTL)
    assert len(told) == 1
    kept.check()
    await kept.release()


@conformance
async def test_one_renewal_that_fails_costs_nothing(
    world: World, proxy: RedisProxy, caplog: pytest.LogCaptureFixture
) -> None:
    locks = world.locks(port=proxy.port)
    kept = [await locks.acquire(name, ttl=0.9, keep_alive=True) for name in "abc"]
    cut = proxy.cut("before", 2, named("EVALSHA"))
    await asyncio.sleep(1.2)
    assert cut.happened.is_set()
    assert any("renewed in time, trying again" in record.message for record in caplog.records)
    for lock in kept:
        lock.check()
        await lock.release()


@conformance
async def test_all_renewals_of_a_process_go_one_way(world: World, proxy: RedisProxy) -> None:
    """And by one thread or timer: a connection or thread for each would end a process that has ten thousand."""
    locks = world.locks(port=proxy.port)
    kept = await asyncio.gather(*(locks.acquire(f"seat:{n}", ttl=1.5, keep_alive=True) for n in range(50)))
    won, threads = len(proxy.requests), threading.active_count()
    await eventually(lambda: len({request.words[3] for request in proxy.requests[won:]}), 50)
    assert {request.connection for request in proxy.requests} == {1}
    assert threading.active_count() <= threads
    for lock in kept:
        lock.check()
        await lock.release()
