"""The inventory database of the tests, made by its migrations, with an account that has a service's rights on it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pymysql

from integration.conftest import root_of
from integration.eventually import eventually
from integration.servers import Server
from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import connect, quote_identifier, translating
from ticketctl.migrations import Migrator
from ticketctl.settings.endpoints import MysqlEndpoint

MIGRATIONS = Path(__file__).parents[3] / "migrations" / "inventory"
HOST = "127.0.0.1"
PASSWORD = "inventory-of-the-tests"
RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
PATIENCE = 20.0  # seconds
# The bookkeeping of the migrations is no part of the inventory.
_TABLES = r"""
SELECT table_name FROM information_schema.tables
WHERE table_schema = %s AND table_type = 'BASE TABLE'
    AND NOT REGEXP_LIKE(table_name, '^(ticketctl_|_?yoyo_)')
ORDER BY table_name
"""
# Sessions of the service whose transactions have used a table, or that wait for one.
_IN_FLIGHT = """
SELECT DISTINCT processlist_id FROM performance_schema.metadata_locks
JOIN performance_schema.threads ON thread_id = owner_thread_id
WHERE object_schema = %s AND processlist_user = %s
"""


@dataclass(frozen=True, slots=True)
class Inventory:
    """A migrated database.

    Attributes:
        root: Its server, it, and the server's root account.
        user: Account that has the rights of a service on it, and no others.
        password: Password of that account.
        tables: Its tables.
    """

    root: MysqlEndpoint
    user: str
    password: str = field(repr=False)
    tables: tuple[str, ...]

    @property
    def name(self) -> str:
        assert self.root.database is not None
        return self.root.database

    @property
    def port(self) -> int:
        return self.root.port

    def arguments(self, port: int | None = None) -> dict[str, Any]:
        """What PyMySQL and asyncmy connect with, as the service.

        Args:
            port: Port of a proxy; None is the server's own.
        """
        return {
            "host": HOST,
            "port": port or self.port,
            "user": self.user,
            "password": self.password,
            "database": self.name,
        }

    def connect(self, port: int | None = None, **options: Any) -> pymysql.connections.Connection[Any]:
        """Open a PyMySQL connection as the service, to the server or to a proxy."""
        patience = {"connect_timeout": PATIENCE, "read_timeout": PATIENCE, "write_timeout": PATIENCE}
        return pymysql.connect(**{**self.arguments(port), **patience, **options})

    def ask(self, statement: str, *arguments: object) -> Sequence[tuple[Any, ...]]:
        """Execute a statement as root, in a transaction of its own, and return its rows."""
        with connect(self.root) as connection, translating(self.root), connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def empty(self) -> None:
        """Remove all rows; transactions of the service that are open still are ended before."""
        with connect(self.root) as connection, translating(self.root), connection.cursor() as cursor:

            def in_flight() -> Sequence[tuple[Any, ...]]:
                cursor.execute(_IN_FLIGHT, (self.name, self.user))
                return list(cursor.fetchall())

            for (number,) in in_flight():
                with suppress(BackendOperationError), translating(self.root):  # it has just ended by itself
                    cursor.execute("KILL %s", (number,))
            eventually(in_flight, lambda seen: not seen)
            for table in map(quote_identifier, self.tables):
                cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")
                if cursor.fetchall() != ((0,),):
                    cursor.execute(f"TRUNCATE {table}")


@contextmanager
def migrated_inventory(server: Server, migrations: Path = MIGRATIONS) -> Iterator[Inventory]:
    """Make an inventory database with an account of its own, and remove both at the end.

    Args:
        server: Where.
        migrations: What it is made by.
    """
    name = f"inventory_{uuid.uuid4().hex[:12]}"
    account = quote_identifier(name)
    scope = quote_identifier(name.replace("_", r"\_"))  # not a pattern
    root = root_of(server)
    with connect(root) as connection, translating(root), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quote_identifier(name)}")
        cursor.execute(f"CREATE USER {account} IDENTIFIED BY %s", (PASSWORD,))
        cursor.execute(f"GRANT {RIGHTS} ON {scope}.* TO {account}")
        here = replace(root, database=name)
        Migrator(here, migrations).apply()
        cursor.execute(_TABLES, (name,))
        inventory = Inventory(here, name, PASSWORD, tuple(str(table) for (table,) in cursor.fetchall()))
    try:
        yield inventory
    finally:
        inventory.empty()  # nothing keeps a table from being dropped
        with connect(root) as connection, translating(root), connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quote_identifier(name)}")
            cursor.execute(f"DROP USER {account}")
