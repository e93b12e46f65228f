"""`migrate apply`, `plan` and `status`: observe, plan, and execute under the lock.

All databases are observed and planned before the first is touched: a file that cannot be used stops
everything while nothing has happened. Then they are migrated at the same time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketctl import events
from ticketctl.events import Emit, Notice
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.observe import observe
from ticketctl.provision.migrate.execution.sizes import read_sizes
from ticketctl.provision.migrate.news import STEP, at_head
from ticketctl.provision.migrate.options import Options
from ticketctl.provision.migrate.parallel import in_parallel, one_at_a_time
from ticketctl.provision.migrate.planning.plan import DatabasePlan, Plan, plan_database
from ticketctl.provision.migrate.planning.results import ApplyResult, DatabaseResult, StatusResult
from ticketctl.provision.migrate.planning.sizes import planned_tables, with_sizes
from ticketctl.provision.migrate.planning.status import status_of
from ticketctl.provision.migrate.record.history import History
from ticketctl.provision.migrate.source.targets import Target

if TYPE_CHECKING:
    from ticketctl.provision.migrate.planning.script import Script


def plan(targets: Sequence[Target], *, allow_late: bool = False) -> Plan:
    """Return what `apply` would do; changes nothing.

    Args:
        targets: The databases with their files.
        allow_late: Whether a migration may run that belongs before an applied one.

    Raises:
        MigrationFileError: A file cannot be used.
        MigrationEditedError: An applied migration has changed.
        MigrationInDoubtError: A statement's outcome is unknown.
        MigrationLateError: A pending migration belongs before an applied one.
        BackendError: A server cannot be reached or refuses.
    """
    with Connections() as connections:
        found = _plan(targets, _observe(connections, targets), allow_late=allow_late)
        return _with_sizes(connections, targets, found)


def plan_script(targets: Sequence[Target], *, allow_late: bool = False) -> Script:
    """Return what `apply` would do as SQL, to be run by hand and then recorded; changes nothing.

    Args:
        targets: The databases with their files.
        allow_late: Whether a migration may run that belongs before an applied one.

    Raises:
        MigrationFileError: A file cannot be used.
        MigrationEditedError: An applied migration has changed.
        MigrationInDoubtError: A statement's outcome is unknown.
        MigrationLateError: A pending migration belongs before an applied one.
        BackendError: A server cannot be reached or refuses.
    """
    from ticketctl.provision.migrate.planning.script import script_of

    with Connections() as connections:
        seen = _observe(connections, targets)
    return script_of(_plan(targets, seen, allow_late=allow_late), targets)


def status(targets: Sequence[Target]) -> StatusResult:
    """Return what has become of every migration; changes nothing.

    Args:
        targets: The databases with their files.

    Raises:
        MigrationFileError: A file cannot be used.
        BackendError: A server cannot be reached or refuses.
    """
    with Connections() as connections:
        seen = _observe(connections, targets)
    return StatusResult(
        tuple(
            status_of(target.key, target.database, target.migrations, history)
            for target, history in zip(targets, seen, strict=True)
        )
    )


def apply(
    targets: Sequence[Target],
    *,
    emit: Emit,
    dry_run: bool = False,
    options: Options | None = None,
) -> ApplyResult:
    """Apply what is pending, each statement once, in all databases at the same time.

    A run that is killed at any moment may simply be repeated: it goes on at the statement where it
    stopped. Several runs at once wait for each other. Nothing is ever undone by itself.

    Args:
        targets: The databases with their files.
        emit: Takes the progress.
        dry_run: Only plan.
        options: What is allowed, and how long to wait.

    Returns:
        What was done in each database, and what a database failed with: a refused statement, a lock
        that was not given up in time, a server that went away.

    Raises:
        MigrationFileError: A file cannot be used; nothing was done.
        MigrationEditedError: An applied migration has changed; nothing was done.
        MigrationInDoubtError: A statement's outcome is unknown; nothing was done.
        MigrationLateError: A pending migration belongs before an applied one; nothing was done.
        BackendError: A server cannot be reached or refuses; nothing was done.
    """
    began = time.monotonic()
    options = options or Options()
    emit = one_at_a_time(emit)
    title = f"migrations of {', '.join(target.key for target in targets)}"
    with events.step(emit, STEP, title) as answer, Connections() as connections:
        seen = _observe(connections, targets)
        found = _plan(targets, seen, allow_late=options.allow_late)
        results: tuple[DatabaseResult, ...] = ()
        if dry_run:
            found = _with_sizes(connections, targets, found)
        else:
            results = _apply_all(list(zip(targets, seen, found.databases, strict=True)), connections, options, emit)
        result = ApplyResult(dry_run, found, results, time.monotonic() - began)
        answer.ok, answer.changed, answer.summary = not result.errors, result.changed, _summary(result)
    return result


def _observe(connections: Connections, targets: Sequence[Target]) -> list[History]:
    return [observe(connections, target.endpoint) for target in targets]


def _plan(targets: Sequence[Target], seen: Sequence[History], *, allow_late: bool) -> Plan:
    return Plan(
        tuple(
            plan_database(target.key, target.database, target.migrations, history, allow_late=allow_late)
            for target, history in zip(targets, seen, strict=True)
        )
    )


def _with_sizes(connections: Connections, targets: Sequence[Target], found: Plan) -> Plan:
    """The plan with the sizes of the tables that it changes; asks nothing where it changes none."""
    databases = []
    for target, planned in zip(targets, found.databases, strict=True):
        tables = {} if planned.creates_database else planned_tables(target, planned)
        names = {name for named in tables.values() for name in named}
        sizes = read_sizes(connections, target.endpoint, names) if names else {}
        databases.append(with_sizes(planned, tables, sizes) if sizes else planned)
    return Plan(tuple(databases))


def _apply_all(
    work: Sequence[tuple[Target, History, DatabasePlan]], connections: Connections, options: Options, emit: Emit
) -> tuple[DatabaseResult, ...]:
    results = {}
    for target, _, planned in work:
        for name in planned.missing:
            emit(Notice("warn", f"{target.database}: {name} is applied, but its file is gone"))
        if planned.is_empty:
            emit(at_head(target))
            results[target.key] = DatabaseResult(target.key, target.database, created=False, applied=())
    busy = [one for one in work if not one[2].is_empty]
    if busy:
        # Imported only now: most runs find nothing to do, and should say so at once.
        from ticketctl.provision.migrate.apply import DatabaseRun, Run

        shared = Run(connections, options, threading.Event(), emit)
        done = in_parallel([DatabaseRun(*one, shared).apply for one in busy], abort=connections.abort)
        results |= {result.key: result for result in done}
    return tuple(results[target.key] for target, _, _ in work)


def _summary(result: ApplyResult) -> str:
    if result.dry_run:
        return "only planned"
    count = sum(len(database.applied) for database in result.databases)
    failed = [database.key for database in result.databases if database.error is not None]
    done = f"{count} applied" if count else "every database is at head"
    if failed:
        return f"{count} applied; {', '.join(failed)} failed"
    return done
