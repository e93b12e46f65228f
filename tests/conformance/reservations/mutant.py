"""A plugin of the pytest that judges a mutant of the reservations: it spares each run servers and a database.

`TICKETCTL_TEST_MUTANT_PLACES` says as JSON which container and port MySQL and Redis have, and which inventory is used:
its name, which is its account's as well, and its tables.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from conformance.locks import servers as lock_servers
from conformance.mutant import check_mutant
from conformance.reservations import inventory
from integration import servers
from integration.conftest import root_of
from integration.servers import Server

PLACES = "TICKETCTL_TEST_MUTANT_PLACES"


def _place(name: str) -> Any:
    return json.loads(os.environ[PLACES])[name]


@contextmanager
def _running(name: str, _port: int, **_: object) -> Iterator[Server]:
    yield Server(*_place(name))


@contextmanager
def _running_redis(_command: object = ()) -> Iterator[lock_servers.RedisServer]:
    yield lock_servers.RedisServer(Server(*_place("redis")))


@contextmanager
def _migrated_inventory(server: Server) -> Iterator[inventory.Inventory]:
    name, *tables = _place("inventory")
    root = replace(root_of(server), database=name)
    made = inventory.Inventory(root, name, inventory.PASSWORD, tuple(tables))
    made.empty()  # of what the last run has left
    yield made


def pytest_configure() -> None:
    check_mutant()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Put them in their places before any conftest takes the others from there."""
    servers.running = _running  # type: ignore[assignment]  # takes any arguments
    lock_servers.running_redis = _running_redis  # type: ignore[assignment]  # its argument has another name
    inventory.migrated_inventory = _migrated_inventory  # type: ignore[assignment]  # takes no migrations
    return (yield)
