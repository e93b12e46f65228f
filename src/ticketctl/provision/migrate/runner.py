"""`migrate apply`, `plan` and `status`: observe, plan, and execute under the lock.

Databases are taken one after another, and all are observed and planned before the first is touched: a
file that cannot be used stops everything while nothing has happened.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ticketctl import events
from ticketctl.events import Emit, Notice, Progress
from ticketctl.provision.migrate.execution.execute import execute
from ticketctl.provision.migrate.execution.session import STEP, Session, create_database, observe, open_session
from ticketctl.provision.migrate.planning.assess import assess
from ticketctl.provision.migrate.planning.plan import DatabasePlan, Plan, Step, plan_database
from ticketctl.provision.migrate.planning.results import (
    AppliedMigration,
    ApplyResult,
    DatabaseResult,
    DatabaseStatus,
    MigrationStatus,
    StatusResult,
)
from ticketctl.provision.migrate.record.history import History
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.source.targets import Target, find_targets
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.statements import StatementKind, excerpt, kind_of
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.model import DatabaseSettings

LOCK_TIMEOUT = 60.0


def plan(
    project_root: Path,
    databases: Mapping[str, DatabaseSettings],
    endpoints: Mapping[str, MysqlEndpoint],
    *,
    only: Collection[str] = (),
) -> Plan:
    """Return what `apply` would do; changes nothing.

    Args:
        project_root: Folder that the migration folders are relative to.
        databases: The databases of the settings.
        endpoints: Where each is and which account migrates it.
        only: Keys of the databases to look at; empty for all.

    Raises:
        MigrationFileError: A file cannot be used.
        MigrationEditedError: An applied migration has changed.
        MigrationInDoubtError: A statement's outcome is unknown.
        BackendError: A server cannot be reached or refuses.
        UnknownNameError: `only` names a database that does not exist.
    """
    targets = find_targets(project_root, databases, endpoints, only)
    return Plan(tuple(_planned(target, observe(target.endpoint)) for target in targets))


def status(
    project_root: Path,
    databases: Mapping[str, DatabaseSettings],
    endpoints: Mapping[str, MysqlEndpoint],
    *,
    only: Collection[str] = (),
) -> StatusResult:
    """Return what has become of every migration; changes nothing.

    Args:
        project_root: Folder that the migration folders are relative to.
        databases: The databases of the settings.
        endpoints: Where each is and which account reads it.
        only: Keys of the databases to look at; empty for all.

    Raises:
        MigrationFileError: A file cannot be used.
        BackendError: A server cannot be reached or refuses.
        UnknownNameError: `only` names a database that does not exist.
    """
    targets = find_targets(project_root, databases, endpoints, only)
    return StatusResult(tuple(_status(target, observe(target.endpoint)) for target in targets))


def apply(
    project_root: Path,
    databases: Mapping[str, DatabaseSettings],
    endpoints: Mapping[str, MysqlEndpoint],
    *,
    emit: Emit,
    only: Collection[str] = (),
    dry_run: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
) -> ApplyResult:
    """Apply what is pending, each statement once.

    A run that is killed at any moment may simply be repeated: it goes on at the statement where it
    stopped. Several runs at once wait for each other. Nothing is ever undone by itself.

    Args:
        project_root: Folder that the migration folders are relative to.
        databases: The databases of the settings.
        endpoints: Where each is and which account migrates it.
        emit: Takes the progress.
        only: Keys of the databases to migrate; empty for all.
        dry_run: Only plan.
        lock_timeout: Seconds to wait for another runner in each database.

    Raises:
        MigrationFileError: A file cannot be used; nothing was done.
        MigrationEditedError: An applied migration has changed; nothing was done.
        MigrationInDoubtError: A statement's outcome is unknown.
        MigrationStatementError: The server refused a statement.
        MigrationLockedError: Another runner did not finish in time.
        BackendError: A server cannot be reached or refuses.
        UnknownNameError: `only` names a database that does not exist.
    """
    began = time.monotonic()
    targets = find_targets(project_root, databases, endpoints, only)
    with events.step(emit, STEP, f"migrations of {', '.join(target.key for target in targets)}") as answer:
        found = Plan(tuple(_planned(target, observe(target.endpoint)) for target in targets))
        results = () if dry_run else tuple(_apply_all(targets, found, lock_timeout, emit))
        result = ApplyResult(dry_run, found, results, time.monotonic() - began)
        answer.changed, answer.summary = result.changed, _summary(result)
    return result


def _planned(target: Target, history: History) -> DatabasePlan:
    return plan_database(target.key, target.database, target.migrations, history)


def _apply_all(targets: Sequence[Target], found: Plan, lock_timeout: float, emit: Emit) -> Iterator[DatabaseResult]:
    for target, planned in zip(targets, found.databases, strict=True):
        for name in planned.missing:
            emit(Notice("warn", f"{target.database}: {name} is applied, but its file is gone"))
        if planned.is_empty:
            emit(Progress(STEP, target.key, "at head", f"{len(target.migrations)} applied"))
            yield DatabaseResult(target.key, target.database, created=False, applied=())
        else:
            yield _apply_one(target, planned, lock_timeout, emit)


def _apply_one(target: Target, planned: DatabasePlan, lock_timeout: float, emit: Emit) -> DatabaseResult:
    if planned.creates_database:
        create_database(target.endpoint)
        emit(Notice("info", f"the database {target.database} did not exist and was created"))
    applied: list[AppliedMigration] = []
    finished = False
    while not finished:
        with open_session(target, lock_timeout=lock_timeout, emit=emit) as session:
            # What was planned before the lock was won may have been done by whoever held it.
            finished = _apply_steps(target, session, applied, emit)
    emit(Progress(STEP, target.key, "at head", f"{len(target.migrations)} applied"))
    return DatabaseResult(target.key, target.database, planned.creates_database, tuple(applied))


def _apply_steps(target: Target, session: Session, applied: list[AppliedMigration], emit: Emit) -> bool:
    """Apply until nothing is left, or until the connection is no longer as it was; say which."""
    migrations = {migration.name: migration for migration in target.migrations}
    steps = _planned(target, session.history).steps
    for step in steps:
        migration = migrations[step.name]
        applied.append(_apply_step(target.key, session, migration, step, emit))
        kinds = {kind_of(statement) for statement in migration.up.statements}
        if kinds & {StatementKind.SESSION, StatementKind.TEMPORARY} and step is not steps[-1]:
            return False  # the next migration must not find what this one has set
    return True


def _apply_step(key: str, session: Session, migration: Migration, step: Step, emit: Emit) -> AppliedMigration:
    began = time.monotonic()
    resumed = step.name in session.history.records
    if step.late_behind:
        emit(Notice("warn", f"{key}: {step.name} comes late, {step.late_behind} is applied already"))

    def progress(position: int, statement: Statement) -> None:
        emit(Progress(STEP, key, "applying", f"{step.name}: {excerpt(statement)}", position, step.total))

    def left_alone(statement: Statement, note: str) -> None:
        where = f"{migration.up.path}:{statement.line}"
        emit(Notice("warn", f"{where}: {note}; it was left as it is, and its definition was not compared"))

    session.journal.start_migration(migration)
    execute(session, migration.up, step, "apply", began=progress, left_alone=left_alone)
    session.journal.finish_migration(migration.name)
    return AppliedMigration(step.name, step.total - step.first + 1, time.monotonic() - began, resumed)


def _summary(result: ApplyResult) -> str:
    if result.dry_run:
        return "only planned"
    count = sum(len(database.applied) for database in result.databases)
    return f"{count} applied" if count else "every database is at head"


def _status(target: Target, history: History) -> DatabaseStatus:
    lines = []
    for migration in target.migrations:
        found = assess(migration, history)
        record = history.records.get(migration.name)
        lines.append(MigrationStatus(migration.name, found.state, record.finished_at if record else None, found.detail))
    names = {migration.name for migration in target.migrations}
    lines += [
        MigrationStatus(name, "missing", record.finished_at, "applied, but its file is gone")
        for name, record in history.records.items()
        if name not in names
    ]
    return DatabaseStatus(target.key, target.database, history.exists, tuple(lines))
