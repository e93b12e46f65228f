"""The journal's writing side: intent before each statement, outcome after it.

It writes on a connection of its own, because the statements of a migration may change anything on
theirs; what commits together with rows of a migration is written on the migration's connection. What
begins something is preceded, in the same packet, by a check that the executing connection still holds
the migration lock: who has lost the lock cannot write an intent.

One commit stands between two statements that define something: the outcome of the first, what ends
and begins between them, and the intent of the second are written in one transaction. When a run is
killed, the outcome of its last statement may therefore be unknown although it was carried out.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ticketctl import __version__
from ticketctl.errors import BackendOperationError, MigrationLockedError, TicketctlError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.record.history import Direction
from ticketctl.provision.migrate.record.ledger import Operation, ledger_row
from ticketctl.provision.migrate.record.ledger import create_tables as create_ledger
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.syntax.checksum import ALGORITHM, statement_checksum
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

LONGEST_MESSAGE = 2000
NOT_LOCKED = 1242  # what `still_locked` fails with: its subquery has two rows

Values = Mapping[str, Sequence[str | None]]
Recorded = Literal["yoyo", "mark", "baseline"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement's place in the journal.

    Attributes:
        migration: Name of the migration.
        direction: Whether it applies or undoes.
        position: Which statement of the file, counted from 1.
        statement: The statement as the file has it.
        kind: How it is treated: value of a `StatementKind`.
    """

    migration: str
    direction: Direction
    position: int
    statement: Statement
    kind: str

    def key(self) -> dict[str, object]:
        """What names its row."""
        return {
            "migration": self.migration,
            # A migration may have changed the character set of its connection.
            "migration_hex": self.migration.encode().hex(),
            "direction": self.direction,
            "position": self.position,
        }

    def row(self) -> dict[str, object]:
        """The values of its row."""
        checksum = statement_checksum(self.statement)
        return {**self.key(), "line": self.statement.line, "checksum": checksum, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class _Write:
    statement: str
    values: Mapping[str, object]
    guarded: bool


class Journal:
    """Writes the history and the statement journal of one database.

    What is only said to it becomes durable with the next write that has to be: before a statement is
    sent, when one was refused, and at the end (`flush`).

    Args:
        connection: A connection that commits each statement by itself, takes several at once, and executes
            nothing else.
        endpoint: Where it goes.
        lock: Name of the migration lock.
        owner: Id of the connection that must hold it.
    """

    def __init__(self, connection: Connection[Cursor], endpoint: MysqlEndpoint, *, lock: str, owner: int) -> None:
        self.connection = connection
        self._endpoint = endpoint
        self._lock = {"lock": lock, "owner": owner}
        self._run = {"run_from": f"{socket.gethostname()}:{os.getpid()}", "tool_version": __version__}
        self._waiting: list[_Write] = []

    def create_tables(self) -> None:
        """Create the journal's tables where they are missing, and extend those of an older version."""
        with translating(self._endpoint), self.connection.cursor() as cursor:
            cursor.execute(query("record", "read_columns"))
            columns = {(str(table), str(column)) for table, column in cursor.fetchall()}
            tables = {table for table, _ in columns}
            if "_yoyo_migration" not in tables:
                create_ledger(cursor)
            if "ticketctl_migration" not in tables:
                cursor.execute(query("record", "create_migration"))
            if "ticketctl_migration_statement" not in tables:
                cursor.execute(query("record", "create_statement"))
            elif ("ticketctl_migration_statement", "sql_text") not in columns:
                cursor.execute(query("record", "extend_statement"))

    def start_migration(self, migration: Migration) -> None:
        """Say that a migration begins, or goes on."""
        self._say("start_migration", self._described(migration), guarded=True)

    def finish_migration(self, name: str) -> None:
        """Say that a migration is applied."""
        self._say("finish_migration", {"migration": name}, guarded=True)
        self._say_ledger(name, "apply")

    def record(self, migration: Migration, how: Recorded) -> None:
        """Say that a migration is applied, without running it.

        Args:
            migration: It, as its file is now.
            how: How it came to be applied.
        """
        if how == "mark":  # how far it had come, or its rollback, counts no longer
            self._say("forget_statements", {"migration": migration.name}, guarded=False)
        values = {**self._described(migration), "run_from": f"{how} via {self._run['run_from']}"}
        self._say("record_migration", values, guarded=True)
        if how != "yoyo":
            self._say_ledger(migration.name, "mark")

    def record_in_ledger(self, name: str, operation: Operation = "apply") -> None:
        """Say to yoyo's ledger alone that a migration is applied, or no longer is."""
        self._say_ledger(name, operation)

    def accept_file(self, migration: Migration) -> None:
        """Say that what was executed of a migration is what its file says now."""
        self._say("accept_file", self._described(migration), guarded=True)

    def accept_statement(self, entry: Entry) -> None:
        """Say that a statement that is done is what its file says now."""
        self._say("accept_statement", entry.row(), guarded=True)

    def settle(self, name: str, direction: Direction, position: int, *, landed: bool) -> None:
        """Say what has become of a statement in doubt, as somebody who looked has found.

        Args:
            name: Name of the migration.
            direction: Whether it was being applied or undone.
            position: Which statement of its file.
            landed: Whether it is done; if not, it and those after it count as not executed.
        """
        key = {"migration": name, "direction": direction, "position": position}
        if landed:
            self._say("finish_statement", {**key, "values": None}, guarded=True)
        else:
            self._say("forget_statement", key, guarded=True)

    def start_rollback(self, name: str) -> None:
        """Say that the rollback of a migration begins, or goes on."""
        self._say("start_rollback", {"migration": name, **self._run}, guarded=True)

    def forget(self, name: str, operation: Literal["rollback", "unmark"] = "rollback") -> None:
        """Say that a migration is no longer applied.

        Args:
            name: Name of the migration.
            operation: Whether it was undone, or only counts no longer.
        """
        self._say("forget_statements", {"migration": name}, guarded=False)
        self._say("forget_migration", {"migration": name}, guarded=True)
        self._say_ledger(name, operation)

    def intend(self, entry: Entry, before: Mapping[str, str | None]) -> None:
        """Write that a statement is about to be executed.

        Args:
            entry: Which one.
            before: Definitions that it may change, as they are now, by their keys.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        values = {**entry.row(), "text": entry.statement.text, "before": json.dumps(before)}
        self._say("start_statement", values, guarded=True)
        self.flush()

    def finished(self, entry: Entry, values: Values | None = None) -> None:
        """Say that a statement was executed that had been intended.

        Args:
            entry: Which one.
            values: What later statements may read of the connection.
        """
        self._say("finish_statement", {**entry.key(), "values": _document(values)}, guarded=False)

    def done(self, entry: Entry, values: Values | None = None) -> None:
        """Say that a statement was executed that needed no intent.

        Args:
            entry: Which one.
            values: What later statements may read of the connection.
        """
        self._say("done_statement", {**entry.row(), "values": _document(values)}, guarded=True)

    def done_together(self, connection: Connection[Cursor], entries: Sequence[Entry]) -> None:
        """Write inside a connection's transaction that statements of it are done; it commits with them.

        Args:
            connection: The executing connection, in a transaction.
            entries: The statements.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        with connection.cursor() as cursor:
            try:
                with translating(self._endpoint):
                    cursor.execute(self._guard(cursor))
                    for entry in entries:
                        cursor.execute(query("record", "done_statement"), {**entry.row(), "values": None})
            except BackendOperationError as error:
                raise self._translated(error) from error

    def keep_together(self, connection: Connection[Cursor], entry: Entry, values: Values) -> None:
        """Write inside a connection's transaction what its statements leave for later ones.

        Args:
            connection: The executing connection, in a transaction.
            entry: The last of the statements.
            values: What later statements may read of the connection.
        """
        with translating(self._endpoint), connection.cursor() as cursor:
            cursor.execute(query("record", "keep_values"), {**entry.key(), "values": _document(values)})

    def failed(self, entry: Entry, number: int, message: str) -> None:
        """Write that the server refused a statement.

        Args:
            entry: Which one.
            number: The server's error number.
            message: The server's message.
        """
        refusal = {**entry.row(), "number": number, "message": message[:LONGEST_MESSAGE]}
        self._say("fail_statement", refusal, guarded=False)
        self.flush()

    def still_in_doubt(self, entry: Entry, why: str) -> None:
        """Write why the outcome of a statement could not be found out.

        Args:
            entry: Which one.
            why: The reason, for people.
        """
        self._say("doubt_statement", {**entry.key(), "message": why[:LONGEST_MESSAGE]}, guarded=False)
        self.flush()

    def forget_from(self, entry: Entry) -> None:
        """Write that a statement and those after it have not been executed.

        Args:
            entry: The first of them.
        """
        self._say("forget_statement", entry.key(), guarded=False)
        self.flush()

    def flush(self) -> None:
        """Make everything said so far durable, in one transaction.

        Raises:
            MigrationLockedError: The lock is no longer held; nothing was written.
        """
        writes, self._waiting = self._waiting, []
        if not writes:
            return
        with self.connection.cursor() as cursor:
            # In one packet: a round trip for each would take longer than the commit.
            statements = [self._text(cursor, write) for write in writes]
            guard = [self._guard(cursor)] if any(write.guarded for write in writes) else []
            try:
                with translating(self._endpoint):
                    cursor.execute(";".join([*guard, "BEGIN", *statements, "COMMIT"]))
                    while cursor.nextset():
                        pass
            except BackendOperationError as error:
                with translating(self._endpoint):
                    self.connection.rollback()
                raise self._translated(error) from error

    def _described(self, migration: Migration) -> dict[str, object]:
        up = migration.up
        return {
            "migration": migration.name,
            "statements": len(up.statements),
            "checksum": up.checksum,
            "algorithm": ALGORITHM,
            "sha256": up.sha256,
            "text": up.text,
            **self._run,
        }

    def _say_ledger(self, name: str, operation: Operation) -> None:
        row = ledger_row(name, operation)
        added = operation in ("apply", "mark")
        self._say("ledger_log_added" if added else "ledger_log_removed", row, guarded=True)
        self._say("ledger_add" if added else "ledger_remove", row, guarded=True)

    def _say(self, name: str, values: Mapping[str, object], *, guarded: bool) -> None:
        self._waiting.append(_Write(name, values, guarded))

    def _text(self, cursor: Cursor, write: _Write) -> str:
        return cursor.mogrify(query("record", write.statement), write.values)

    def _guard(self, cursor: Cursor) -> str:
        """A statement that fails unless the executing connection holds the lock."""
        return cursor.mogrify(query("record", "still_locked"), self._lock)

    def _translated(self, error: BackendOperationError) -> TicketctlError:
        if error.number != NOT_LOCKED:
            return error
        return MigrationLockedError(
            f"the migration lock of {self._endpoint.database} was lost",
            why="the connection that held it was ended, or a statement released it",
            next_step="run the command again: it goes on where this run stopped",
        )


def _document(values: Values | None) -> str | None:
    return json.dumps(values) if values else None
