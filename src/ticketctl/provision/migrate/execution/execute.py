"""Execute the statements of a file, one by one, with the journal around each. Decides nothing.

What commits together with its rows (`TRANSACTIONAL`) is journaled inside its own transaction; what
commits by itself is intended before and finished after; what only sets up the connection is repeated
whenever a run is resumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from ticketctl.errors import (
    BackendError,
    BackendUnreachableError,
    MigrationBlockedError,
    MigrationCopyError,
    MigrationDefinitionError,
    MigrationStatementError,
)
from ticketctl.infra.mysql import answered, translating
from ticketctl.provision.migrate.execution.ahead import Ahead
from ticketctl.provision.migrate.execution.definitions import read_definitions
from ticketctl.provision.migrate.execution.engines import OtherEngines, read_other_engines
from ticketctl.provision.migrate.execution.limits import Limits, News
from ticketctl.provision.migrate.execution.probe import confirm_existing
from ticketctl.provision.migrate.execution.resume import prepare_connection, read_values
from ticketctl.provision.migrate.execution.send import Sender
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.planning.plan import Step
from ticketctl.provision.migrate.record.entry import Entry
from ticketctl.provision.migrate.record.history import Direction
from ticketctl.provision.migrate.record.journal import Definitions, Values
from ticketctl.provision.migrate.source.files import SqlFile
from ticketctl.provision.migrate.syntax.counters import Counters
from ticketctl.provision.migrate.syntax.footprint import SchemaObject, footprint
from ticketctl.provision.migrate.syntax.session_values import values_used
from ticketctl.provision.migrate.syntax.statements import StatementKind, excerpt, kind_of
from ticketctl.provision.migrate.syntax.tokens import Statement
from ticketctl.provision.migrate.syntax.units import Unit, units, with_explicit_drops

SYNTAX_ERROR = 1064
_HINTS = {
    1419: "the server logs changes and trusts no function: SET GLOBAL log_bin_trust_function_creators = 1, "
    "then run the command again",
}
_SEVERAL = "if the text up to its delimiter holds several statements, end each of them with the delimiter; else "
_CORRECT_IT = "correct it and run the command again: statements above it stay done, it goes on here"
_PARTLY = "what it did before it failed stays; look at it, correct the file, and run the command again"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be executed.

    Attributes:
        file: The file that the step was planned from.
        step: Where to begin and what to repeat first.
        direction: Whether the file applies or undoes.
        limits: What its statements may cost others.
        ahead: What the session will execute after it as well.
    """

    file: SqlFile
    step: Step
    direction: Direction
    limits: Limits
    ahead: Ahead


def execute(session: Session, work: Work, news: News) -> None:
    """Execute a file from its step's first statement on.

    Args:
        session: The connections, with the lock.
        work: What to execute.
        news: Takes what happens.

    Raises:
        MigrationStatementError: The server refused a statement; the journal says which.
        MigrationDefinitionError: What a statement would make is there already, and is something else.
        MigrationCopyError: A statement would copy a large table.
        MigrationBlockedError: Other sessions hold what a statement needs.
        MigrationLockedError: The lock is no longer held; nothing more was executed.
        BackendUnreachableError: The connection was lost; the statement may have landed.
    """
    prepare_connection(session, work.file, work.step.repeat, work.step.values)
    _Execution(session, work, news).run()


