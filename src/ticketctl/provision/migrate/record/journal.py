"""The journal's writing side: intent before each statement, outcome after it.

It writes on a connection of its own, because the statements of a migration may change anything on
theirs. Each write that begins something also checks, in the same statement, that the executing
connection still holds the migration lock: who has lost the lock cannot write an intent.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketctl import __version__
from ticketctl.errors import MigrationLockedError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.record.history import Direction, StatementState, query
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.syntax.checksum import ALGORITHM, statement_checksum
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.statements import kind_of
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands in the journal.

    Attributes:
        migration: Name of the migration.
        direction: Whether it applies or undoes.
        position: Which statement of the file, counted from 1.
    """

    migration: str
    direction: Direction
    position: int


class Journal:
    """Writes the history and the statement journal of one database.

    Args:
        connection: A connection that commits each statement by itself, and executes nothing else.
        endpoint: Where it goes.
        lock: Name of the migration lock.
        owner: Id of the connection that must hold it.
    """

    def __init__(self, connection: Connection[Cursor], endpoint: MysqlEndpoint, *, lock: str, owner: int) -> None:
        self._connection = connection
        self._endpoint = endpoint
        self._lock = {"lock": lock, "owner": owner}
        self._run = {"run_from": f"{socket.gethostname()}:{os.getpid()}", "tool_version": __version__}

    def create_tables(self) -> None:
        """Create the journal's tables where they are missing."""
        with translating(self._endpoint), self._connection.cursor() as cursor:
            cursor.execute(query("create_migration"))
            cursor.execute(query("create_statement"))

    def start_migration(self, migration: Migration) -> None:
        """Note that a migration begins, or goes on.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        self._guarded(
            "start_migration",
            migration=migration.name,
            statements=len(migration.up.statements),
            checksum=migration.up.checksum,
            algorithm=ALGORITHM,
            sha256=migration.up.sha256,
            text=migration.up.text,
            **self._run,
        )

    def finish_migration(self, name: str) -> None:
        """Note that a migration is applied.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        self._guarded("finish_migration", migration=name)

    def start_rollback(self, name: str) -> None:
        """Note that the rollback of a migration begins, or goes on.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        self._guarded("start_rollback", migration=name, **self._run)

    def forget(self, name: str) -> None:
        """Forget a migration that was rolled back.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        with translating(self._endpoint), self._connection.cursor() as cursor:
            self._connection.begin()
            cursor.execute(query("forget_statements"), {"migration": name})
        self._guarded("forget_migration", migration=name)
        with translating(self._endpoint):
            self._connection.commit()

    def start_statement(self, place: Place, statement: Statement) -> None:
        """Note that a statement is about to be executed.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        self._guarded(
            "start_statement",
            migration=place.migration,
            direction=place.direction,
            position=place.position,
            line=statement.line,
            checksum=statement_checksum(statement),
            kind=kind_of(statement).value,
        )

    def finish_statement(self, place: Place, *, on: Connection[Cursor] | None = None) -> None:
        """Note that a statement was executed.

        Args:
            place: Which one.
            on: Another connection, to commit this note together with what the statement did.
        """
        self._outcome(on or self._connection, place, "done", None, None)

    def fail_statement(self, place: Place, number: int, message: str) -> None:
        """Note that the server refused a statement.

        Args:
            place: Which one.
            number: The server's error number.
            message: The server's message.
        """
        self._outcome(self._connection, place, "failed", number, message[:LONGEST_MESSAGE])

    def _outcome(
        self,
        connection: Connection[Cursor],
        place: Place,
        state: StatementState,
        number: int | None,
        message: str | None,
    ) -> None:
        values = {
            "migration": place.migration,
            "direction": place.direction,
            "position": place.position,
            "state": state,
            "number": number,
            "message": message,
        }
        with translating(self._endpoint), connection.cursor() as cursor:
            cursor.execute(query("finish_statement"), values)

    def _guarded(self, name: str, **values: object) -> None:
        with translating(self._endpoint), self._connection.cursor() as cursor:
            changed = cursor.execute(query(name), {**values, **self._lock})
        if not changed:
            raise MigrationLockedError(
                f"the migration lock of {self._endpoint.database} was lost",
                why="the connection that held it was ended, or a statement released it",
                next_step="run the command again: it goes on where this run stopped",
            )
