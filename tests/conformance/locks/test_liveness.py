"""L7: somebody gets the lock soon, whoever dies, stops, or does not hear of it; and everybody gets it as often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from conformance.locks.driver import World, conformance
from conformance.locks.either import KINDS, Kind
from conformance.locks.history import leaked, longest_gap, shares
from conformance.locks.proxy import RedisProxy, named
from conformance.locks.servers import RedisServer
from conformance.locks.workers import Crew, Pending, Worker
from integration.eventually import eventually

pytestmark = pytest.mark.integration
QUEUE = "lock:{seat}:queue"
CLAIM = 1.0  # seconds that a process has that was handed the lock
POLL = 1.0  # seconds after which a waiter looks by itself, at most
SLACK = 2.0  # seconds that a busy machine may take for anything


def queue_up(server: RedisServer, workers: Sequence[Worker], **terms: object) -> list[Pending]:
    """Have workers wait for the lock, one behind the other."""
    waiting = []
    with closing(server.client()) as client:
        for worker in workers:
            before = int(client.llen(QUEUE))
            waiting.append(worker.begin("acquire", name="seat", wait_timeout=25, **terms))
            eventually(lambda: client.llen(QUEUE), (before + 1).__eq__)
    return waiting


def pass_through(worker: Worker, waiting: Pending, seconds: float) -> float:
    """Let a waiter have the lock and give it back; return when it had it."""
    waiting.result(seconds)
    at = time.monotonic()
    worker.ask("release", name="seat")
    return at


def test_a_killed_holder_costs_no_more_than_its_lease(kind: Kind, crew: Crew, redis_server: RedisServer) -> None:
    holder, *others = (crew.start(kind, redis_server.port) for _ in range(3))
    holder.ask("acquire", name="seat", ttl=1)
    waiting = queue_up(redis_server, others, ttl=20)
    holder.kill()
    killed = time.monotonic()
    for worker, pending in zip(others, waiting, strict=True):
        pass_through(worker, pending, 1 + SLACK)
    assert time.monotonic() - killed < 1 + SLACK
    assert crew.violations() == []
    assert leaked(redis_server.keys()) == []


def test_killed_waiters_cost_nothing(kind: Kind, crew: Crew, redis_server: RedisServer) -> None:
    """Four of them: were each given time to claim, the last would wait four seconds."""
    holder, *waiters = (crew.start(kind, redis_server.port) for _ in range(7))
    holder.ask("acquire", name="seat", ttl=20)
    waiting = queue_up(redis_server, waiters, ttl=20)
    for number in (0, 1, 3, 4):
        waiters[number].kill()
    released = time.monotonic()
    holder.ask("release", name="seat")
    for number in (2, 5):
        pass_through(waiters[number], waiting[number], SLACK)
    assert time.monotonic() - released < 4 * CLAIM - 1.5
    assert crew.violations() == []
    assert leaked(redis_server.keys()) == []


def test_a_stopped_waiter_costs_one_claim_and_gets_its_turn_when_it_goes_on(
    kind: Kind, crew: Crew, redis_server: RedisServer
) -> None:
    holder, sleeper, other = (crew.start(kind, redis_server.port) for _ in range(3))
    holder.ask("acquire", name="seat", ttl=20)
    asleep, waiting = queue_up(redis_server, [sleeper, other], ttl=20)
    sleeper.stop()
    holder.ask("release", name="seat")
    pass_through(other, waiting, CLAIM + POLL + SLACK)
    sleeper.cont()
    pass_through(sleeper, asleep, POLL + SLACK)
    assert crew.violations() == []
    assert leaked(redis_server.keys()) == []


def messages_lost(_server: RedisServer, proxy: RedisProxy) -> None:
    """The message is sent and does not arrive."""
    proxy.silence("messages")


def subscriptions_cut(server: RedisServer, _proxy: RedisProxy) -> None:
    """Nobody listens when the message is sent."""
    with closing(server.client()) as client:
        client.client_kill_filter(_type="pubsub")


def everything_cut(_server: RedisServer, proxy: RedisProxy) -> None:
    proxy.cut_all()


def forgotten(server: RedisServer, _proxy: RedisProxy) -> None:
    """The lock is free, the queue is empty, the scripts are unknown, and nobody says so."""
    server.forget_everything()


@pytest.mark.parametrize("lost", [messages_lost, subscriptions_cut, everything_cut, forgotten])
def test_a_lost_message_costs_one_look(
    lost: Callable[[RedisServer, RedisProxy], None],
    kind: Kind,
    crew: Crew,
    redis_server: RedisServer,
    proxy: RedisProxy,
) -> None:
    """The lease of the holder is long: it is not what ends the waiting."""
    holder, waiter = crew.start(kind, redis_server.port), crew.start(kind, proxy.port)
    holder.ask("acquire", name="seat", ttl=60)
    (waiting,) = queue_up(redis_server, [waiter], ttl=20)
    lost(redis_server, proxy)
    if lost is not forgotten:
        holder.ask("release", name="seat")
    pass_through(waiter, waiting, POLL + SLACK)
    assert leaked(redis_server.keys()) == []


@pytest.mark.parametrize("end", [RedisServer.stop, RedisServer.kill], ids=["stopped", "killed"])
def test_waiters_outlive_a_restart(
    end: Callable[[RedisServer], None], kind: Kind, crew: Crew, breakable_redis: RedisServer
) -> None:
    """The server remembers the lease, not who listens; in the meantime nobody can be asked."""
    holder, *waiters = (crew.start(kind, breakable_redis.port) for _ in range(3))
    holder.ask("acquire", name="seat", ttl=60, keep_alive=True)
    waiting = queue_up(breakable_redis, waiters, ttl=20)
    end(breakable_redis)
    time.sleep(0.5)
    breakable_redis.start()
    assert not any(pending.done for pending in waiting)
    holder.ask("check", name="seat")
    holder.ask("release", name="seat")
    # In any order: they come back as they find the server.
    deadline = time.monotonic() + 2 * (CLAIM + POLL) + SLACK
    left = list(zip(waiters, waiting, strict=True))
    while left:
        assert time.monotonic() < deadline
        for worker, pending in [pair for pair in left if pair[1].done]:
            pass_through(worker, pending, 0)
            left.remove((worker, pending))
        time.sleep(0.02)
    assert crew.violations() == []
    assert leaked(breakable_redis.keys()) == []


def test_a_server_that_stands_still_is_waited_for(kind: Kind, crew: Crew, breakable_redis: RedisServer) -> None:
    holder, waiter = (crew.start(kind, breakable_redis.port, timeout=0.4) for _ in range(2))
    holder.ask("acquire", name="seat", ttl=60)
    (waiting,) = queue_up(breakable_redis, [waiter], ttl=20)
    with breakable_redis.paused():
        time.sleep(1.5)
        assert not waiting.done
        assert holder.begin("release", name="seat").error().kind == "LockBackendError"
    holder.ask("release", name="seat")
    pass_through(waiter, waiting, CLAIM + POLL + SLACK)
    assert leaked(breakable_redis.keys()) == []


def test_who_waits_is_told_that_nobody_answers(kind: Kind, crew: Crew, breakable_redis: RedisServer) -> None:
    worker = crew.start(kind, breakable_redis.port, timeout=0.4)
    worker.ask("ping")
    breakable_redis.stop()
    began = time.monotonic()
    for asking in ("try_acquire", "acquire"):
        terms = {"wait_timeout": 1.0} if asking == "acquire" else {}
        error = worker.begin(asking, name="seat", ttl=20, **terms).error()
        assert (error.kind, error.details["outcome"]) == ("LockBackendError", "unknown")
    assert time.monotonic() - began < 1 + 4 * 0.4 + SLACK


def test_everybody_gets_the_lock_as_often(crew: Crew, redis_server: RedisServer) -> None:
    """Both kinds side by side."""
    workers = [crew.start(KINDS[number % 2], redis_server.port) for number in range(4)]
    running = [
        worker.begin("crowd", names=["seat"], seconds=3, tasks=2, inside=0.002, ttl=10, wait_timeout=10)
        for worker in workers
    ]
    for pending in running:
        assert set(pending.result()) == {"ok"}
    holdings = crew.holdings()
    # From when everybody has come until the first one goes.
    begin = max(min(one.entered for one in holdings if one.process == worker.pid) for worker in workers) + 1
    end = min(max(one.entered for one in holdings if one.process == worker.pid) for worker in workers)
    counts = shares(one for one in holdings if begin < one.entered < end)
    assert len(counts) == len(workers)
    assert min(counts.values()) >= 0.7 * max(counts.values()), counts
    assert sum(counts.values()) > 100
    # Nobody waits for anything that only time ends.
    assert longest_gap(holdings, begin) < 0.5
    assert crew.violations() == []


def test_waiters_have_their_turn_in_the_order_in_which_they_came(crew: Crew, redis_server: RedisServer) -> None:
    holder, *waiters = (crew.start(KINDS[number % 2], redis_server.port) for number in range(5))
    holder.ask("acquire", name="seat", ttl=20)
    waiting = queue_up(redis_server, waiters, ttl=20)
    holder.ask("release", name="seat")
    for worker, pending in zip(waiters, waiting, strict=True):
        pass_through(worker, pending, SLACK)
    order = [holding.process for holding in crew.holdings()]
    assert order == [holder.pid, *(worker.pid for worker in waiters)]


@conformance
async def test_who_waits_behind_its_own_process_is_told_when_others_came_between(world: World) -> None:
    """A process listens before it can stand in a queue: who does not listen is skipped, and would have to look."""
    waited = []
    for _ in range(3):
        locks, other = world.locks(), world.locks()
        mine = await locks.acquire("seat", 30)
        waiting = asyncio.create_task(locks.acquire("seat", 30))
        between = asyncio.create_task(other.acquire("seat", 30))
        await world.queued("seat", 1)
        await mine.release()
        theirs = await between
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await theirs.release()
        lock = await waiting
        waited.append(time.monotonic() - began)
        await lock.release()
        await locks.close()
    # Who has to look does so half a second later, every time.
    assert min(waited) < 0.3, waited


def test_a_waiter_asks_seldom(kind: Kind, crew: Crew, redis_server: RedisServer, proxy: RedisProxy) -> None:
    """However long it waits: it is told when it is its turn, and looks in case it was not."""
    holder, waiter = crew.start(kind, redis_server.port), crew.start(kind, proxy.port)
    holder.ask("acquire", name="seat", ttl=20)
    queue_up(redis_server, [waiter], ttl=20)
    before = len(proxy.requests)
    time.sleep(2)
    asked = [request for request in proxy.requests[before:] if named("EVALSHA", "EVAL")(request)]
    assert 1 <= len(asked) <= 4