class _Execution:
    def __init__(self, session: Session, work: Work, news: News) -> None:
        self._session = session
        self._journal = session.journal
        self._work = work
        self._file = work.file
        self._news = news
        self._sender = Sender(session, work.limits, news)
        self._sent = with_explicit_drops(work.file.statements)
        self._used = values_used(work.file.statements)
        self._counters = Counters(work.file.statements)
        self._other_engines: OtherEngines | None = None  # a definition may change it

    def run(self) -> None:
        above = self._work.step.first - 1
        for unit in units(self._sent[above:]):
            self._run(Unit(unit.first + above, unit.last + above, unit.kind))

    def _run(self, unit: Unit) -> None:
        positions = range(unit.first, unit.last + 1)
        if unit.kind in (StatementKind.SESSION, StatementKind.REPEATABLE):
            self._unjournaled(unit.first, unit.kind)
        elif unit.kind is StatementKind.TRANSACTIONAL and not self._escapes(positions):
            self._together(positions)
        else:
            for position in positions:
                self._alone(position, unit.kind)

    def _escapes(self, positions: Sequence[int]) -> bool:
        if self._other_engines is None:
            self._other_engines = read_other_engines(self._session)
        return self._other_engines.may_take([self._sent[position - 1] for position in positions])

    def _unjournaled(self, position: int, kind: StatementKind) -> None:
        """What may simply be repeated needs no intent, and its outcome is in no hurry."""
        self._news.began(position, self._file.statements[position - 1])
        entry = self._entry(position, kind)
        try:
            self._sender.send(self._sent[position - 1])
        except BackendError as error:
            self._refused(entry, error)
        self._journal.done(entry, self._values(position))

    def _together(self, positions: Sequence[int]) -> None:
        """One transaction with its own journal rows: all of it is there, or nothing."""
        self._journal.flush()
        statements = [self._sent[position - 1] for position in positions]
        entries = [self._entry(position, StatementKind.TRANSACTIONAL) for position in positions]
        reached = [entries[0]]
        try:
            if any(kind_of(statement) is StatementKind.TEMPORARY for statement in statements):
                self._transaction(entries, reached)  # what it makes would be in the way of a second try
            else:
                attempt = partial(self._transaction, entries, reached)
                self._sender.together(attempt, statements, self._where(entries[0]))
        except MigrationBlockedError as error:
            self._journal.failed(reached[-1], 0, error.what)
            raise
        except BackendUnreachableError as error:
            raise self._lost(reached[-1], error) from error
        except BackendError as error:
            with translating(self._session.endpoint):
                self._session.connection.rollback()
            self._refused(reached[-1], error)

    def _transaction(self, entries: Sequence[Entry], reached: list[Entry]) -> None:
        connection = self._session.connection
        with translating(self._session.endpoint):
            connection.begin()
        # Before the statements: what is written in between would change ROW_COUNT().
        self._journal.done_together(connection, entries)
        for entry in entries:
            reached.append(entry)
            self._news.began(entry.position, entry.statement)
            self._sender.send(self._sent[entry.position - 1])
        values = self._values(entries[-1].position)
        if values:
            self._journal.keep_together(connection, entries[-1], values)
        with translating(self._session.endpoint):
            connection.commit()

    def _alone(self, position: int, kind: StatementKind) -> None:
        """A statement that commits by itself: intended before, finished after."""
        statement = self._sent[position - 1]
        self._news.began(position, self._file.statements[position - 1])
        self._other_engines = None
        touched = footprint(statement, self._session.endpoint.database or "")
        tellable = kind is StatementKind.DEFINITION and touched.tellable
        entry = self._entry(position, kind if tellable else StatementKind.OPAQUE)
        self._intend(entry, touched.objects if tellable else None)
        try:
            note = self._sender.define(statement, self._where(entry)) if tellable else self._sender.send(statement)
        except (MigrationBlockedError, MigrationCopyError) as error:
            self._journal.failed(entry, 0, error.what)
            raise
        except BackendError as error:
            self._refused(entry, error)
        if note:
            self._compare(entry, note)
        self._journal.finished(entry, self._values(position))
        if not tellable:
            self._session.existing.forget()
            self._journal.flush()

    def _intend(self, entry: Entry, objects: Sequence[SchemaObject] | None) -> None:
        """Write the intent, and with it those of the statements behind that are as easily looked for."""
        if objects is None:
            self._journal.intend(entry, {})
            return
        ahead = []
        if not self._journal.is_announced(entry):
            database = self._session.endpoint.database or ""
            for following, made in self._work.ahead.announceable(entry, database, self._session.existing):
                absent: Definitions = {one.key: None for one in made}
                ahead.append((following, absent))
        self._journal.intend(entry, self._definitions(objects), ahead)

    def _definitions(self, objects: Sequence[SchemaObject]) -> Definitions:
        absent = {one for one in objects if self._session.existing.is_absent(one)}
        with self._journal.connection.cursor() as cursor:
            there = [one for one in objects if one not in absent]
            definitions = read_definitions(cursor, self._session.endpoint, there) if there else {}
        self._session.existing.may_exist(objects)
        return {one.key: definitions.get(one) for one in objects}

    def _entry(self, position: int, kind: StatementKind) -> Entry:
        statement = self._file.statements[position - 1]
        return Entry(self._work.step.name, self._work.direction, position, statement, kind.value)

    def _values(self, position: int) -> Values | None:
        counters = self._counters.after(position)
        return read_values(self._session, self._used, counters) if self._used or counters else None

    def _compare(self, entry: Entry, note: str) -> None:
        """What was there already counts only if it is what the statement would have made."""
        finding = confirm_existing(self._session.connection, self._session.endpoint, entry.statement)
        if finding.outcome == "landed":
            self._news.existed(entry.statement, note)
            return
        self._journal.failed(entry, 0, f"{note}; {finding.why}")
        raise MigrationDefinitionError(
            f"{self._where(entry)}: what this statement makes is in {self._session.endpoint.database} already, "
            "and is something else",
            difference=finding.difference,
            why=f"{note}; {finding.why}\n{finding.difference}".rstrip(),
            next_step="write a migration that changes what is there into what is wanted, or remove what is there; "
            "then run the command again",
        )

    def _refused(self, entry: Entry, error: BackendError) -> NoReturn:
        if isinstance(error, BackendUnreachableError):
            raise self._lost(entry, error) from error
        number, message = answered(error)
        self._journal.failed(entry, number, message)
        database = self._session.endpoint.database or ""
        partly = entry.kind == StatementKind.OPAQUE.value
        raise MigrationStatementError(
            f"{self._where(entry)}: MySQL refused this statement in {database}",
            database=database,
            path=self._file.path,
            line=entry.statement.line,
            number=number,
            why=f"error {number}: {message}\n{excerpt(entry.statement)}",
            next_step=_HINTS.get(number) or _several(number, entry.statement) + (_PARTLY if partly else _CORRECT_IT),
        ) from error

    def _lost(self, entry: Entry, error: BackendUnreachableError) -> BackendUnreachableError:
        return BackendUnreachableError(
            f"{self._where(entry)}: the connection was lost while this statement ran",
            backend=error.backend,
            why=f"{error.why}\n{excerpt(entry.statement)}",
            next_step="the server finishes what it has begun; run the command again once it answers: "
            "it waits for that, and goes on from there",
        )

    def _where(self, entry: Entry) -> str:
        return f"{self._file.path}:{entry.statement.line}:{entry.statement.column}"


def _several(number: int, statement: Statement) -> str:
    """A hint for `DELIMITER //` and `DROP …; CREATE … //`, which the client would send as two statements."""
    inside = any(token.text == ";" for token in statement.tokens)
    return _SEVERAL if number == SYNTAX_ERROR and inside else ""
