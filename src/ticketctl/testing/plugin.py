"""The fixtures.

A server that is missing fails the tests that need one, and no others: a skipped test would be green and
prove nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ticketctl.errors import TicketctlError
from ticketctl.testing.databases import MigratedDatabase, ThrowAwayDatabases
from ticketctl.testing.server import INI_OPTION, find_server


class DatabaseFactory:
    """What the fixture `migrated_database` is.

    Args:
        databases: Makes and drops the databases.
    """

    def __init__(self, databases: ThrowAwayDatabases) -> None:
        self._databases = databases
        self._fresh: list[MigratedDatabase] = []

    def __call__(self, folder: str | Path, *, fresh: bool = False) -> MigratedDatabase:
        """Return a database that the migrations of a folder have made.

        Args:
            folder: Folder with the migrations, absolute or relative to pytest's root folder.
            fresh: Make a new one for this test, dropped after it. Else one is shared by all tests of the
                run that ask for the same folder; rows that a test leaves there are the next one's.
        """
        try:
            database = self._databases.fresh(folder) if fresh else self._databases.shared(folder)
        except TicketctlError as error:
            _fail(error)
        if fresh:
            self._fresh.append(database)
        return database

    def close(self) -> None:
        """Drop those that were made for this test."""
        for database in self._fresh:
            self._databases.drop(database)


@pytest.fixture(scope="session")
def migrated_databases(pytestconfig: pytest.Config) -> Iterator[ThrowAwayDatabases]:
    """Makes databases by migrations, for fixtures of a wider scope; they are dropped at the end of the run."""
    try:
        server = find_server(pytestconfig.rootpath, os.environ, str(pytestconfig.getini(INI_OPTION)))
        databases = ThrowAwayDatabases(server, pytestconfig.rootpath)
        databases.remove_leftovers()
    except TicketctlError as error:
        _fail(error)
    yield databases
    databases.drop_all()


@pytest.fixture
def migrated_database(migrated_databases: ThrowAwayDatabases) -> Iterator[DatabaseFactory]:
    """Makes databases by migrations: `migrated_database("migrations/orders")`."""
    factory = DatabaseFactory(migrated_databases)
    yield factory
    factory.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tell pytest of the plugin's option.

    Args:
        parser: Where options are declared.
    """
    parser.addini(INI_OPTION, "MySQL server for throw-away databases: mysql://user:password@host:port", default="")


def _fail(error: TicketctlError) -> NoReturn:
    """Fail with the words of an error; its traceback would say nothing more."""
    pytest.fail(str(error), pytrace=False)
