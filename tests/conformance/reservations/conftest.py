"""Fixtures of the reservations' tests: the servers, and an inventory that is empty before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.locks.servers import RedisServer, running_redis
from conformance.reservations.inventory import Inventory, migrated_inventory
from conformance.reservations.mysql_proxy import MysqlProxy
from integration.conftest import ROOT_PASSWORD, root_of
from integration.servers import Server, running, wait_until
from ticketctl.infra import mysql


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[Server]:
    """A MySQL server of these tests' own, durable as it comes; who breaks it mends it."""
    environ = {"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD.reveal()}
    with running("mysql", 3306, environ=environ, memory="1g") as server:
        wait_until(lambda: mysql.connect(root_of(server)).close(), server)
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server of these tests' own, which forgets when it stops; who breaks it mends it."""
    with running_redis() as server:
        yield server


@pytest.fixture
def empty_redis(redis_server: RedisServer) -> RedisServer:
    """The same, without a key or a script."""
    redis_server.forget_everything()
    return redis_server


@pytest.fixture(scope="session")
def _migrated_inventory(mysql_server: Server) -> Iterator[Inventory]:
    with migrated_inventory(mysql_server) as inventory:
        yield inventory


@pytest.fixture
def inventory(_migrated_inventory: Inventory) -> Inventory:
    """An inventory database without a row; connections that idle in a pool stay."""
    _migrated_inventory.empty()
    return _migrated_inventory


@pytest.fixture
def mysql_proxy(inventory: Inventory) -> Iterator[MysqlProxy]:
    """A proxy before the inventory's server."""
    with MysqlProxy(inventory.port) as proxy:
        yield proxy
