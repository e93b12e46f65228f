"""What a database says about its own migrations: read once, and then only looked at."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ticketctl.errors import BackendOperationError, YoyoLedgerError
from ticketctl.infra.mysql import NO_SUCH_COLUMN, NO_SUCH_TABLE, translating
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.record.ledger import Ledger, LedgerChanges, ledger_changes, read_ledger
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Direction = Literal["apply", "rollback"]
MigrationState = Literal["applying", "applied", "rolling_back"]
StatementState = Literal["started", "done", "failed", "announced"]

LEDGER_LOOKS = 10
LEDGER_INTERVAL = 0.1  # seconds


# The first word of where a record is from that was not run.
RECORDED = {"yoyo": "applied by yoyo", "mark": "marked by hand", "baseline": "recorded as the baseline"}


@dataclass(slots=True)
class Record:
    """A migration's row in the history; there may be thousands.

    Attributes:
        name: Name of the migration.
        state: `applied`, or one of the two states in the middle.
        statements: How many statements it had when it was last started.
        checksum: Checksum of its tokens then.
        algorithm: How that checksum was made.
        file_sha256: Hash of the file's bytes then.
        started: When it was last started, UTC, in the notation of ISO 8601.
        finished: When it was finished, UTC; None in the middle.
        run_from: Machine and process; before it `yoyo`, `mark` or `baseline` for what was only recorded.
    """

    name: str
    state: MigrationState
    statements: int
    checksum: str
    algorithm: str
    file_sha256: str
    started: str
    finished: str | None
    run_from: str = ""

    @property
    def finished_at(self) -> datetime | None:
        """When it was finished, UTC."""
        return datetime.fromisoformat(self.finished).replace(tzinfo=UTC) if self.finished else None

    @property
    def recorded(self) -> str:
        """How it came here without being run, empty if it was run."""
        return RECORDED.get(self.run_from.partition(" ")[0], "")


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
        state: `started` means that its outcome is not known; `announced` follows one that was started,
            and its outcome is not known either.
        error_number: What the server answered when it failed.
        error_message: The server's message when it failed; why its outcome is not known.
        sql_text: The statement, while its outcome is not known.
        definitions_before: JSON of the definitions that it may change, while its outcome is not known.
        session_values: JSON of what later statements may read of the connection, None for nothing.
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
    sql_text: str | None = None
    definitions_before: str | None = None
    session_values: str | None = None


@dataclass(frozen=True)
class History:
    """Everything that a database knows about its migrations.

    Attributes:
        exists: Whether the database itself exists.
        records: Migrations by name, in the order in which they were last started.
        journal: Statements of the migrations in the middle, by migration and direction, in order.
        held_by: Who holds the migration lock while a migration is in the middle, empty for nobody or
            for ourselves: what the journal leaves open is then not in doubt but going on.
        ledger: What yoyo's tables say.
    """

    exists: bool = True
    records: Mapping[str, Record] = field(default_factory=dict)
    journal: Mapping[tuple[str, Direction], Sequence[StatementRecord]] = field(default_factory=dict)
    held_by: str = ""
    ledger: Ledger = field(default_factory=Ledger)

    @cached_property
    def changes(self) -> LedgerChanges:
        """How yoyo's tables differ from the records; nothing while a run is at work."""
        if not self.ledger.exists:
            return LedgerChanges()
        applied = [name for name, record in self.records.items() if record.state == "applied"]
        found = ledger_changes(applied, self.ledger)
        # What is being applied or undone now is in both at some moment, and nothing of yoyo's doing.
        by_yoyo = tuple(name for name in found.applied_by_yoyo if name not in self.records)
        return replace(found, applied_by_yoyo=by_yoyo)

    @property
    def in_the_middle(self) -> bool:
        """Whether a migration is begun and not finished."""
        return any(record.state != "applied" for record in self.records.values())

    def says_the_same_as(self, other: History) -> bool:
        """Whether nothing has happened between two readings but for the making of the tables.

        Args:
            other: The other reading.
        """
        mine = (self.records, self.journal, self.held_by, self.ledger.applied, self.ledger.locked_by)
        return mine == (other.records, other.journal, other.held_by, other.ledger.applied, other.ledger.locked_by)

    def statements(self, name: str, direction: Direction) -> Sequence[StatementRecord]:
        """Return the journal of a migration in the middle.

        Args:
            name: Name of the migration.
            direction: Whether it was being applied or undone.
        """
        return self.journal.get((name, direction), ())


def read_history(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> History:
    """Read the history of the connection's database; none is there before the first `apply`.

    Args:
        connection: An open connection to the database.
        endpoint: Where it goes, for messages.

    Raises:
        BackendError: The server refuses or is gone.
    """
    ledger = _ledger(connection, endpoint)
    try:
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute(query("record", "read_migrations"))
            records = _records(cursor.fetchone())
            statements = _statements(cursor) if any(record.state != "applied" for record in records) else []
    except BackendOperationError as error:
        if error.number == NO_SUCH_TABLE:
            return History(ledger=ledger)
        raise
    journal: dict[tuple[str, Direction], list[StatementRecord]] = {}
    for statement in statements:
        journal.setdefault((statement.migration, statement.direction), []).append(statement)
    return History(records={record.name: record for record in records}, journal=journal, ledger=ledger)


def read_text(connection: Connection[Cursor], endpoint: MysqlEndpoint, name: str) -> str | None:
    """Return the text that a migration was executed from; None when nothing is recorded of it.

    Args:
        connection: An open connection to the database, which has a history.
        endpoint: Where it goes, for messages.
        name: Name of the migration.

    Raises:
        BackendError: The server refuses or is gone.
    """
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute(query("record", "read_text"), {"migration": name})
        row = cursor.fetchone()
    return str(row[0]) if row else None


def _ledger(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> Ledger:
    """Read yoyo's tables; while yoyo is making them, one may be gone between two looks, or still have old columns."""
    seen = ""
    for _ in range(LEDGER_LOOKS):
        try:
            with translating(endpoint), connection.cursor() as cursor:
                return read_ledger(cursor)
        except BackendOperationError as error:
            if error.number not in (NO_SUCH_TABLE, NO_SUCH_COLUMN):
                raise
            seen = error.why
        time.sleep(LEDGER_INTERVAL)
    raise YoyoLedgerError(
        f"the ledger of yoyo in {endpoint.database} cannot be read",
        why=f"its tables change while they are read: yoyo is at work ({seen})",
        next_step="wait for yoyo to finish, and run the command again",
    )


def _statements(cursor: Cursor) -> list[StatementRecord]:
    cursor.execute(query("record", "read_statements"))
    columns = [column[0] for column in cursor.description or ()]
    known = [(columns.index(field.name), field.name) for field in fields(StatementRecord) if field.name in columns]
    return [StatementRecord(**{name: row[at] for at, name in known}) for row in cursor.fetchall()]


def _records(row: Sequence[Any] | None) -> list[Record]:
    """All records from one value: thousands of rows would take the driver ten times as long."""
    found = [Record(*values) for values in json.loads(row[0] if row and row[0] else "[]")]
    found.sort(key=lambda record: (record.started, record.name))
    return found
