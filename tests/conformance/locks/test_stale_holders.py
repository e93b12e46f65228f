"""L3: what a holder writes after it has lost the lock changes nothing; for MySQL see `tests/integration/locks`."""

from __future__ import annotations

from contextlib import closing

import pytest

from conformance.locks.either import Kind
from conformance.locks.servers import RedisServer
from conformance.locks.workers import Crew

pytestmark = pytest.mark.integration


def written(server: RedisServer) -> str | None:
    with closing(server.client()) as client:
        value = client.get("data")
        return None if value is None else str(value)


def test_a_holder_that_was_stopped_past_its_lease_writes_nothing(
    kind: Kind, crew: Crew, redis_server: RedisServer
) -> None:
    old, new = (crew.start(kind, redis_server.port) for _ in range(2))
    first = old.ask("acquire", name="seat", ttl=0.5)
    old.stop()
    # It believes in its lock when it is stopped, and this is the first thing that it does when it goes on.
    late = old.begin("write", name="seat", key="data", value="old")
    second = new.ask("acquire", name="seat", ttl=20)
    new.ask("write", name="seat", key="data", value="new")
    old.cont()
    error = late.error()
    assert error.kind == "StaleHolderError"
    assert (error.details["fence"], error.details["newer"]) == (first["fence"], second["fence"])
    assert written(redis_server) == "new"
    new.ask("write", name="seat", key="data", value="newer")
    assert written(redis_server) == "newer"


def test_a_holder_whose_lock_was_forgotten_writes_nothing_after_the_next_one_has(
    kind: Kind, crew: Crew, redis_server: RedisServer
) -> None:
    """The data may be elsewhere: here only the lock's keys are gone."""
    old, new = (crew.start(kind, redis_server.port) for _ in range(2))
    old.ask("acquire", name="seat", ttl=20)
    with closing(redis_server.client()) as client:
        client.delete(*client.keys("lock:*"))
    old.ask("write", name="seat", key="data", value="old")
    new.ask("acquire", name="seat", ttl=20)
    new.ask("write", name="seat", key="data", value="new")
    assert old.begin("write", name="seat", key="data", value="old").error().kind == "StaleHolderError"
    assert written(redis_server) == "new"
