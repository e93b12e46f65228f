"""Fixtures of the locks' tests: the servers, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.locks.either import KINDS, Kind
from conformance.locks.proxy import RedisProxy
from conformance.locks.servers import (
    DURABLE,
    RedisServer,
    SteppedRedis,
    running_redis,
    running_stepped_redis,
)
from conformance.locks.warm_process import WarmProcess
from conformance.locks.workers import Crew


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """What is said about locks is said about both."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture(scope="session")
def _warm_process() -> Iterator[WarmProcess]:
    with WarmProcess() as warm:
        yield warm


@pytest.fixture
def crew(_warm_process: WarmProcess, tmp_path: Path) -> Iterator[Crew]:
    """Processes that use locks."""
    with Crew(_warm_process, tmp_path / "history") as crew:
        yield crew


@pytest.fixture(scope="session")
def _shared_redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def _shared_breakable_redis() -> Iterator[RedisServer]:
    with running_redis(DURABLE) as server:
        yield server


@pytest.fixture(scope="session")
def _shared_stepped_redis() -> Iterator[SteppedRedis]:
    with running_stepped_redis() as server:
        yield server


@pytest.fixture
def redis_server(_shared_redis: RedisServer) -> RedisServer:
    """An empty Redis that stays as it is."""
    _shared_redis.forget_everything()
    return _shared_redis


@pytest.fixture
def breakable_redis(_shared_breakable_redis: RedisServer) -> Iterator[RedisServer]:
    """An empty Redis that a test may stop, start, kill and pause; it survives a restart with all it knew."""
    _shared_breakable_redis.forget_everything()
    yield _shared_breakable_redis
    _shared_breakable_redis.start()  # nothing happens when it runs


@pytest.fixture
def stepped_redis(_shared_stepped_redis: SteppedRedis) -> Iterator[SteppedRedis]:
    """An empty Redis whose clock a test may step."""
    _shared_stepped_redis.forget_everything()
    yield _shared_stepped_redis
    _shared_stepped_redis.step_to(0)


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[RedisProxy]:
    """A proxy before `redis_server`."""
    with RedisProxy(redis_server.port) as running:
        yield running
