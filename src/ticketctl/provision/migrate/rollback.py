"""`migrate rollback`: undo the newest migrations of one database, by explicit command only."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ticketctl import events
from ticketctl.errors import BackendOperationError, MigrationError
from ticketctl.events import Emit
from ticketctl.infra.mysql import NO_SUCH_COLUMN, NO_SUCH_TABLE, quote_identifier, translating
from ticketctl.provision.migrate.execution.ahead import Ahead
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.execute import Work, execute
from ticketctl.provision.migrate.execution.limits import Limits, LockWait
from ticketctl.provision.migrate.execution.observe import observe
from ticketctl.provision.migrate.execution.resolve import resolve
from ticketctl.provision.migrate.execution.session import Session, open_session
from ticketctl.provision.migrate.news import STEP, news_of, waiting_for_lock
from ticketctl.provision.migrate.options import LOCK_TIMEOUT
from ticketctl.provision.migrate.parallel import one_at_a_time
from ticketctl.provision.migrate.planning.plan import Step
from ticketctl.provision.migrate.planning.results import AppliedMigration, DatabaseResult
from ticketctl.provision.migrate.planning.rollback_plan import (
    COUNTED_AT_MOST,
    LostRows,
    RollbackPlan,
    decide,
    lost_with,
    rollback_file,
)
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.losses import Loss
from ticketctl.settings.endpoints import MysqlEndpoint


def plan_rollback(target: Target, *, steps: int = 1) -> RollbackPlan:
    """Return what rolling back would do, with the rows that it would delete; changes nothing.

    Args:
        target: The database with its files.
        steps: How many migrations, from the newest on.

    Raises:
        MigrationFileError: A rollback file is missing or cannot be used.
        MigrationEditedError: The executed part of a rollback file has changed.
        MigrationInDoubtError: A statement's outcome is unknown.
        BackendError: The server cannot be reached or refuses.
    """
    with Connections() as connections:
        found = decide(target, observe(connections, target.endpoint), steps)
        if not found.steps:
            return found
        lost = _count(connections, target.endpoint, lost_with(target, found))
    return RollbackPlan(found.key, found.database, found.steps, lost)


def rollback(
    target: Target,
    *,
    planned: RollbackPlan,
    emit: Emit,
    lock_timeout: float = LOCK_TIMEOUT,
) -> DatabaseResult:
    """Undo the newest migrations of a database by their rollback files, exactly as planned and shown.

    Args:
        target: The database with its files as they are now, whatever they were when it was planned.
        planned: What `plan_rollback` returned.
        emit: Takes the progress.
        lock_timeout: Seconds to wait for another runner.

    Raises:
        MigrationFileError: A rollback file is missing or cannot be used.
        MigrationError: Other migrations have come or gone since it was planned.
        MigrationEditedError: The executed part of a rollback file has changed.
        MigrationInDoubtError: A statement's outcome is unknown.
        MigrationStatementError: The server refused a statement.
        MigrationLockedError: Another runner did not finish in time.
        BackendError: The server cannot be reached or refuses.
    """
    done: list[AppliedMigration] = []
    emit = one_at_a_time(emit)
    with events.step(emit, STEP, f"rollback of {target.database}") as answer, Connections() as connections:
        for step in planned.steps:
            # A session for each: a migration must not find what another's rollback has set.
            with open_session(
                connections,
                target.endpoint,
                lock_timeout=lock_timeout,
                wait=LockWait(),
                waiting=waiting_for_lock(target.key, emit),
            ) as session:
                resolve(session, target.migrations)
                done.append(_undo(target, session, _still_newest(target, session, step), emit))
        answer.changed, answer.summary = bool(done), f"{len(done)} rolled back"
    return DatabaseResult(target.key, target.database, created=False, applied=tuple(done))


def _still_newest(target: Target, session: Session, planned: Step) -> Step:
    """The step as it is now, under the lock: what was not shown is not undone."""
    newest = decide(target, session.history, 1).steps
    if not newest or newest[0].name != planned.name:
        now = newest[0].name if newest else "none"
        raise MigrationError(
            f"{planned.name} is no longer the newest migration of {target.database}",
            why=f"since the plan was shown, another run has changed it; the newest is now {now}",
            next_step="run `ticketctl migrate rollback` again and look at its plan",
        )
    return newest[0]


def _undo(target: Target, session: Session, step: Step, emit: Emit) -> AppliedMigration:
    began = time.monotonic()
    migration = next(migration for migration in target.migrations if migration.name == step.name)
    resumed = session.history.records[step.name].state == "rolling_back"
    session.journal.start_rollback(step.name)
    limits = Limits(allow_copy=migration.allows_copy)
    news = news_of(target.key, step, "rolling back", emit)
    execute(session, Work(rollback_file(migration), step, "rollback", limits, Ahead()), news)
    session.journal.finish_rollback(step.name)
    return AppliedMigration(step.name, step.total - step.first + 1, time.monotonic() - began, resumed)


def _count(connections: Connections, endpoint: MysqlEndpoint, lost: Sequence[Loss]) -> tuple[LostRows, ...]:
    counted = []
    with connections.turn(endpoint) as turn:
        for loss in lost:
            what = quote_identifier(loss.column) if loss.column else "1"
            table = quote_identifier(loss.table)
            query = f"SELECT COUNT(*) FROM (SELECT {what} FROM {table} LIMIT %s) AS counted"  # noqa: S608  # quoted names
            try:
                with translating(endpoint), turn.connection.cursor() as cursor:
                    cursor.execute(query, (COUNTED_AT_MOST + 1,))
                    row = cursor.fetchone()
            except BackendOperationError as error:
                if error.number in (NO_SUCH_TABLE, NO_SUCH_COLUMN):
                    continue  # what is not there cannot be lost
                raise
            counted.append(LostRows(loss.table, loss.column, int(row[0]) if row else 0, loss.some))
    return tuple(counted)
