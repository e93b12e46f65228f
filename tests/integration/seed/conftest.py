"""Two databases as the migrations make them, and an account with the rights of a service."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.conftest import root_of
from integration.seed.command import Command
from integration.seed.house import House
from integration.servers import ROOT, Server
from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret
from ticketctl.testing.databases import ThrowAwayDatabases

SERVICE_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"  # what `up` gives to a service


@contextmanager
def migrated(server: Server) -> Iterator[House]:
    """Databases without a row; they are dropped at the end."""
    root, account = root_of(server), f"seed_{uuid.uuid4().hex[:8]}"
    databases = ThrowAwayDatabases(root, ROOT / "migrations")
    try:
        names = {key: databases.fresh(key).name for key in ("events", "inventory")}
        with connect(root) as connection, connection.cursor() as cursor:
            # Without a password it can log in without TLS, which a proxy could not look into.
            cursor.execute("CREATE USER %s@'%%'", (account,))
            for name in names.values():
                cursor.execute(f"GRANT {SERVICE_RIGHTS} ON {quote_identifier(name)}.* TO %s@'%%'", (account,))
        yield House(
            {key: MysqlEndpoint(root.host, root.port, account, Secret(""), name) for key, name in names.items()}, root
        )
    finally:
        databases.drop_all()
        with connect(root) as connection, connection.cursor() as cursor:
            cursor.execute("DROP USER IF EXISTS %s@'%%'", (account,))


@pytest.fixture(scope="session")
def shared_house(own_mysql: Server) -> Iterator[House]:
    """The databases of all tests that leave the tables as they are."""
    with migrated(own_mysql) as house:
        yield house


@pytest.fixture
def house(shared_house: House) -> House:
    """Databases without a row, that begin to count at 1."""
    shared_house.empty()
    shared_house.news.clear()
    return shared_house


@pytest.fixture
def own_house(own_mysql: Server) -> Iterator[House]:
    """Databases whose tables a test may change."""
    with migrated(own_mysql) as house:
        yield house


@pytest.fixture
def command(house: House, tmp_path: Path) -> Command:
    """`ticketctl seed` in a project whose MySQL runs elsewhere."""
    return Command.of(house, tmp_path)
