"""What a database says about its own migrations: read once, and then only looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import translating
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Direction = Literal["apply", "rollback"]
MigrationState = Literal["applying", "applied", "rolling_back"]
StatementState = Literal["started", "done", "failed"]

NO_SUCH_TABLE = 1146


@dataclass(frozen=True, slots=True)
class Record:
    """A migration's row in the history.

    Attributes:
        name: Name of the migration.
        state: `applied`, or one of the two states in the middle.
        statements: How many statements it had when it was last started.
        checksum: Checksum of its tokens then.
        algorithm: How that checksum was made.
        file_sha256: Hash of the file's bytes then.
        started_at: When it was last started, UTC.
        finished_at: When it was finished, UTC; None in the middle.
    """

    name: str
    state: MigrationState
    statements: int
    checksum: str
    algorithm: str
    file_sha256: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """A statement's row in the journal.

    Attributes:
        migration: Name of the migration.
        direction: Whether it applies or undoes.
        position: Which statement of its file, counted from 1.
        line: Line in the file then.
        checksum: Checksum of its tokens then.
        kind: Value of its `StatementKind` then.
        state: `started` means that its outcome is not known.
        error_number: What the server answered when it failed.
        error_message: The server's message when it failed.
    """

    migration: str
    direction: Direction
    position: int
    line: int
    checksum: str
    kind: str
    state: StatementState
    error_number: int | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Everything that a database knows about its migrations.

    Attributes:
        exists: Whether the database itself exists.
        records: Migrations by name, in the order in which they were last started.
        journal: Statements of the migrations in the middle, by migration and direction, in order.
        without_transactions: Tables whose engine has no transactions; only read when a statement's
            outcome depends on it.
        held_by: Who holds the migration lock while a migration is in the middle, empty for nobody or
            for ourselves: what the journal leaves open is then not in doubt but going on.
    """

    exists: bool = True
    records: Mapping[str, Record] = field(default_factory=dict)
    journal: Mapping[tuple[str, Direction], Sequence[StatementRecord]] = field(default_factory=dict)
    without_transactions: Sequence[str] = ()
    held_by: str = ""

    @property
    def in_the_middle(self) -> bool:
        """Whether a migration is begun and not finished."""
        return any(record.state != "applied" for record in self.records.values())

    def statements(self, name: str, direction: Direction) -> Sequence[StatementRecord]:
        """Return the journal of a migration in the middle.

        Args:
            name: Name of the migration.
            direction: Whether it was being applied or undone.
        """
        return self.journal.get((name, direction), ())


@cache
def query(name: str) -> str:
    """Return one of the statements in `sql/`.

    Args:
        name: File name without `.sql`.
    """
    return (
        resources.files("ticketctl.provision.migrate.record").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    )


def read_history(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> History:
    """Read the history of the connection's database; none is there before the first `apply`.

    Args:
        connection: An open connection to the database.
        endpoint: Where it goes, for messages.

    Raises:
        BackendError: The server refuses or is gone.
    """
    try:
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute(query("read_migrations"))
            records = [_record(row) for row in cursor.fetchall()]
            statements = _statements(cursor) if any(record.state != "applied" for record in records) else []
            others = _tables_without_transactions(cursor) if _in_doubt(statements) else []
    except BackendOperationError as error:
        if error.number == NO_SUCH_TABLE:
            return History()
        raise
    journal: dict[tuple[str, Direction], list[StatementRecord]] = {}
    for statement in statements:
        journal.setdefault((statement.migration, statement.direction), []).append(statement)
    return History(
        records={record.name: record for record in records}, journal=journal, without_transactions=tuple(others)
    )


def _statements(cursor: Cursor) -> list[StatementRecord]:
    cursor.execute(query("read_statements"))
    return [StatementRecord(*row) for row in cursor.fetchall()]


def _in_doubt(statements: Iterable[StatementRecord]) -> bool:
    return any(statement.state == "started" for statement in statements)


def _tables_without_transactions(cursor: Cursor) -> list[str]:
    cursor.execute(query("other_engines"))
    return [str(row[0]) for row in cursor.fetchall()]


def _record(row: Sequence[Any]) -> Record:
    name, state, statements, checksum, algorithm, file_sha256, started_at, finished_at = row
    return Record(
        name,
        state,
        statements,
        checksum,
        algorithm,
        file_sha256,
        started_at.replace(tzinfo=UTC),
        finished_at.replace(tzinfo=UTC) if finished_at else None,
    )
