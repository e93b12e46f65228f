"""What is recorded without being executed: because a person says so, or another tool has done it."""

from __future__ import annotations

from typing import Literal

from ticketctl.provision.migrate.record.entry import Entry
from ticketctl.provision.migrate.record.history import Direction
from ticketctl.provision.migrate.record.ledger import Operation
from ticketctl.provision.migrate.record.migration_rows import forget_migration, history_row, note_in_ledger
from ticketctl.provision.migrate.record.packet import Packet
from ticketctl.provision.migrate.source.files import Migration

Recorded = Literal["yoyo", "mark", "baseline"]


class Corrections:
    """Corrects the history and the statement journal of one database.

    What is said to it becomes durable when its packet is sent.

    Args:
        packet: What it is written with.
    """

    def __init__(self, packet: Packet) -> None:
        self._packet = packet

    def record(self, migration: Migration, how: Recorded) -> None:
        """Say that a migration is applied, without running it.

        Args:
            migration: It, as its file is now.
            how: How it came to be applied.
        """
        if how == "mark":  # how far it had come, or its rollback, counts no longer
            self._packet.add("forget_statements", {"migration": migration.name}, guarded=False)
        row = history_row(migration)
        values = {**row, "run_from": f"{how} via {row['run_from']}", "microseconds": 0}
        self._packet.add("record_migration", values, guarded=True)
        if how != "yoyo":
            note_in_ledger(self._packet, migration.name, "mark")

    def record_in_ledger(self, name: str, operation: Operation = "apply") -> None:
        """Say to yoyo's ledger alone that a migration is applied, or no longer is."""
        note_in_ledger(self._packet, name, operation)

    def unmark(self, name: str) -> None:
        """Say that a migration no longer counts as applied."""
        forget_migration(self._packet, name, "unmark")

    def accept_file(self, migration: Migration) -> None:
        """Say that what was executed of a migration is what its file says now."""
        self._packet.add("accept_file", history_row(migration), guarded=True)

    def accept_statement(self, entry: Entry) -> None:
        """Say that a statement that is done is what its file says now."""
        self._packet.add("accept_statement", entry.row(), guarded=True)

    def settle(self, name: str, direction: Direction, position: int, *, landed: bool) -> None:
        """Say what has become of a statement in doubt, as somebody who looked has found.

        Args:
            name: Name of the migration.
            direction: Whether it was being applied or undone.
            position: Which statement of its file.
            landed: Whether it is done; if not, it and those after it count as not executed.
        """
        if landed:
            values = {"keys": ((name, direction, position),), "values": None}
            self._packet.add("finish_statement", values, guarded=True)
        else:
            key = {"migration": name, "direction": direction, "position": position}
            self._packet.add("forget_statement", key, guarded=True)
