"""Closing a locker: what it leaves, whom it tells, and how it goes on."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest
import redis

from conformance.locks.driver import World, conformance, eventually, in_thread
from conformance.locks.proxy import RedisProxy
from conformance.locks.servers import HOST, RedisServer
from ticketctl.errors import LockBackendError, LockLostError
from ticketctl.locks import AsyncLocker, Locker

pytestmark = pytest.mark.integration


@conformance
async def test_it_leaves_no_connection_and_no_thread(world: World, proxy: RedisProxy) -> None:
    threads = threading.active_count()
    locks, other = world.locks(port=proxy.port), world.locks()
    holder = await other.acquire("seat")
    waiting = asyncio.create_task(locks.acquire("seat", keep_alive=True))
    await world.queued("seat", 1)
    await holder.release()
    await (await waiting).release()
    assert proxy.connections == 2
    for _ in range(2):  # once more does nothing
        await locks.close()
    await eventually(lambda: proxy.connections, 0)
    await other.close()
    await eventually(threading.active_count, threads)


@conformance
async def test_it_can_be_used_again(world: World) -> None:
    locks = world.locks()
    await locks.close()  # never used
    for _ in range(2):
        lock = await locks.acquire("seat")
        assert await locks.try_acquire("seat") is None
        await lock.release()
        await locks.close()
    assert await world.left_behind() == []


@conformance
async def test_it_closes_at_the_end_of_a_block(world: World, proxy: RedisProxy) -> None:
    locker = world.locks(port=proxy.port).locker
    if isinstance(locker, AsyncLocker):
        async with locker as same:
            await (await same.acquire("seat")).release()
            assert proxy.connections == 1
    else:
        with locker as threaded:
            (await in_thread(threaded.acquire, "seat")).release()
            assert proxy.connections == 1
    await eventually(lambda: proxy.connections, 0)


@conformance
async def test_what_is_held_runs_out(world: World) -> None:
    locks = world.locks()
    lock = await locks.acquire("seat", ttl=0.6, keep_alive=True)
    await asyncio.sleep(0.3)
    await locks.close()
    lock.check()
    await asyncio.sleep(0.61)
    assert lock.lost
    assert await world.left_behind() == []


@conformance
async def test_a_renewal_that_was_under_way_is_the_last(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    await locks.acquire("seat", ttl=0.6, keep_alive=True)
    proxy.silence("replies")
    await asyncio.sleep(0.3)
    await locks.close()
    proxy.resume()
    seen = len(proxy.requests)
    await asyncio.sleep(0.8)
    assert len(proxy.requests) == seen
    assert await world.left_behind() == []


@conformance
async def test_what_is_held_can_still_be_released(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    kept, lost = await locks.acquire("seat"), await locks.acquire("lost")
    await locks.close()
    assert await world.lease("seat")
    await kept.extend()
    await kept.release()
    await world.redis.delete("lock:{lost}")
    with pytest.raises(LockLostError):
        await lost.release()
    assert await world.left_behind() == []
    await eventually(lambda: proxy.connections, 0)


@conformance
async def test_who_waits_is_told(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    holder = await world.locks().acquire("seat")
    waiting = [asyncio.create_task(locks.acquire("seat")) for _ in range(3)]
    await world.queued("seat", 1)
    await locks.close()
    for task in waiting:
        with pytest.raises(
            LockBackendError, match="the locker was closed while the lock 'seat' was waited for"
        ) as caught:
            await task
        assert caught.value.outcome == "refused"
    await holder.release()
    assert await world.left_behind() == []
    await eventually(lambda: proxy.connections, 0)


@conformance
async def test_who_waits_for_an_answer_gets_it_all_the_same(world: World, proxy: RedisProxy) -> None:
    locks = world.locks(port=proxy.port)
    await (await locks.acquire("seat")).release()
    proxy.silence()
    trying = asyncio.create_task(locks.try_acquire("seat"))
    await asyncio.sleep(0.1)
    await locks.close()
    proxy.resume()
    lock = await trying
    assert lock is not None
    await lock.release()
    assert await world.left_behind() == []
    await eventually(lambda: proxy.connections, 0)


@conformance
async def test_one_of_two_that_share_connections_closes_alone(world: World, proxy: RedisProxy) -> None:
    client = world.client(port=proxy.port)
    one, two = (world.locks(client, service="the same") for _ in range(2))
    first, second = await one.acquire("first", ttl=0.6, keep_alive=True), await two.acquire("second")
    assert proxy.connections == 1
    await one.close()
    await asyncio.sleep(0.8)
    first.check()  # whoever still uses the connection renews it
    await first.release()
    await second.release()
    assert proxy.connections == 1
    await two.close()
    await eventually(lambda: proxy.connections, 0)


@conformance
async def test_another_loop_has_connections_of_its_own(world: World, proxy: RedisProxy) -> None:
    """A locker that is made once for a program, and used by one `asyncio.run` after the other."""
    locker = world.locks(port=proxy.port).locker
    if isinstance(locker, Locker):
        for _ in range(2):
            await in_thread(lambda: locker.acquire("seat").release())
        return

    async def use() -> None:
        async with locker, locker.acquire("seat"):
            pass

    for _ in range(2):
        await in_thread(asyncio.run, use())
    await eventually(lambda: proxy.connections, 0)
    assert await world.left_behind() == []


def test_threads_open_and_close_lockers_that_share_connections(redis_server: RedisServer) -> None:
    """Each closes its own: the last one closes what they share, and nobody closes it under another."""
    failures, interval = list[BaseException](), sys.getswitchinterval()
    client = redis.Redis(host=HOST, port=redis_server.port)

    def use(number: int) -> None:
        try:
            for turn in range(30):
                with Locker(client) as locker:
                    locker.acquire(f"seat:{number}:{turn % 2}").release()
                    locker.acquire("seat", wait_timeout=20).release()
        except BaseException as error:  # it belongs to the test
            failures.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
    names = [row["cmd"] for row in redis_server.connections() if row["cmd"].startswith(("evalsha", "subscribe"))]
    assert names == []
    client.close()
