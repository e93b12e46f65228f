"""`migrate diff`: what has changed in a file since it was executed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from ticketctl.errors import MigrationError, MigrationFileError, UnknownNameError
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.observe import observe
from ticketctl.provision.migrate.planning.assess import is_unchanged
from ticketctl.provision.migrate.record.history import History, Record, read_text
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.settings.endpoints import MysqlEndpoint


@dataclass(frozen=True, slots=True)
class MigrationDiff:
    """A migration's file against the text that was executed.

    Attributes:
        name: Name of the migration.
        same_bytes: Whether not one byte differs.
        same_statements: Whether the server would see the same; comments, white space and line ends may differ.
        text: Unified diff from what was executed to the file; empty when no line differs.
    """

    name: str
    same_bytes: bool
    same_statements: bool
    text: str


def diff(target: Target, *, name: str) -> MigrationDiff:
    """Return what has changed in a migration's file since it was executed; changes nothing.

    A file that is gone differs in every line: the text that was executed can be read from the answer.

    Args:
        target: The database with its files.
        name: Name of the migration.

    Raises:
        MigrationError: No text is recorded of the migration.
        BackendError: The server cannot be reached or refuses.
        UnknownNameError: There is no such migration.
    """
    migrations = {migration.name: migration for migration in target.migrations}
    with Connections() as connections:
        history = observe(connections, target.endpoint)
        UnknownNameError.check("migration", (name,), {**migrations, **history.records, **_names(history)})
        record = history.records.get(name)
        recorded = _read(connections, target.endpoint, name) if record else None
    if record is None or recorded is None:
        raise _nothing_recorded(target, history, name)
    return _compare(target, migrations.get(name), record, recorded)


def _names(history: History) -> dict[str, None]:
    return dict.fromkeys(sorted(history.ledger.applied))


def _read(connections: Connections, endpoint: MysqlEndpoint, name: str) -> str | None:
    with connections.turn(endpoint) as turn:
        turn.use_database()
        return read_text(turn.connection, endpoint, name)


def _nothing_recorded(target: Target, history: History, name: str) -> MigrationError:
    if name in history.ledger.applied:
        return MigrationError(
            f"{name} was applied to {target.database} by yoyo, which keeps no text to compare with",
            next_step=f"`ticketctl migrate apply --only {target.key}` takes it into the journal as its file is now",
        )
    return MigrationError(
        f"{name} was not applied to {target.database}: there is no text to compare its file with",
        next_step=f"`ticketctl migrate plan --only {target.key}` shows what would be executed",
    )


def _compare(target: Target, migration: Migration | None, record: Record, recorded: str) -> MigrationDiff:
    name = record.name
    if migration is not None and migration.up.sha256 == record.file_sha256:
        return MigrationDiff(name, same_bytes=True, same_statements=True, text="")
    same = migration is not None and _same_statements(migration, record)
    when = f" {record.finished_at:%Y-%m-%d %H:%M:%S} UTC" if record.finished_at else ", not finished"
    labels = (f"{name}.sql in {target.database}{when}", str(migration.up.path) if migration else "/dev/null")
    text = migration.up.text if migration else ""
    found = "\n".join(difflib.unified_diff(_lines(recorded), _lines(text), *labels, lineterm=""))
    return MigrationDiff(name, same_bytes=False, same_statements=same, text=found)


def _same_statements(migration: Migration, record: Record) -> bool:
    try:
        return is_unchanged(migration, record)
    except MigrationFileError:
        return False  # it can no longer be cut into statements, and was when it was executed


def _lines(text: str) -> list[str]:
    """The lines as the lexer sees them; what else could end a line on a screen is made visible."""
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.replace("\r", "\\r") for line in lines]
