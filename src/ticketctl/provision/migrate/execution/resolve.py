"""Find out what became of the statements in which an earlier run ended, and tell the journal.

Under the lock nobody executes anything: what a statement may change is compared with what it was
before, and with what the statement makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ticketctl.provision.migrate.execution.probe import Outcome, probe
from ticketctl.provision.migrate.execution.resume import prepare_connection
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.planning.mark import Mark, find_mark
from ticketctl.provision.migrate.record.entry import Entry
from ticketctl.provision.migrate.record.history import Direction, StatementRecord
from ticketctl.provision.migrate.source.files import Migration, SqlFile
from ticketctl.provision.migrate.syntax.footprint import SchemaObject
from ticketctl.provision.migrate.syntax.lexer import Statement, split


def resolve(session: Session, migrations: Sequence[Migration]) -> None:
    """Find out which statements landed in which the last run ended, if there are any.

    The journal then says that they are done, or that they were not executed; or why neither can be told.

    Args:
        session: The connections, with the lock; its history is read again.
        migrations: The migrations of the database, in their order.

    Raises:
        BackendError: The server is gone.
        MigrationLockedError: The lock is no longer held.
    """
    if not session.history.journal:
        return
    for migration in migrations:
        while (found := _open(session, migration)) is not None:
            outcome = _look(session, migration, *found)
            session.read_history_again()
            if outcome == "not landed":
                # They are executed one after another, so nothing behind it was.
                session.journal.forget_announced()
                session.read_history_again()
                return
            if outcome == "unknown":
                return


def _open(session: Session, migration: Migration) -> tuple[SqlFile, Mark, StatementRecord] | None:
    """The statement of a migration that may have been carried out and can be looked for."""
    record = session.history.records.get(migration.name)
    direction: Direction = "rollback" if record and record.state == "rolling_back" else "apply"
    file = migration.down if direction == "rollback" else migration.up
    if file is None or (record and record.state == "applied"):
        return None
    mark = find_mark(file.statements, session.history.statements(migration.name, direction))
    if mark.open is None or not mark.open.definitions_before or not mark.open.sql_text:
        return None
    return file, mark, mark.open


def _look(session: Session, migration: Migration, file: SqlFile, mark: Mark, started: StatementRecord) -> Outcome:
    # The statement as it was sent: below the mark the file may have been edited since.
    statement = _single(started.sql_text or "")
    entry = Entry(started.migration, started.direction, started.position, statement, started.kind)
    prepare_connection(session, file, mark.repeat, mark.values)
    before = {SchemaObject.from_key(key): text for key, text in json.loads(started.definitions_before or "{}").items()}
    finding = probe(session.connection, session.endpoint, statement, before)
    if finding.outcome == "not landed":
        session.journal.forget_from(entry)
        return "not landed"
    if migration.name not in session.history.records:  # it was announced, and its file had not begun
        session.journal.start_migration(migration)
    if finding.outcome == "landed":
        session.journal.finished(entry)
        session.journal.flush()
    else:
        session.journal.still_in_doubt(entry, "\n".join(part for part in (finding.why, finding.difference) if part))
    return finding.outcome


def _single(text: str) -> Statement:
    """Read a text as one statement, whatever semicolons its body has."""
    delimiter = "$$"
    while delimiter in text:
        delimiter += "$"
    (statement,) = split(f"DELIMITER {delimiter}\n{text}\n{delimiter}")
    return statement
