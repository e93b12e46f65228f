"""L2: the fences of a lock strictly increase, over all that may happen to the server."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from conformance.locks.either import Kind
from conformance.locks.proxy import RedisProxy
from conformance.locks.servers import RedisServer, SteppedRedis
from conformance.locks.workers import Crew, Worker, WorkerError
from integration.servers import docker

pytestmark = pytest.mark.integration
HOUR = 3600.0
FENCE = "lock:{seat}:fence"


def grants(*workers: Worker, times: int = 3) -> list[int]:
    """Have workers go in and out in turn, and return their fences."""
    fences = []
    for _ in range(times):
        for worker in workers:
            fences.append(worker.ask("acquire", name="seat", ttl=5)["fence"])
            worker.ask("release", name="seat")
    return fences


def increase(fences: list[int]) -> bool:
    return all(one < next_one for one, next_one in itertools.pairwise(fences))


def flush(server: RedisServer) -> None:
    with server.client() as client:
        client.flushall()


def restart(server: RedisServer) -> None:
    server.stop()
    server.start()


def crash(server: RedisServer) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("happens", [flush, restart, crash])
def test_fences_increase_over_what_happens_to_the_server(
    happens: Callable[[RedisServer], None], kind: Kind, crew: Crew, breakable_redis: RedisServer
) -> None:
    workers = [crew.start(kind, breakable_redis.port) for _ in range(2)]
    fences = grants(*workers)
    happens(breakable_redis)
    fences += grants(*workers)
    assert increase(fences), fences
    assert crew.violations() == []


def test_a_crowd_that_loses_its_locks_has_no_fence_twice(kind: Kind, crew: Crew, redis_server: RedisServer) -> None:
    """Who was inside when everything was forgotten is there beside the next: it is the fence that tells them apart."""
    workers = [crew.start(kind, redis_server.port) for _ in range(3)]
    running = [
        worker.begin("crowd", names=["a"], seconds=1.5, tasks=3, inside=0.005, ttl=5, wait_timeout=10)
        for worker in workers
    ]
    for _ in range(4):
        time.sleep(0.3)
        flush(redis_server)
    for pending in running:
        assert set(pending.result()) <= {"ok", "release: LockLostError"}
    holdings = crew.holdings()
    assert len({holding.fence for holding in holdings}) == len(holdings)
    assert len(holdings) > 100


@contextmanager
def replica_of(primary: RedisServer, replica: RedisServer) -> Iterator[None]:
    """Have one server follow another."""
    address = docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", primary.container.name)
    with primary.client() as client:
        client.config_set("repl-diskless-sync-delay", "0")
    with replica.client() as client:
        client.replicaof(address, 6379)
        try:
            deadline = time.monotonic() + 30
            while client.info("replication").get("master_link_status") != "up":
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield
        finally:
            client.replicaof("NO", "ONE")


@pytest.mark.parametrize("behind", [False, True], ids=["up to date", "without the last grants"])
def test_fences_increase_when_a_replica_takes_over(
    behind: bool, kind: Kind, crew: Crew, breakable_redis: RedisServer, redis_server: RedisServer
) -> None:
    with RedisProxy(breakable_redis.port) as proxy:
        workers = [crew.start(kind, proxy.port) for _ in range(2)]
        with replica_of(breakable_redis, redis_server):
            fences = grants(*workers)
            with breakable_redis.client() as client:
                assert client.wait(1, 5000) == 1
        if behind:
            fences += grants(*workers)
        proxy.move_to(redis_server.port)
        with redis_server.client() as client:
            assert client.exists(FENCE)
        fences += grants(*workers)
    assert increase(fences), fences


# --- the clock --------------------------------------------------------------------------------------


def test_fences_increase_over_steps_of_the_clock(kind: Kind, crew: Crew, stepped_redis: SteppedRedis) -> None:
    workers = [crew.start(kind, stepped_redis.port) for _ in range(2)]
    fences = grants(*workers)
    # Two days are more than the fence is kept for; then the clock stands before all that was granted.
    for hours in (1, -1, 48, 0, -48):
        stepped_redis.step_to(hours * HOUR)
        fences += grants(*workers, times=2)
    assert increase(fences), fences
    assert fences[0] + 47 * HOUR * 1e6 < fences[-1]


def test_a_clock_that_went_back_less_than_the_time_since_the_last_grant_does_no_harm(
    kind: Kind, crew: Crew, stepped_redis: SteppedRedis
) -> None:
    """A failover to a server that knows nothing and whose clock is behind."""
    worker = crew.start(kind, stepped_redis.port)
    fences = grants(worker)
    time.sleep(1.0)
    flush(stepped_redis)
    stepped_redis.step_to(-0.5)
    fences += grants(worker)
    assert increase(fences), fences


def test_the_limit_is_a_clock_that_went_back_further_and_a_server_that_forgot(
    kind: Kind, crew: Crew, stepped_redis: SteppedRedis
) -> None:
    """Nothing on the server can know better; who remembers a fence can say so."""
    worker = crew.start(kind, stepped_redis.port)
    (before,) = grants(worker, times=1)
    flush(stepped_redis)
    stepped_redis.step_to(-HOUR)
    (smaller,) = grants(worker, times=1)
    assert smaller < before
    lifted = worker.ask("acquire", name="seat", ttl=5, min_fence=before + 1)["fence"]
    worker.ask("release", name="seat")
    fences = [before, lifted, *grants(worker)]
    assert increase(fences), fences


def test_a_queue_passes_on_fences_that_increase_over_a_step_back(
    kind: Kind, crew: Crew, stepped_redis: SteppedRedis
) -> None:
    """Those that a release hands over come from the same rule as those that are asked for."""
    first, second = (crew.start(kind, stepped_redis.port) for _ in range(2))
    holding = first.ask("acquire", name="seat", ttl=20)
    waiting = second.begin("acquire", name="seat", ttl=20, wait_timeout=20)
    with stepped_redis.client() as client:
        while not client.llen("lock:{seat}:queue"):
            time.sleep(0.05)
    stepped_redis.step_to(-HOUR)
    first.ask("release", name="seat")
    handed = waiting.result()
    assert handed["fence"] > holding["fence"]
    second.ask("release", name="seat")


def test_a_step_forward_ends_leases_early_and_the_fence_keeps_the_old_holder_out(
    kind: Kind, crew: Crew, stepped_redis: SteppedRedis
) -> None:
    """What a lock cannot promise: the old holder has no way to know before it asks."""
    old, new = (crew.start(kind, stepped_redis.port) for _ in range(2))
    before = old.ask("acquire", name="seat", ttl=60)
    stepped_redis.step_to(HOUR)
    after = new.ask("acquire", name="seat", ttl=60)
    assert after["fence"] > before["fence"]
    old.ask("check", name="seat")
    new.ask("write", name="seat", key="data", value="new")
    assert old.begin("write", name="seat", key="data", value="old").error().kind == "StaleHolderError"
    assert old.begin("extend", name="seat").error().kind == "LockLostError"


def test_after_a_step_back_a_lease_lasts_longer_on_the_server_and_not_for_its_holder(
    kind: Kind, crew: Crew, stepped_redis: SteppedRedis
) -> None:
    holder, other = (crew.start(kind, stepped_redis.port) for _ in range(2))
    holder.ask("acquire", name="seat", ttl=1)
    stepped_redis.step_to(-HOUR)
    time.sleep(1.2)
    assert holder.ask("state", name="seat")["lost"]
    assert other.ask("try_acquire", name="seat") is None
    # Nobody else can have had it, but the holder could not be sure of that.
    with pytest.raises(WorkerError, match="LockLostError"):
        holder.ask("release", name="seat")
    assert other.ask("try_acquire", name="seat") is not None
