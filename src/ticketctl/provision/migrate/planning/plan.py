"""What `apply` would do, as a value that can be printed (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketctl.errors import MigrationInDoubtError
from ticketctl.provision.migrate.planning.amounts import in_words
from ticketctl.provision.migrate.planning.assess import Assessment, assess
from ticketctl.provision.migrate.planning.doubt import (
    edited_error,
    in_doubt_error,
    late_error,
    refuse_lost_files,
    refuse_yoyo_at_work,
    undone_error,
)
from ticketctl.provision.migrate.planning.mark import Mark
from ticketctl.provision.migrate.record.history import Direction, History
from ticketctl.provision.migrate.source.files import Migration, SqlFile
from ticketctl.provision.migrate.syntax.statements import excerpt, kind_of

LINE_WIDTH = 80  # columns


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """A statement that would be executed.

    Attributes:
        position: Which one of its file, counted from 1.
        line: Line in the file.
        kind: Value of its `StatementKind`.
        sql: Its beginning, on one line.
        table: The existing table that it changes, several with commas; empty for none.
        rows: The rows in it, as the server estimates them; None without a table.
        bytes: Its data and indexes; None without a table.
        loses_rows: Whether it deletes all of them.
    """

    position: int
    line: int
    kind: str
    sql: str
    table: str = ""
    rows: int | None = None
    bytes: int | None = None
    loses_rows: bool = False

    @property
    def size(self) -> str:
        """The size of the table in words, empty without one."""
        if self.bytes is None:
            return ""
        rows = "" if self.rows is None else f"~{self.rows:,} row{'s' if self.rows != 1 else ''}, "
        if self.loses_rows and self.rows == 0:
            rows = "few or no rows, "  # the estimate lags behind
        return f"{'deletes ' if self.loses_rows else ''}{rows}{in_words(self.bytes)}"


@dataclass(frozen=True, slots=True)
class Step:
    """A migration that would be applied, or rolled back, wholly or from where it stopped.

    Attributes:
        name: Name of the migration.
        path: The file that would be executed.
        first: Position of the first statement, above 1 when it is resumed.
        repeat: Positions above it that set up the connection and are executed again.
        values: JSON of the user variables that are set again after them, None for none.
        looks_first: Whether the first statement may have been carried out, and is looked for.
        total: How many statements the file has.
        statements: The statements from `first` on.
        late_behind: Name of a later migration that is applied already, empty for none.
        running_by: Who is executing it now, empty for nobody; what will be left is known when they stop.
    """

    name: str
    path: str
    first: int
    repeat: tuple[int, ...]
    total: int
    statements: tuple[PlannedStatement, ...]
    late_behind: str = ""
    values: str | None = None
    looks_first: bool = False
    running_by: str = ""

    def lines(self) -> list[str]:
        """The step as lines of text."""
        if self.running_by:
            return [f"  {self.name}  {self.path}, in the hands of {self.running_by}"]
        resumed = f", goes on at statement {self.first} of {self.total}" if self.first > 1 else ""
        if self.looks_first:
            resumed += ", which was started: looks first whether it landed"
        late = f", late: {self.late_behind} is applied already" if self.late_behind else ""
        empty = "" if self.total else ", which holds no statement"
        return [
            f"  {self.name}  {self.path}{empty}{resumed}{late}",
            *_statement_lines(self.statements),
        ]


@dataclass(frozen=True, slots=True)
class DatabasePlan:
    """What would be done in one database.

    Attributes:
        key: Its key in the settings.
        database: Its name on the server.
        creates_database: Whether it would be created.
        steps: Migrations in the order in which they would run.
        missing: Applied migrations whose files are gone.
        taken_over: Migrations that yoyo has applied, and that would be taken into the journal.
        unrecorded: Applied migrations that would be written into yoyo's ledger, which lacks them.
    """

    key: str
    database: str
    creates_database: bool
    steps: tuple[Step, ...]
    missing: tuple[str, ...] = ()
    taken_over: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.steps or self.creates_database or self.taken_over or self.unrecorded)

    def __str__(self) -> str:
        count = len(self.steps)
        summary = f"{count} migration{'s' if count != 1 else ''}" if count else "nothing to apply"
        created = ", creates the database" if self.creates_database else ""
        lines = [f"{self.key} ({self.database}): {summary}{created}"]
        for step in self.steps:
            lines += step.lines()
        lines += [f"  {name}  applied by yoyo, is taken into the journal" for name in self.taken_over]
        if self.unrecorded:
            lines.append(f"  {len(self.unrecorded)} applied migrations are written into yoyo's ledger")
        lines += [f"  {name}  applied, but its file is gone" for name in self.missing]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done in all databases.

    Attributes:
        databases: One plan for each, in the order of the settings.
    """

    databases: tuple[DatabasePlan, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do anywhere."""
        return all(plan.is_empty for plan in self.databases)

    def __str__(self) -> str:
        return "\n".join(map(str, self.databases))


def plan_database(
    key: str, database: str, migrations: Sequence[Migration], history: History, *, allow_late: bool = False
) -> DatabasePlan:
    """Return what has to be applied to one database.

    Args:
        key: Its key in the settings.
        database: Its name on the server.
        migrations: Its migrations in their order.
        history: What the database says of them.
        allow_late: Whether a migration may run that belongs before an applied one.

    Raises:
        MigrationEditedError: An applied migration, or the done part of one, has changed.
        MigrationInDoubtError: A statement's outcome is unknown, or a rollback stopped in the middle.
        MigrationLateError: A pending migration belongs before an applied one.
    """
    refuse_yoyo_at_work(database, history.ledger)
    assessed = [assess(migration, history) for migration in migrations]
    for migration, found in zip(migrations, assessed, strict=True):
        refuse(key, database, migration.up, found)
    applied = [item.migration for item in assessed if item.state == "applied"]
    last_applied = applied[-1] if applied else ""
    names = [migration.name for migration in migrations]
    behind = names.index(last_applied) if last_applied else -1
    steps = []
    for index, (migration, found) in enumerate(zip(migrations, assessed, strict=True)):
        if found.state == "running":
            steps.append(_running_step(migration, found))
        elif found.state in ("pending", "partial"):
            late = last_applied if index < behind else ""
            if late and found.state == "pending" and not (allow_late or migration.allows_late):
                raise late_error(key, database, migration, late)
            steps.append(planned_step(migration.name, migration.up, found.mark, late))
    known = set(names)
    refuse_lost_files(key, database, [record for name, record in history.records.items() if name not in known])
    missing = tuple(name for name in history.records if name not in known)
    taken_over = tuple(item.migration for item in assessed if item.migration in history.changes.applied_by_yoyo)
    return DatabasePlan(
        key, database, not history.exists, tuple(steps), missing, taken_over, history.changes.unrecorded
    )


def planned_step(name: str, file: SqlFile, mark: Mark, late_behind: str = "") -> Step:
    """Return a file's execution from its mark on.

    Args:
        name: Name of the migration.
        file: The file to execute.
        mark: Where it goes on.
        late_behind: Name of a later migration that is applied already.
    """
    statements = tuple(
        PlannedStatement(position, statement.line, kind_of(statement).value, excerpt(statement))
        for position, statement in enumerate(file.statements, start=1)
        if position >= mark.next
    )
    total = len(file.statements)
    looks_first = mark.open is not None
    return Step(name, str(file.path), mark.next, mark.repeat, total, statements, late_behind, mark.values, looks_first)


def _statement_lines(statements: Sequence[PlannedStatement]) -> list[str]:
    """One line for each, cut to the width of a terminal, the sizes under each other."""
    numbers = max((len(str(statement.line)) for statement in statements), default=1)
    sizes = max((len(statement.size) for statement in statements), default=0)
    room = LINE_WIDTH - len("    ") - numbers - len("  ")
    beside = room - len("  ") - sizes
    longest = min(beside, max((len(statement.sql) for statement in statements if statement.size), default=0))
    lines = []
    for statement in statements:
        sql = _cut(statement.sql, longest if statement.size else room)
        size = f"  {statement.size:>{sizes}}" if statement.size else ""
        lines.append(f"    {statement.line:>{numbers}}  {sql:<{longest if size else 0}}{size}")
    return lines


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 2].rstrip()} …"


def _running_step(migration: Migration, found: Assessment) -> Step:
    total = len(migration.up.statements)
    return Step(migration.name, str(migration.up.path), 1, (), total, (), running_by=found.detail)


def refuse(key: str, database: str, file: SqlFile, found: Assessment, direction: Direction = "apply") -> None:
    """Raise what stands in the way of executing a file, if anything does.

    Args:
        key: Key of the database in the settings.
        database: Its name on the server.
        file: The file.
        found: What has become of its migration.
        direction: Whether the file applies or undoes.

    Raises:
        MigrationEditedError: What was executed already has changed.
        MigrationInDoubtError: It is not known what was executed.
    """
    name = found.migration
    if found.state == "edited":
        raise edited_error(key, database, file, found, direction)
    if found.state == "undone by yoyo":
        raise undone_error(key, database, file, found)
    if found.state == "in doubt":
        raise in_doubt_error(key, database, name, file, found.mark)
    if found.state == "rolling back" and direction == "apply":
        raise MigrationInDoubtError(
            f"the rollback of {name} in {database} stopped in the middle",
            why=found.detail,
            next_step=f"finish it with `ticketctl migrate rollback {key}`, and apply again after that",
        )
