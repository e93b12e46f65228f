"""Execute the statements of a file, one by one, with the journal around each. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from ticketctl.errors import BackendError, BackendUnreachableError, MigrationStatementError
from ticketctl.infra.mysql import answered, translating
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.planning.plan import Step
from ticketctl.provision.migrate.record.history import Direction
from ticketctl.provision.migrate.record.journal import Place
from ticketctl.provision.migrate.source.files import SqlFile
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.statements import StatementKind, excerpt, kind_of

ALREADY_THERE = {1007, 1050, 1304, 1359, 1537}

_HINTS = {
    1205: "another session holds the table for longer than this one waits: `SHOW PROCESSLIST` and "
    "performance_schema.metadata_locks say who; end it or wait, then run the command again",
    1419: "the server logs changes and trusts no function: SET GLOBAL log_bin_trust_function_creators = 1, "
    "then run the command again",
}
_CORRECT_IT = "correct it and run the command again: statements above it stay done, it goes on here"


def execute(
    session: Session,
    file: SqlFile,
    step: Step,
    direction: Direction,
    *,
    began: Callable[[int, Statement], None],
    left_alone: Callable[[Statement, str], None],
) -> None:
    """Execute a file from its step's first statement on.

    Args:
        session: The connections, with the lock.
        file: The file that the step was planned from.
        step: Where to begin and what to repeat first.
        direction: Whether the file applies or undoes.
        began: Called with position and statement before each.
        left_alone: Called with a statement and the server's note when the object existed already.

    Raises:
        MigrationStatementError: The server refused a statement; the journal says which.
        MigrationLockedError: The lock is no longer held; nothing more was executed.
        BackendUnreachableError: The connection was lost; the statement may have landed.
    """
    for position in step.repeat:
        _run(session, file, file.statements[position - 1], None)
    for position, statement in enumerate(file.statements[step.first - 1 :], start=step.first):
        began(position, statement)
        place = Place(step.name, direction, position)
        session.journal.start_statement(place, statement)
        note = _run(session, file, statement, place)
        if note:
            left_alone(statement, note)


def _run(session: Session, file: SqlFile, statement: Statement, place: Place | None) -> str:
    """Execute a statement and journal its outcome; a repeated one has no place and is not journaled."""
    together = place is not None and kind_of(statement) is StatementKind.TRANSACTIONAL
    try:
        with translating(session.endpoint):
            if together:
                session.connection.begin()
            note = _send(session, statement)
    except BackendUnreachableError as error:
        raise _lost(file, statement, error) from error
    except BackendError as error:
        _refused(session, file, statement, place, error, together=together)
    if place is not None:
        session.journal.finish_statement(place, on=session.connection if together else None)
    if together:
        with translating(session.endpoint):
            session.connection.commit()
    return note


def _send(session: Session, statement: Statement) -> str:
    with session.connection.cursor() as cursor:
        cursor.execute(statement.text)
        while cursor.nextset():  # a routine's later results may carry its error
            pass
        if not cursor.warning_count:
            return ""
        cursor.execute("SHOW WARNINGS")
        return next((str(message) for _, number, message in cursor.fetchall() if number in ALREADY_THERE), "")


def _refused(
    session: Session, file: SqlFile, statement: Statement, place: Place | None, error: BackendError, *, together: bool
) -> NoReturn:
    number, message = answered(error)
    if together:
        with translating(session.endpoint):
            session.connection.rollback()
    if place is not None:
        session.journal.fail_statement(place, number, message)
    database = session.endpoint.database or ""
    raise MigrationStatementError(
        f"{file.path}:{statement.line}: MySQL refused this statement in {database}",
        database=database,
        path=file.path,
        line=statement.line,
        number=number,
        why=f"error {number}: {message}\n{excerpt(statement)}",
        next_step=_HINTS.get(number, _CORRECT_IT),
    ) from error


def _lost(file: SqlFile, statement: Statement, error: BackendUnreachableError) -> BackendUnreachableError:
    return BackendUnreachableError(
        f"{file.path}:{statement.line}: the connection was lost while this statement ran",
        backend=error.backend,
        why=f"{error.why}\n{excerpt(statement)}",
        next_step="the server finishes what it has begun; run the command again once it answers: "
        "it waits for that, and goes on from there",
    )
