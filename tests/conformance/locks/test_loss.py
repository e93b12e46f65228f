"""L6: who loses a lock hears of it in time, and the body ends."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from conformance.locks.either import Kind
from conformance.locks.proxy import Direction, Moment, RedisProxy, named
from conformance.locks.servers import RedisServer
from conformance.locks.workers import Crew, Pending, Worker
from integration.eventually import eventually

pytestmark = pytest.mark.integration
TTL = 1.5
LEASE = "lock:{seat}"
run_script = named("EVALSHA", "EVAL")


def begin_body(worker: Worker, crew: Crew, **terms: object) -> Pending:
    """Have a worker go into a body that ends by itself after 20 s, and return when it is inside."""
    # A thread cannot be interrupted: it looks at its handle now and then.
    body = worker.begin("body", name="seat", seconds=20, checking=worker.kind == "threads", **terms)
    eventually(crew.holdings, lambda seen: any(holding.process == worker.pid for holding in seen))
    return body


def test_a_lock_that_is_kept_alive_outlives_its_ttl(kind: Kind, crew: Crew, redis_server: RedisServer) -> None:
    """The control: nothing is lost where nothing happens."""
    holder, other = (crew.start(kind, redis_server.port) for _ in range(2))
    holder.ask("acquire", name="seat", ttl=TTL, keep_alive=True)
    waiting = other.begin("acquire", name="seat", ttl=TTL, wait_timeout=TTL * 1.5)
    assert waiting.error().kind == "LockNotAcquiredError"
    assert holder.ask("state", name="seat")["remaining"] > 0
    assert holder.ask("state", name="seat")["called"] == 0
    holder.ask("release", name="seat")
    assert crew.violations() == []


@pytest.mark.parametrize("directions", [("replies",), ()], ids=["hearing", "sending and hearing"])
def test_a_body_ends_before_anybody_else_gets_in_when_the_network_is_silent(
    directions: tuple[Direction, ...], kind: Kind, crew: Crew, proxy: RedisProxy
) -> None:
    holder, other = crew.start(kind, proxy.port, timeout=0.4), crew.start(kind, proxy.server_port)
    body = begin_body(holder, crew, ttl=TTL, keep_alive=True)
    proxy.silence(*directions)
    silent = time.monotonic()
    waiting = other.begin("acquire", name="seat", ttl=20, wait_timeout=20)
    error = body.error()
    assert error.kind == "LockLostError"
    assert error.details["reason"] == "expired"
    waiting.result()
    # A renewal that was carried out while its answer was lost counts for those who wait, not for the holder.
    assert time.monotonic() - silent < 2 * TTL + 2
    proxy.resume()
    other.ask("release", name="seat")
    assert crew.violations() == []
    inside, _ = crew.holdings()
    assert inside.left
    assert inside.left - silent < TTL + 1
    # Threads look every 50 ms, tasks are told.
    assert inside.left < inside.until + 0.5


@pytest.mark.parametrize("happens", ["flushed", "taken"])
def test_a_lease_that_is_gone_is_noticed_by_the_next_renewal(
    happens: str, kind: Kind, crew: Crew, redis_server: RedisServer
) -> None:
    ttl = 3.0
    bodily, by_hand = (crew.start(kind, redis_server.port) for _ in range(2))
    by_hand.ask("acquire", name="table", ttl=ttl, keep_alive=True)
    body = begin_body(bodily, crew, ttl=ttl, keep_alive=True)
    with closing(redis_server.client()) as client:
        if happens == "flushed":
            client.flushall()
        else:
            client.mset({LEASE: "somebody", "lock:{table}": "somebody"})
    gone = time.monotonic()
    error = body.error()
    assert time.monotonic() - gone < ttl / 3 + 1
    assert (error.kind, error.details["reason"]) == ("LockLostError", "taken")
    state = eventually(lambda: by_hand.ask("state", name="table"), lambda state: state["lost"], 2)
    assert (state["remaining"], state["called"]) == (0.0, 1)
    assert by_hand.begin("check", name="table").error().kind == "LockLostError"
    assert by_hand.begin("release", name="table").error().kind == "LockLostError"
    assert by_hand.ask("state", name="table")["called"] == 1
    with closing(redis_server.client()) as client:
        assert client.get(LEASE) == (None if happens == "flushed" else "somebody")


def test_a_body_ends_when_it_was_held_for_as_long_as_it_may(kind: Kind, crew: Crew, redis_server: RedisServer) -> None:
    holder, other = (crew.start(kind, redis_server.port) for _ in range(2))
    began = time.monotonic()
    body = begin_body(holder, crew, ttl=0.6, keep_alive=True, max_hold=2.0)
    waiting = other.begin("acquire", name="seat", ttl=20, wait_timeout=20)
    error = body.error()
    assert (error.kind, error.details["reason"]) == ("LockLostError", "max_hold")
    assert 1.0 < time.monotonic() - began < 2.0 + 2
    waiting.result()
    other.ask("release", name="seat")
    assert crew.violations() == []


def test_a_process_that_was_stopped_past_its_lease_hears_of_it_when_it_goes_on(
    kind: Kind, crew: Crew, redis_server: RedisServer
) -> None:
    holder, other = (crew.start(kind, redis_server.port) for _ in range(2))
    body = begin_body(holder, crew, ttl=0.6, keep_alive=True)
    holder.stop()
    other.ask("acquire", name="seat", ttl=20)
    holder.cont()
    awake = time.monotonic()
    assert body.error().kind == "LockLostError"
    assert time.monotonic() - awake < 1
    other.ask("check", name="seat")
    other.ask("release", name="seat")
    assert crew.violations() == []


def test_a_thread_that_does_not_look_is_told_at_the_end(crew: Crew, redis_server: RedisServer) -> None:
    worker = crew.start("threads", redis_server.port)
    body = worker.begin("body", name="seat", seconds=1, ttl=0.4)
    with closing(redis_server.client()) as client:
        eventually(lambda: client.exists(LEASE), bool)
        eventually(lambda: client.exists(LEASE), lambda there: not there)
    assert body.error().kind == "LockLostError"


def test_a_renewal_that_fails_once_costs_nothing(
    kind: Kind, crew: Crew, redis_server: RedisServer, proxy: RedisProxy
) -> None:
    """Cut off, refused for a while, and silent for a while: shorter each time than what is left of the lease."""
    ttl = 2.4
    worker = crew.start(kind, proxy.port, timeout=0.4)
    worker.ask("acquire", name="seat", ttl=ttl, keep_alive=True)
    moments: tuple[Moment, ...] = ("before", "after")
    for moment in moments:
        cut = proxy.cut(moment, 1, run_script)
        assert cut.happened.wait(ttl)
    proxy.refuse()
    proxy.cut_all()
    time.sleep(1.0)
    proxy.refuse(False)
    worker_renewed(proxy, ttl)
    proxy.silence()
    time.sleep(1.0)
    proxy.resume()
    worker_renewed(proxy, ttl)
    assert worker.ask("state", name="seat")["called"] == 0
    worker.ask("release", name="seat")
    assert redis_server.keys() == ["lock:{seat}:fence"]


def worker_renewed(proxy: RedisProxy, seconds: float) -> None:
    """Return when one more renewal has passed."""
    before = len(proxy.requests)
    eventually(lambda: [request for request in proxy.requests[before:] if run_script(request)], bool, seconds)
    time.sleep(0.1)
