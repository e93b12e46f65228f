"""Throw-away databases: made by the migrations, and dropped whatever becomes of the test."""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError, TicketctlError
from ticketctl.infra.mysql import connect, quote_identifier, translating
from ticketctl.migrations import Migrator, Options
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.mysql_url import mysql_url
from ticketctl.settings.secret import Secret

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

# The migration account has all rights on the databases of this name, and on no others that it could make.
PREFIX = "ticketctl_scratch_test_"
LEFT_BEHIND_AFTER = timedelta(days=1)
_TIME = "%Y%m%dt%H%M%S"
_NAME = re.compile(rf"{PREFIX}([0-9]{{8}}t[0-9]{{6}})_[0-9a-f]{{8}}")

DROP_PATIENCE = 10  # seconds that a drop waits for sessions that still use a table
CALL_PATIENCE = 120.0  # seconds without an answer after which a drop counts as lost


@dataclass(frozen=True, slots=True)
class MigratedDatabase:
    """A database that the migrations of a folder have made.

    Attributes:
        host: Address of the server.
        port: Its TCP port.
        user: Account that may do everything in the database.
        password: Its password.
        name: Name of the database.
    """

    host: str
    port: int
    user: str
    password: str
    name: str

    def __repr__(self) -> str:
        return f"MigratedDatabase({self.name} at {self.host}:{self.port})"

    @property
    def url(self) -> str:
        """`mysql://user:password@host:port/name`."""
        return mysql_url(self.endpoint)

    @property
    def endpoint(self) -> MysqlEndpoint:
        """The same, as `Migrator` takes it."""
        return MysqlEndpoint(self.host, self.port, self.user, Secret(self.password), self.name)

    def connect(self, *, autocommit: bool = False) -> Connection[Cursor]:
        """Open a PyMySQL connection: utf8mb4, time zone UTC, TLS if the server offers it.

        Args:
            autocommit: Whether each statement commits by itself. Without it, `rollback()` at the end of a
                test leaves the rows as they were.

        Raises:
            BackendError: The server cannot be reached or refuses.
        """
        return connect(self.endpoint, autocommit=autocommit)


class ThrowAwayDatabases:
    """Makes databases on one server and drops them again.

    Args:
        server: The server, and an account with all rights on databases named `ticketctl_scratch_…`.
        root: Folder that the migration folders are relative to.
        options: How long a run waits, and what it may do.
    """

    def __init__(self, server: MysqlEndpoint, root: Path, options: Options | None = None) -> None:
        self._server = replace(server, database=None)
        self._root = root
        self._options = options
        self._shared: dict[Path, MigratedDatabase] = {}
        self._names: list[str] = []

    def shared(self, folder: str | Path) -> MigratedDatabase:
        """Return the one database of a folder; it is migrated when it is first asked for.

        Args:
            folder: Folder with the migrations.

        Raises:
            TicketctlError: It cannot be migrated.
        """
        path = (self._root / folder).resolve()
        if path not in self._shared:
            self._shared[path] = self.fresh(folder)
        return self._shared[path]

    def fresh(self, folder: str | Path) -> MigratedDatabase:
        """Make a database of its own.

        Args:
            folder: Folder with the migrations.

        Raises:
            TicketctlError: It cannot be migrated; it is dropped again.
        """
        endpoint = replace(self._server, database=_new_name(datetime.now(UTC)))
        name = endpoint.database or ""
        self._names.append(name)
        try:
            Migrator(endpoint, self._root / folder, options=self._options).apply()
        except BaseException:
            # Its own failure is what counts; what cannot be dropped now is found a day later.
            with contextlib.suppress(TicketctlError):
                self._drop(name)
            self._names = [one for one in self._names if one != name]
            raise
        return MigratedDatabase(endpoint.host, endpoint.port, endpoint.user, endpoint.password.reveal(), name)

    def drop(self, database: MigratedDatabase) -> None:
        """Drop a database; connections of the same account that still use it are ended.

        Args:
            database: One that `fresh` has made.

        Raises:
            BackendError: The server is gone, or another account keeps a table.
        """
        self._drop(database.name)

    def drop_all(self) -> None:
        """Drop every database that is still there.

        Raises:
            BackendError: The server is gone, or another account keeps a table; the others are dropped.
        """
        with contextlib.ExitStack() as drops:  # goes on after a failure, and raises it at the end
            for name in self._names:
                drops.callback(self._drop, name)
        self._shared.clear()

    def remove_leftovers(self, older_than: timedelta = LEFT_BEHIND_AFTER) -> tuple[str, ...]:
        """Drop what killed runs have left, and return its names.

        A database says in its name when it was made: what is younger may belong to a run that goes on.

        Args:
            older_than: Age above which no run goes on any more.

        Raises:
            BackendError: The server cannot be reached or refuses.
        """
        before = datetime.now(UTC) - older_than
        with connect(self._server) as connection, translating(self._server), connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            made = {str(row[0]): _made_at(str(row[0])) for row in cursor.fetchall()}
        found = tuple(name for name, time in made.items() if time is not None and time < before)
        for name in found:
            self._drop(name)
        return found

    def _drop(self, name: str) -> None:
        with (
            connect(self._server, read_timeout=CALL_PATIENCE) as connection,
            translating(self._server),
            connection.cursor() as cursor,
        ):
            # A connection that a test has left in a transaction would keep the drop waiting for a year.
            _end_sessions(cursor, self._server, name)
            cursor.execute("SET SESSION lock_wait_timeout = %s", (DROP_PATIENCE,))
            cursor.execute(f"DROP DATABASE IF EXISTS {quote_identifier(name)}")
        self._names = [one for one in self._names if one != name]


def _end_sessions(cursor: Cursor, server: MysqlEndpoint, name: str) -> None:
    cursor.execute("SHOW PROCESSLIST")
    # Its first four columns: number, account, address, default database.
    for number, user, _, database in [row[:4] for row in cursor.fetchall()]:
        if (user, database) == (server.user, name):
            with contextlib.suppress(BackendOperationError), translating(server):  # it has just ended by itself
                cursor.execute("KILL %s", (number,))


def _new_name(now: datetime) -> str:
    return f"{PREFIX}{now.strftime(_TIME)}_{uuid.uuid4().hex[:8]}"


def _made_at(name: str) -> datetime | None:
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
