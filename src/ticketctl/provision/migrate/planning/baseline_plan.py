"""What a baseline would record, and which statements its comparison has to leave out (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ticketctl.errors import MigrationError, UnknownNameError, YoyoLedgerError
from ticketctl.provision.migrate.planning.doubt import refuse_yoyo_at_work
from ticketctl.provision.migrate.record.history import History
from ticketctl.provision.migrate.source.files import SUFFIX, Migration
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.confine import Confinement
from ticketctl.provision.migrate.syntax.footprint import SchemaObject, footprint
from ticketctl.provision.migrate.syntax.guard import NotConfinedError
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.rewrite import names_in
from ticketctl.provision.migrate.syntax.statements import excerpt

# Tables in which other tools keep their books.
LEDGERS = {
    "alembic_version": "Alembic",
    "changelog": "MyBatis Migrations",
    "databasechangelog": "Liquibase",
    "databasechangeloglock": "Liquibase",
    "django_migrations": "Django",
    "flyway_schema_history": "Flyway",
    "goose_db_version": "goose",
    "gorp_migrations": "sql-migrate",
    "schema_migrations": "golang-migrate, dbmate or Rails",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A statement that is not executed for the comparison.

    Attributes:
        migration: Name of the migration.
        path: Its file.
        position: Which statement of it, counted from 1.
        line: Line in the file.
        sql: Its beginning, on one line.
        why: What it would touch, in words.
    """

    migration: str
    path: str
    position: int
    line: int
    sql: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class BaselinePlan:
    """What a baseline would do.

    Attributes:
        key: Key of the database in the settings.
        database: Its name on the server.
        migrations: Names of the migrations that would be recorded as applied, in their order.
        pending: Names of those after them, which stay pending.
        left_out: Statements that are not executed for the comparison.
        not_compared: What they may define, which is therefore not compared: `table seats`.
        ledgers: Tables of other migration tools, which are not compared either.
    """

    key: str
    database: str
    migrations: tuple[str, ...]
    pending: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    not_compared: tuple[str, ...] = ()
    ledgers: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to record."""
        return not self.migrations

    def __str__(self) -> str:
        head = f"{self.key} ({self.database}):"
        if self.is_empty:
            return f"{head} there is no migration to record"
        count = len(self.migrations)
        first = f" from {self.migrations[0]}" if count > 1 else ""
        lines = [
            f"{head} record {count} migration{'s' if count > 1 else ''} as applied,{first} up to {self.migrations[-1]}",
            "  nothing is executed in the database; it is compared with what these files make",
        ]
        if self.pending:
            lines.append(f"  pending afterwards: {_some(self.pending)}")
        lines += [f"  left out of the comparison: {one}\n    {one.sql}" for one in self.left_out]
        if self.not_compared:
            lines.append(f"  not compared: {', '.join(self.not_compared)}")
        lines += [f"  not compared: table {name}, in which {LEDGERS[name]} keeps its books" for name in self.ledgers]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """What a baseline did.

    Attributes:
        dry_run: Whether it only compared.
        plan: What was planned.
        recorded: Names of the migrations that were recorded.
        compared: How many tables, views, routines and triggers were compared.
        left_out: Statements that were not executed for the comparison, with those that only the server
            could put together.
        difference: Unified diff from what exists to what the migrations make; empty where they are the same.
        seconds: How long it took.
    """

    dry_run: bool
    plan: BaselinePlan
    recorded: tuple[str, ...]
    compared: int
    left_out: tuple[LeftOut, ...]
    difference: str
    seconds: float


def decide_baseline(target: Target, history: History, to: str) -> tuple[Migration, ...]:
    """Return the migrations that a baseline records.

    Args:
        target: The database with its files.
        history: What the database says of them.
        to: Name of the last one; empty for the last file.

    Raises:
        MigrationError: There is no database, or it has a history already.
        YoyoLedgerError: yoyo has managed it, or is at work.
        UnknownNameError: There is no such migration.
    """
    names = [migration.name for migration in target.migrations]
    last = to.removesuffix(SUFFIX)
    if last:
        UnknownNameError.check("migration", (last,), names)
    refuse_yoyo_at_work(target.database, history.ledger)
    if not history.exists:
        raise MigrationError(
            f"the database {target.database} does not exist",
            why="a baseline records what a database already has",
            next_step=f"`ticketctl migrate apply --only {target.key}` creates it and applies everything",
        )
    if history.records:
        raise MigrationError(
            f"{target.database} has a history already",
            why=f"it says that these were applied: {_some(tuple(history.records))}",
            next_step="`ticketctl migrate status` shows it; "
            f"`ticketctl migrate repair {target.key} --mark NAME` records a single migration",
        )
    if history.ledger.applied:
        raise YoyoLedgerError(
            f"{target.database} needs no baseline: yoyo has managed it",
            why=f"yoyo's ledger says that these were applied: {_some(sorted(history.ledger.applied))}",
            next_step="`ticketctl migrate apply` takes over what yoyo's ledger has, and goes on from there",
        )
    return target.migrations[: names.index(last) + 1] if last else target.migrations


def plan_replay(
    database: str, migrations: Sequence[Migration], confinement: Confinement
) -> tuple[tuple[LeftOut, ...], tuple[SchemaObject, ...]]:
    """Return what has to be left out when migrations are replayed elsewhere, and what they make of it.

    Args:
        database: Name of the own database.
        migrations: The migrations.
        confinement: Turns their statements.
    """
    left_out: list[LeftOut] = []
    objects: dict[SchemaObject, None] = {}
    missing: dict[str, str] = {}
    for migration, position, statement in _all(migrations):
        why = _obstacle(statement, confinement, missing)
        if why:
            left_out.append(left_out_for(migration, position, why))
            for one in footprint(statement, database).objects:
                objects[one] = None
                missing[one.name.lower()] = str(one)
    return tuple(left_out), tuple(objects)


def defines(database: str, migrations: Sequence[Migration], name: str) -> bool:
    """Tell whether some statement defines a table or view of a name.

    Args:
        database: Name of the own database.
        migrations: The migrations.
        name: The name.
    """
    wanted = SchemaObject("table", name)
    return any(wanted in footprint(statement, database).objects for _, _, statement in _all(migrations))


def left_out_for(migration: Migration, position: int, why: str) -> LeftOut:
    """Return the note that a statement is left out.

    Args:
        migration: The migration.
        position: Which statement of its file, counted from 1.
        why: The reason.
    """
    statement = migration.up.statements[position - 1]
    return LeftOut(migration.name, str(migration.up.path), position, statement.line, excerpt(statement), why)


def _obstacle(statement: Statement, confinement: Confinement, missing: dict[str, str]) -> str:
    if statement.words[:1] != ("PREPARE",):  # what that prepares is looked at when it is known
        try:
            confinement.confine(statement)
        except NotConfinedError as error:
            return str(error)
    needed = names_in(statement) & missing.keys() if missing else frozenset()
    return f"it may need {', '.join(missing[name] for name in sorted(needed))}, which is left out" if needed else ""


def _all(migrations: Sequence[Migration]) -> Iterator[tuple[Migration, int, Statement]]:
    for migration in migrations:
        for position, statement in enumerate(migration.up.statements, start=1):
            yield migration, position, statement


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, … {names[-1]} ({len(names)} in all)"
