"""L4: release and extend touch nothing but the lease of who calls, wherever in between it ended."""

from __future__ import annotations

import pytest

from conformance.locks.either import Kind
from conformance.locks.history import leaked
from conformance.locks.servers import RedisServer
from conformance.locks.workers import Crew
from integration.eventually import eventually

pytestmark = pytest.mark.integration
LEASE = "lock:{seat}"
STEPS = ("extend", "release")


def end_lease(server: RedisServer) -> None:
    """End it on the server, while its holder is sure to have it still."""
    with server.client() as client:
        assert client.delete(LEASE) == 1


@pytest.mark.parametrize("ended_after", range(3))
def test_a_lease_that_ended_between_two_steps_is_not_taken_from_its_next_holder(
    kind: Kind, ended_after: int, crew: Crew, redis_server: RedisServer
) -> None:
    """Acquire, extend, extend, release; the lease ends after one of them, and somebody else comes in."""
    holder, other = (crew.start(kind, redis_server.port) for _ in range(2))
    first = holder.ask("acquire", name="seat", ttl=20)
    for _ in range(ended_after):
        holder.ask("extend", name="seat", ttl=30)
    end_lease(redis_server)
    second = other.ask("acquire", name="seat", ttl=60)
    assert second["fence"] > first["fence"]
    with redis_server.client() as client:
        value = client.get(LEASE)
        for step in ("extend", "release", "release"):
            error = holder.begin(step, name="seat").error()
            assert error.kind == "LockLostError" or step == "release"
            assert client.get(LEASE) == value
            assert 50_000 < client.pttl(LEASE) <= 60_000
    assert holder.begin("check", name="seat").error().kind in ("LockLostError", "LockNotOwnedError")
    other.ask("extend", name="seat")
    other.ask("release", name="seat")
    assert leaked(redis_server.keys()) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_lease_that_ended_is_not_made_again(kind: Kind, step: str, crew: Crew, redis_server: RedisServer) -> None:
    holder = crew.start(kind, redis_server.port)
    holder.ask("acquire", name="seat", ttl=20)
    end_lease(redis_server)
    assert holder.begin(step, name="seat").error().kind == "LockLostError"
    assert leaked(redis_server.keys()) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_key_of_another_program_is_left_alone(kind: Kind, step: str, crew: Crew, redis_server: RedisServer) -> None:
    holder, other = (crew.start(kind, redis_server.port) for _ in range(2))
    holder.ask("acquire", name="seat", ttl=20)
    with redis_server.client() as client:
        client.set(LEASE, "somebody", px=60_000)
        assert holder.begin(step, name="seat").error().kind == "LockLostError"
        assert other.ask("try_acquire", name="seat") is None
        waiting = other.begin("acquire", name="seat", ttl=20, wait_timeout=20)
        assert client.get(LEASE) == "somebody"
        assert client.pttl(LEASE) > 50_000
        eventually(lambda: client.llen(f"{LEASE}:queue"), bool)
        client.delete(LEASE)  # as that program does: nobody is told
    assert waiting.result(1 + 2)


def test_a_handle_ends_with_its_release(kind: Kind, crew: Crew, redis_server: RedisServer) -> None:
    """What it was released to is not touched by who had it before."""
    holder, other = (crew.start(kind, redis_server.port) for _ in range(2))
    holder.ask("acquire", name="seat", ttl=20)
    holder.ask("release", name="seat")
    other.ask("acquire", name="seat", ttl=60)
    for step in STEPS:
        assert holder.begin(step, name="seat").error().kind == "LockNotOwnedError"
    other.ask("check", name="seat")
    other.ask("release", name="seat")
