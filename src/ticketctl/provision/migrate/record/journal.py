"""The journal's writing side: intent before each statement, outcome after it.

It writes on a connection of its own, because the statements of a migration may change anything on
theirs; what commits together with rows of a migration is written on the migration's connection. What
begins something is preceded, in the same packet, by a check that the executing connection still holds
the migration lock: who has lost the lock cannot write an intent.

What need not be durable at once waits for the next write that has to be: the outcome of a statement,
what ends and begins between two, and the intent of the next are one transaction. Statements that make
what is not there yet are announced several at a time. When a run is killed, the outcomes of its last
statements may therefore be unknown although they were carried out; they are looked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.record.entry import Entry
from ticketctl.provision.migrate.record.history import Direction, StatementState
from ticketctl.provision.migrate.record.migration_rows import forget_migration, history_row, note_in_ledger, this_run
from ticketctl.provision.migrate.record.packet import Packet
from ticketctl.provision.migrate.source.files import Migration

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

LONGEST_MESSAGE = 2000

Values = Mapping[str, Sequence[str | None]]
Definitions = Mapping[str, str | None]


class Journal:
    """Writes the history and the statement journal of one database.

    What is only said to it becomes durable with the next write that has to be: before a statement is
    sent, when one was refused, and at the end (`flush`).

    Args:
        packet: What it writes with, on a connection that executes nothing else.

    Attributes:
        connection: That connection.
    """

    def __init__(self, packet: Packet) -> None:
        self.connection = packet.connection
        self._endpoint = packet.endpoint
        self._packet = packet
        self._began = 0.0
        self._announced: set[tuple[str, Direction, int]] = set()

    def start_migration(self, migration: Migration) -> None:
        """Say that a migration begins, or goes on."""
        self._began = time.monotonic()
        self._say("start_migration", history_row(migration), guarded=True)

    def finish_migration(self, name: str) -> None:
        """Say that a migration is applied."""
        described = self._packet.withdraw("start_migration", name)
        if described is None:
            self._say("finish_migration", {"migration": name}, guarded=True)
        else:  # that it has begun was never written, and need not be
            microseconds = round((time.monotonic() - self._began) * 1_000_000)
            self._say("record_migration", {**described, "microseconds": microseconds}, guarded=True)
        note_in_ledger(self._packet, name, "apply")

    def start_rollback(self, name: str) -> None:
        """Say that the rollback of a migration begins, or goes on."""
        self._say("start_rollback", {"migration": name, **this_run()}, guarded=True)

    def finish_rollback(self, name: str) -> None:
        """Say that a migration is no longer applied: it was undone."""
        forget_migration(self._packet, name, "rollback")

    def intend(self, entry: Entry, before: Definitions, ahead: Sequence[tuple[Entry, Definitions]] = ()) -> None:
        """Write that a statement is about to be executed, unless that was announced.

        Args:
            entry: Which one.
            before: Definitions that it may change, as they are now, by their keys.
            ahead: Statements that follow it at once, to be announced in the same transaction.

        Raises:
            MigrationLockedError: The lock is no longer held.
        """
        if entry.place in self._announced:
            self._announced.discard(entry.place)
            return
        self._take_back()
        self._say("start_statement", _intent(entry, before, "started"), guarded=True)
        for following, definitions in ahead:
            self._say("start_statement", _intent(following, definitions, "announced"), guarded=True)
            self._announced.add(following.place)
        self.flush()

    def is_announced(self, entry: Entry) -> bool:
        """Whether a statement was announced together with an earlier one."""
        return entry.place in self._announced

    def finished(self, entry: Entry, values: Values | None = None) -> None:
        """Say that a statement was executed that had been intended.

        Args:
            entry: Which one.
            values: What later statements may read of the connection.
        """
        self._say("finish_statement", {"keys": (entry.place,), "values": _document(values)}, guarded=False)

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
                    cursor.execute(self._packet.guard(cursor))
                    for entry in entries:
                        cursor.execute(query("record", "done_statement"), {**entry.row(), "values": None})
            except BackendOperationError as error:
                raise self._packet.translated(error) from error

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
        self._take_back()
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

    def forget_announced(self) -> None:
        """Write that nothing of what was announced has been executed."""
        self._say("forget_announced", {}, guarded=True)
        self.flush()

    def flush(self) -> None:
        """Make everything said so far durable, in one transaction.

        Raises:
            MigrationLockedError: The lock is no longer held; nothing was written.
        """
        self._packet.send()

    def close(self) -> None:
        """Make everything durable that was said, and take back what was announced and not executed."""
        self._take_back()
        self.flush()

    def _take_back(self) -> None:
        if self._announced:
            self._announced.clear()
            self._say("forget_announced", {}, guarded=True)

    def _say(self, name: str, values: Mapping[str, object], *, guarded: bool) -> None:
        self._packet.add(name, values, guarded=guarded)


def _intent(entry: Entry, before: Definitions, state: StatementState) -> dict[str, object]:
    return {**entry.row(), "text": entry.statement.text, "before": json.dumps(before), "state": state}


def _document(values: Values | None) -> str | None:
    return json.dumps(values) if values else None
