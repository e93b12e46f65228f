"""A server set up as `up` does it, and a throw-away database for each test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.conftest import root_of
from integration.migrate.bench import Bench
from integration.migrate.repository import Endpoints, migrated
from integration.servers import Server
from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.provision.stack.accounts.desired import desired_accounts
from ticketctl.provision.stack.accounts.mysql import reconcile_mysql
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.loader import load_project
from ticketctl.settings.secret import Secret

ROOT = Path(__file__).parents[3]
Root = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def migration_account(own_mysql: Server) -> MysqlEndpoint:
    """The migration account with exactly the rights that `up` gives it."""
    desired = desired_accounts(load_project(ROOT / "ticketctl.yaml", {}).settings)
    # The passwords of the other tests on this server, so that they go on working.
    passwords = {variable: Secret(f"{variable}-health") for variable in desired.password_variables("mysql")}
    reconcile_mysql(desired.mysql[0], root_of(own_mysql), passwords, example_password=Secret("example"))
    return MysqlEndpoint("127.0.0.1", own_mysql.port, "ticketctl_migrate", passwords["MIGRATION_PASSWORD"])


@contextmanager
def as_root(server: Server) -> Iterator[Root]:
    """Run statements as root."""
    with connect(root_of(server)) as connection, connection.cursor() as cursor:

        def run(statement: str, *arguments: object) -> list[tuple[Any, ...]]:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

        yield run


@contextmanager
def scratch_names(server: Server) -> Iterator[Callable[..., str]]:
    """Give names of databases that are dropped at the end."""
    names: list[str] = []

    def new(suffix: str = "") -> str:
        names.append(f"ticketctl_scratch_{uuid.uuid4().hex[:12]}{suffix}")
        return names[-1]

    yield new
    with as_root(server) as root:
        for name in names:
            root(f"DROP DATABASE IF EXISTS {quote_identifier(name)}")


@pytest.fixture(scope="module")
def repository_databases(own_mysql: Server, migration_account: MysqlEndpoint) -> Iterator[Endpoints]:
    """The repository's databases, which tests only look at, or change in a transaction that they undo."""
    with scratch_names(own_mysql) as new_name:
        yield migrated(migration_account, new_name)


@pytest.fixture
def root(own_mysql: Server) -> Iterator[Root]:
    """Runs a statement as root."""
    with as_root(own_mysql) as run:
        yield run


@pytest.fixture
def scratch_name(own_mysql: Server) -> Iterator[Callable[..., str]]:
    """Gives names of databases that are dropped after the test."""
    with scratch_names(own_mysql) as new:
        yield new


@pytest.fixture
def bench(tmp_path: Path, migration_account: MysqlEndpoint, scratch_name: Callable[..., str], root: Root) -> Bench:
    """An empty database and an empty migrations folder."""
    name = scratch_name()
    root(f"CREATE DATABASE {quote_identifier(name)}")
    return Bench(replace(migration_account, database=name), tmp_path)
