"""One database of a run: win its lock, look what is left, apply it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ticketctl.errors import TicketctlError
from ticketctl.events import Emit, Notice, Progress
from ticketctl.provision.migrate.execution.ahead import Ahead
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.execute import Work, execute
from ticketctl.provision.migrate.execution.resolve import resolve
from ticketctl.provision.migrate.execution.session import Session, create_database, open_session
from ticketctl.provision.migrate.news import STEP, at_head, news_of, waiting_for_lock
from ticketctl.provision.migrate.options import Options
from ticketctl.provision.migrate.planning.plan import DatabasePlan, Step, plan_database
from ticketctl.provision.migrate.planning.results import AppliedMigration, DatabaseResult
from ticketctl.provision.migrate.record.entry import Entry
from ticketctl.provision.migrate.record.history import History
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.statements import changes_connection, kind_of


@dataclass(frozen=True, slots=True)
class Run:
    """What the databases of a run share.

    Attributes:
        connections: Its connections.
        options: What is allowed, and how long to wait.
        failed: Set when one of the databases has failed.
        emit: Takes the progress.
    """

    connections: Connections
    options: Options
    failed: threading.Event
    emit: Emit


class DatabaseRun:
    """One database of a run.

    Args:
        target: The database with its files.
        seen: What the database said before its lock was won.
        planned: What was then to be done.
        run: What it shares with the other databases.
    """

    def __init__(
        self,
        target: Target,
        seen: History,
        planned: DatabasePlan,
        run: Run,
    ) -> None:
        self._planned = planned
        self._seen = seen
        self._target = target
        self._migrations = {migration.name: migration for migration in target.migrations}
        self._connections = run.connections
        self._options = run.options
        self._failed = run.failed
        self._emit = run.emit
        self._created = False
        self._applied: list[AppliedMigration] = []
        self._left: tuple[str, ...] = ()

    def apply(self) -> DatabaseResult:
        """Apply what is pending; what it fails with is in the result."""
        error = None
        try:
            self._create_database()
            while self._session():
                pass
        except TicketctlError as raised:
            error = raised
            self._failed.set()
            done = {migration.name for migration in self._applied}
            self._left = tuple(step.name for step in self._planned.steps if step.name not in done)
            self._emit(Progress(STEP, self._target.key, "failed", error.what))
        target = self._target
        return DatabaseResult(target.key, target.database, self._created, tuple(self._applied), self._left, error)

    def _create_database(self) -> None:
        if self._planned.creates_database:
            create_database(self._connections, self._target.endpoint)
            self._created = True
            self._emit(Notice("info", f"the database {self._target.database} did not exist and was created"))

    def _session(self) -> bool:
        """Apply until nothing is left, or until the connection is no longer as it was: then return True."""
        with open_session(
            self._connections,
            self._target.endpoint,
            lock_timeout=self._options.lock_timeout,
            wait=self._options.limits.wait,
            waiting=waiting_for_lock(self._target.key, self._emit),
        ) as session:
            self._tell_hazards(session)
            resolve(session, self._target.migrations)
            # What was planned before the lock was won may have been done by whoever held it.
            planned = self._plan(session)
            self._agree_with_yoyo(session, planned)
            steps = planned.steps
            ahead = Ahead(self._entries(steps))
            for place, step in enumerate(steps):
                if self._failed.is_set() and not self._options.keep_going:
                    self._left = tuple(step.name for step in steps[place:])
                    self._emit(Progress(STEP, self._target.key, "stopped", f"{len(self._left)} left"))
                    return False
                if self._apply_step(session, step, ahead) and place + 1 < len(steps):
                    return True
        self._emit(at_head(self._target))
        return False

    def _tell_hazards(self, session: Session) -> None:
        for hazard in session.hazards:
            self._emit(Notice("warn", f"{self._target.key}: {hazard}"))

    def _agree_with_yoyo(self, session: Session, planned: DatabasePlan) -> None:
        for migration in self._target.migrations:
            if migration.name in planned.taken_over:
                session.corrections.record(migration, "yoyo")
                self._emit(Notice("info", f"{self._target.key}: {migration.name} was applied by yoyo"))
        for name in planned.unrecorded:
            session.corrections.record_in_ledger(name)

    def _plan(self, session: Session) -> DatabasePlan:
        if session.history.says_the_same_as(self._seen):
            return self._planned
        target = self._target
        return plan_database(
            target.key, target.database, target.migrations, session.history, allow_late=self._options.allow_late
        )

    def _entries(self, steps: Sequence[Step]) -> list[Entry]:
        """All statements to come, as far as one connection executes them."""
        return [
            Entry(step.name, "apply", position, statement, kind_of(statement).value)
            for step in steps
            for position, statement in enumerate(self._migrations[step.name].up.statements, start=1)
            if position >= step.first
        ]

    def _apply_step(self, session: Session, step: Step, ahead: Ahead) -> bool:
        """Apply a migration; return whether it has changed the connection for those after it."""
        began = time.monotonic()
        migration = self._migrations[step.name]
        resumed = step.name in session.history.records
        if step.late_behind:
            warning = f"{self._target.key}: {step.name} comes late, {step.late_behind} is applied already"
            self._emit(Notice("warn", warning))
        if not step.total:
            empty = f"{self._target.key}: {step.name} holds no statement; it counts as applied from now on"
            self._emit(Notice("warn", empty))
        session.journal.start_migration(migration)
        limits = replace(self._options.limits, allow_copy=migration.allows_copy)
        news = news_of(self._target.key, step, "applying", self._emit)
        execute(session, Work(migration.up, step, "apply", limits, ahead), news)
        session.journal.finish_migration(migration.name)
        seconds = time.monotonic() - began
        self._applied.append(AppliedMigration(step.name, step.total - step.first + 1, seconds, resumed))
        return changes_connection(migration.up.statements)
