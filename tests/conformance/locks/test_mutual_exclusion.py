"""L1: within the validity of its lease a holder is alone, whatever happens to the processes."""

from __future__ import annotations

import time

import pytest

from conformance.locks.either import Kind
from conformance.locks.history import leaked, shares
from conformance.locks.proxy import RedisProxy
from conformance.locks.servers import RedisServer
from conformance.locks.workers import Crew, Pending, Worker
from integration.eventually import eventually

pytestmark = pytest.mark.integration
LEASE, QUEUE = "lock:{seat}", "lock:{seat}:queue"
MIXTURES: dict[str, tuple[Kind, ...]] = {
    "threads": ("threads",) * 3,
    "asyncio": ("asyncio",) * 3,
    "both": ("threads", "asyncio", "threads", "asyncio"),
}


def queued(server: RedisServer, name: str = "seat") -> int:
    with server.client() as client:
        return int(client.llen(f"lock:{{{name}}}:queue"))


def queue_up(server: RedisServer, worker: Worker, **terms: object) -> Pending:
    """Have a worker wait for the lock, and return when it stands in the queue."""
    before = queued(server)
    waiting = worker.begin("acquire", name="seat", **terms)
    eventually(lambda: queued(server), lambda seen: seen == before + 1)
    return waiting


@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_crowd_goes_in_one_by_one(mixture: str, crew: Crew, redis_server: RedisServer) -> None:
    workers = [crew.start(kind, redis_server.port) for kind in MIXTURES[mixture]]
    running = [
        worker.begin("crowd", names=["a", "b", "c"], seconds=1.5, tasks=4, inside=0.002, ttl=5, wait_timeout=10)
        for worker in workers
    ]
    counts = [pending.result() for pending in running]
    assert all(set(count) == {"ok"} for count in counts), counts
    assert crew.violations() == []
    assert len(shares(crew.holdings())) == len(workers)
    assert leaked(redis_server.keys()) == []


def test_a_crowd_through_a_slow_network_goes_in_one_by_one(
    kind: Kind, crew: Crew, redis_server: RedisServer, proxy: RedisProxy
) -> None:
    proxy.delay(requests=0.05, replies=0.05, messages=0.2)
    workers = [crew.start(kind, port) for port in (redis_server.port, proxy.port, proxy.port)]
    running = [
        worker.begin("crowd", names=["a", "b"], seconds=1.5, tasks=3, inside=0.002, ttl=5, wait_timeout=10)
        for worker in workers
    ]
    counts = [pending.result() for pending in running]
    assert all(set(count) == {"ok"} for count in counts), counts
    assert crew.violations() == []
    assert leaked(redis_server.keys()) == []


def test_processes_that_are_stopped_and_killed_break_nothing(crew: Crew, redis_server: RedisServer) -> None:
    """Wherever in the protocol it hits them: leases are shorter than the stops."""
    ttl = 0.5
    workers = [crew.start(kind, redis_server.port) for kind in MIXTURES["both"]]
    running = [
        worker.begin("crowd", names=["a", "b"], seconds=5, tasks=3, inside=0.005, ttl=ttl, wait_timeout=10)
        for worker in workers
    ]
    eventually(lambda: len(shares(crew.holdings())), lambda seen: seen == len(workers))
    for victim in (*workers[:3], workers[1]):
        victim.stop()
        time.sleep(0.8)
        victim.cont()
    workers[-1].kill()
    for pending in running[:-1]:
        # Who was stopped inside has lost its lock, and is told so.
        assert set(pending.result()) <= {"ok", "release: LockLostError"}
    assert crew.violations() == []
    eventually(lambda: leaked(redis_server.keys()), lambda keys: not keys, ttl + 2)


def test_a_holder_that_was_stopped_past_its_lease_has_lost_it(
    kind: Kind, crew: Crew, redis_server: RedisServer
) -> None:
    holder, other = (crew.start(kind, redis_server.port) for _ in range(2))
    first = holder.ask("acquire", name="seat", ttl=1)
    holder.stop()
    second = other.ask("acquire", name="seat", ttl=20)
    assert second["fence"] > first["fence"]
    assert second["waited"] < 1 + 2
    holder.cont()
    for step in ("check", "extend", "release"):
        assert holder.begin(step, name="seat").error().kind == "LockLostError"
    other.ask("check", name="seat")
    assert other.ask("extend", name="seat") > 19
    other.ask("release", name="seat")
    assert crew.violations() == []
    assert leaked(redis_server.keys()) == []


def test_a_waiter_that_is_handed_the_lock_while_it_is_stopped_does_not_enter_late(
    kind: Kind, crew: Crew, redis_server: RedisServer
) -> None:
    """Its turn is over when it wakes: without a claim it would go in beside the next."""
    holder, sleeper, third = (crew.start(kind, redis_server.port) for _ in range(3))
    holder.ask("acquire", name="seat", ttl=20)
    asleep = queue_up(redis_server, sleeper, ttl=20, wait_timeout=20)
    sleeper.stop()
    waiting = queue_up(redis_server, third, ttl=20, wait_timeout=20)
    holder.ask("release", name="seat")
    assert waiting.result(1 + 0.7 + 2)["fence"]  # one claim lease and one poll
    sleeper.cont()
    time.sleep(0.5)
    assert not asleep.done
    third.ask("release", name="seat")
    asleep.result()
    sleeper.ask("release", name="seat")
    assert crew.violations() == []
    assert leaked(redis_server.keys()) == []


def test_a_grant_that_arrives_after_its_lease_is_refused(
    kind: Kind, crew: Crew, redis_server: RedisServer, proxy: RedisProxy
) -> None:
    """The process is stopped between the command and its answer, and the lease ends meanwhile."""
    sleeper, other = crew.start(kind, proxy.port), crew.start(kind, redis_server.port)
    sleeper.ask("acquire", name="before", ttl=5)  # connected, and the scripts are known
    sleeper.ask("release", name="before")
    proxy.silence("replies")
    asking = sleeper.begin("try_acquire", name="seat", ttl=0.9)
    eventually(redis_server.keys, lambda keys: LEASE in keys)
    sleeper.stop()
    proxy.resume()
    other.ask("acquire", name="seat", ttl=20)
    sleeper.cont()
    assert asking.result() is None  # asked again, and was told that it is taken
    other.ask("check", name="seat")
    other.ask("release", name="seat")
    assert crew.violations() == []
    assert leaked(redis_server.keys()) == []


def test_grants_that_take_longer_than_their_lease_are_given_back(
    kind: Kind, crew: Crew, redis_server: RedisServer, proxy: RedisProxy
) -> None:
    worker = crew.start(kind, proxy.port, timeout=5)
    worker.ask("acquire", name="before", ttl=5)
    proxy.delay(replies=0.5)
    error = worker.begin("try_acquire", name="seat", ttl=0.4).error()
    assert (error.kind, error.details["outcome"]) == ("LockBackendError", "refused")
    error = worker.begin("acquire", name="seat", ttl=0.4, wait_timeout=1).error()
    assert error.kind in ("LockBackendError", "LockNotAcquiredError")
    eventually(redis_server.keys, lambda keys: leaked(keys) == ["lock:{before}"])
