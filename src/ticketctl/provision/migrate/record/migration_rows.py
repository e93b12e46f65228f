"""What is recorded of a whole migration, in the history and in yoyo's ledger, by whomever."""

from __future__ import annotations

import os
import socket

from ticketctl import __version__
from ticketctl.provision.migrate.record.ledger import Operation, ledger_row, ledger_writes
from ticketctl.provision.migrate.record.packet import Packet
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.syntax.checksum import ALGORITHM


def this_run() -> dict[str, str]:
    """Return who writes: the process, and its version of the tool."""
    return {"run_from": f"{socket.gethostname()}:{os.getpid()}", "tool_version": __version__}


def history_row(migration: Migration) -> dict[str, object]:
    """Return what the history keeps of a migration, as its file is now.

    Args:
        migration: The migration.

    Raises:
        MigrationFileError: Its file cannot be cut into statements.
    """
    up = migration.up
    return {
        "migration": migration.name,
        "statements": len(up.statements),
        "checksum": up.checksum,
        "algorithm": ALGORITHM,
        "sha256": up.sha256,
        "text": up.text,
        **this_run(),
    }


def note_in_ledger(packet: Packet, name: str, operation: Operation) -> None:
    """Say to yoyo's ledger that a migration is applied, or no longer is.

    Args:
        packet: What it is written with.
        name: Name of the migration.
        operation: What has happened.
    """
    row = ledger_row(name, operation)
    for statement in ledger_writes(operation):
        packet.add(statement, row, guarded=True)


def forget_migration(packet: Packet, name: str, operation: Operation) -> None:
    """Say that a migration is no longer applied, and nothing of its statements is known.

    Args:
        packet: What it is written with.
        name: Name of the migration.
        operation: Whether it was undone, or only counts no longer.
    """
    packet.add("forget_statements", {"migration": name}, guarded=False)
    packet.add("forget_migration", {"migration": name}, guarded=True)
    note_in_ledger(packet, name, operation)
