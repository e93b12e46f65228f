"""A database of its own for each probe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from integration.migrate.conftest import Root, as_root
from integration.migrate.probe.place import Place
from integration.servers import Server
from ticketctl.settings.endpoints import MysqlEndpoint


@pytest.fixture(scope="module")
def account(migration_account: MysqlEndpoint, own_mysql: Server) -> Iterator[MysqlEndpoint]:
    """The migration account on a server that trusts functions, as that of the stack does."""
    with as_root(own_mysql) as root:
        root("SET GLOBAL log_bin_trust_function_creators = 1")
        yield migration_account
        root("SET GLOBAL log_bin_trust_function_creators = 0")


@pytest.fixture
def place(account: MysqlEndpoint, scratch_name: Callable[..., str], root: Root) -> Place:
    """An empty database."""
    found = Place(replace(account, database=scratch_name()), root)
    found.reset()
    return found
