"""Fixtures of the tests that look at locks from outside."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from redis import Redis

from integration.conftest import REDIS_PASSWORD
from integration.locks.command import Command, project
from integration.servers import Server
from ticketctl.locks import Locker


def client(server: Server, *, decode: bool) -> Redis:
    return Redis(host="127.0.0.1", port=server.port, password=REDIS_PASSWORD.reveal(), decode_responses=decode)


@pytest.fixture
def plain_redis(own_redis: Server) -> Iterator[Redis]:
    """A client that says `bytes`."""
    with closing(client(own_redis, decode=False)) as connected:
        yield connected


@pytest.fixture(params=[True, False], ids=["text", "bytes"])
def redis(request: pytest.FixtureRequest, own_redis: Server) -> Iterator[Redis]:
    """A client of either kind."""
    with closing(client(own_redis, decode=request.param)) as connected:
        yield connected


@pytest.fixture
def space(plain_redis: Redis) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"t{uuid.uuid4().hex[:8]}"
    yield name
    keys = list(plain_redis.scan_iter(match=f"{name}:*", count=1000))
    for start in range(0, len(keys), 1000):
        plain_redis.delete(*keys[start : start + 1000])


@pytest.fixture
def lockers(plain_redis: Redis, space: str) -> Iterator[Callable[[str], Locker]]:
    """Lockers by their service's name: each is a process of its own to the server."""
    made: dict[str, Locker] = {}

    def of(service: str) -> Locker:
        return made.setdefault(service, Locker(plain_redis, namespace=space, service=service))

    yield of
    for locker in made.values():
        locker.close()


@pytest.fixture
def command(own_redis: Server, space: str, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """`ticketctl lock` in a project of its own, on the namespace of the test."""
    return project(tmp_path_factory.mktemp("project"), own_redis, space)
