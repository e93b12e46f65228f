"""Fixtures of the tests that need real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.servers import Server, running, wait_until
from ticketctl.infra import mysql, redis
from ticketctl.settings.endpoints import MysqlEndpoint, RedisEndpoint
from ticketctl.settings.secret import Secret

ROOT_PASSWORD = Secret("root-of-the-tests")
REDIS_PASSWORD = Secret("redis of the tests")


@pytest.fixture(scope="session")
def own_mysql() -> Iterator[Server]:
    """A MySQL server that tests may break, shared by them."""
    environ = {"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD.reveal()}
    with running("mysql", 3306, environ=environ, memory="1g") as server:
        wait_until(lambda: mysql.connect(root_of(server)).close(), server)
        yield server


def root_of(server: Server) -> MysqlEndpoint:
    return MysqlEndpoint("127.0.0.1", server.port, "root", ROOT_PASSWORD)


@pytest.fixture(scope="session")
def own_redis() -> Iterator[Server]:
    """A Redis server that tests may break, shared by them."""
    command = ("redis-server", "--requirepass", REDIS_PASSWORD.reveal(), "--maxmemory", "64mb", "--appendonly", "yes")
    with running("redis", 6379, environ={}, memory="128m", command=command) as server:
        wait_until(lambda: redis.connect(redis_of(server)).close(), server)
        yield server


def redis_of(server: Server) -> RedisEndpoint:
    return RedisEndpoint("127.0.0.1", server.port, "default", REDIS_PASSWORD)
