"""Find out what became of the statement in which an earlier run ended, and tell the journal.

Under the lock nobody executes anything: what the statement may change is compared with what it was
before, and with what the statement makes of it.
"""

from __future__ import annotations

import json

from ticketctl.provision.migrate.execution.probe import probe
from ticketctl.provision.migrate.execution.resume import prepare_connection
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.planning.mark import Mark, find_mark
from ticketctl.provision.migrate.record.history import Direction, StatementRecord
from ticketctl.provision.migrate.record.journal import Entry
from ticketctl.provision.migrate.source.files import Migration, SqlFile
from ticketctl.provision.migrate.syntax.footprint import SchemaObject
from ticketctl.provision.migrate.syntax.lexer import Statement, split


def resolve(session: Session, migration: Migration) -> None:
    """Find out whether the statement landed in which a migration stopped, if there is one.

    The journal then says that it is done, or that it was not executed; or why neither can be told.

    Args:
        session: The connections, with the lock; its history is read again.
        migration: The migration.

    Raises:
        BackendError: The server is gone.
        MigrationLockedError: The lock is no longer held.
    """
    record = session.history.records.get(migration.name)
    if record is None or record.state == "applied":
        return
    direction: Direction = "rollback" if record.state == "rolling_back" else "apply"
    file = migration.down if direction == "rollback" else migration.up
    if file is None:
        return
    mark = find_mark(file.statements, session.history.statements(migration.name, direction))
    if mark.open is None or not mark.open.definitions_before or not mark.open.sql_text:
        return
    _look(session, file, mark, mark.open)
    session.read_history_again()


def _look(session: Session, file: SqlFile, mark: Mark, started: StatementRecord) -> None:
    # The statement as it was sent: below the mark the file may have been edited since.
    statement = _single(started.sql_text or "")
    entry = Entry(started.migration, started.direction, started.position, statement, started.kind)
    prepare_connection(session, file, mark.repeat, mark.values)
    before = {SchemaObject.from_key(key): text for key, text in json.loads(started.definitions_before or "{}").items()}
    finding = probe(session.connection, session.endpoint, statement, before)
    if finding.outcome == "landed":
        session.journal.finished(entry)
        session.journal.flush()
    elif finding.outcome == "not landed":
        session.journal.forget_from(entry)
    else:
        session.journal.still_in_doubt(entry, "\n".join(part for part in (finding.why, finding.difference) if part))


def _single(text: str) -> Statement:
    """Read a text as one statement, whatever semicolons its body has."""
    delimiter = "$$"
    while delimiter in text:
        delimiter += "$"
    (statement,) = split(f"DELIMITER {delimiter}\n{text}\n{delimiter}")
    return statement
