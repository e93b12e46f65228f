"""Fixtures of what is done on call: an inventory without a row, and a namespace of Redis without a key."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from conformance.reservations.inventory import Inventory, migrated_inventory
from integration.conftest import REDIS_PASSWORD
from integration.reservations.on_call.command import Command
from integration.reservations.on_call.house import House
from integration.servers import Server
from ticketctl.infra.mysql import connect


@pytest.fixture(scope="session")
def _inventory_on_call(own_mysql: Server) -> Iterator[Inventory]:
    with migrated_inventory(own_mysql) as inventory:
        yield inventory


@pytest.fixture
def house(_inventory_on_call: Inventory, own_redis: Server) -> Iterator[House]:
    """The servers, empty but for what others have in Redis."""
    _inventory_on_call.empty()
    namespace = f"t{uuid.uuid4().hex[:8]}"
    with (
        connect(_inventory_on_call.root) as root,
        closing(Redis(host="127.0.0.1", port=own_redis.port, password=REDIS_PASSWORD.reveal())) as redis,
    ):
        yield House(_inventory_on_call, root, redis, namespace)
        if keys := list(redis.scan_iter(match=f"{namespace}:*", count=1000)):
            redis.delete(*keys)


@pytest.fixture
def command(house: House, tmp_path: Path) -> Command:
    """`ticketctl reservations` in a project of its own."""
    return Command.of(house, tmp_path)
