"""What `rollback` would undo, and which rows would go with it."""

from __future__ import annotations

from dataclasses import dataclass

from ticketctl.errors import MigrationFileError, MigrationLockedError, YoyoLedgerError
from ticketctl.provision.migrate.planning.assess import Assessment, State
from ticketctl.provision.migrate.planning.doubt import refuse_yoyo_at_work
from ticketctl.provision.migrate.planning.mark import find_mark
from ticketctl.provision.migrate.planning.plan import Step, planned_step, refuse
from ticketctl.provision.migrate.record.history import History
from ticketctl.provision.migrate.source.files import ROLLBACK_SUFFIX, Migration, SqlFile
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.losses import Loss, losses

COUNTED_AT_MOST = 100_000  # rows; counting more takes longer than a question should


@dataclass(frozen=True, slots=True)
class LostRows:
    """Rows that the rollback would delete.

    Attributes:
        table: The table.
        column: The column whose values go, empty for whole rows.
        rows: How many there are now, counted up to 100,000.
        some: Whether it may be only some of them.
    """

    table: str
    column: str
    rows: int
    some: bool

    def __str__(self) -> str:
        what = f"column {self.table}.{self.column}" if self.column else f"table {self.table}"
        count = f"more than {COUNTED_AT_MOST:,}" if self.rows > COUNTED_AT_MOST else f"{self.rows:,}"
        return f"{what}: {'up to ' if self.some else ''}{count} row{'s' if self.rows != 1 else ''}"


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What a rollback would do.

    Attributes:
        key: Key of the database in the settings.
        database: Its name on the server.
        steps: Migrations, the newest first.
        lost: Rows that would be deleted.
    """

    key: str
    database: str
    steps: tuple[Step, ...]
    lost: tuple[LostRows, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to roll back."""
        return not self.steps

    def __str__(self) -> str:
        if not self.steps:
            return f"{self.key} ({self.database}): nothing to roll back"
        lines = [f"{self.key} ({self.database}): roll back {', '.join(step.name for step in self.steps)}"]
        for step in self.steps:
            lines += step.lines()
        lines += [f"  deletes {lost}" for lost in self.lost]
        return "\n".join(lines)


def decide(target: Target, history: History, steps: int) -> RollbackPlan:
    """Return which migrations to undo, the newest first (pure).

    Args:
        target: The database with its files.
        history: What the database says of them.
        steps: How many.

    Raises:
        MigrationFileError: A rollback file is missing, or a newer migration's files are gone.
        MigrationEditedError: The executed part of a rollback file has changed.
        MigrationInDoubtError: A statement's outcome is unknown.
        MigrationLockedError: Another run is in the middle of a migration.
        YoyoLedgerError: yoyo is at work, or has changed what is applied.
    """
    refuse_yoyo_at_work(target.database, history.ledger)
    if history.changes.applied_by_yoyo or history.changes.removed_by_yoyo:
        raise YoyoLedgerError(
            f"yoyo has changed what is applied to {target.database}",
            why=", ".join((*history.changes.applied_by_yoyo, *history.changes.removed_by_yoyo)),
            next_step="`ticketctl migrate apply` takes over what yoyo has applied, and says what else to do",
        )
    known = {migration.name for migration in target.migrations}
    gone = next((name for name in history.records if name not in known), None)
    if gone is not None:
        folder = target.folder
        raise MigrationFileError(
            f"{gone} is applied to {target.database}, but its file is gone",
            path=folder / f"{gone}.sql",
            why="it may build on what would be rolled back, and cannot be rolled back itself",
            next_step="check out the version that has it; or, if it is gone for good, "
            f"`ticketctl migrate repair {target.key} --unmark {gone}`",
        )
    if history.held_by:
        raise MigrationLockedError(
            f"another run is changing {target.database}",
            why=f"its lock is held by {history.held_by}",
            next_step="wait for it, and look at the plan again",
        )
    begun = [migration for migration in target.migrations if migration.name in history.records]
    newest = list(reversed(begun))[:steps]
    return RollbackPlan(target.key, target.database, tuple(_step(target, migration, history) for migration in newest))


def _step(target: Target, migration: Migration, history: History) -> Step:
    file = rollback_file(migration)
    record = history.records[migration.name]
    journal = history.statements(migration.name, "rollback") if record.state == "rolling_back" else ()
    mark = find_mark(file.statements, journal)
    if mark.problem is not None:
        state: State = "edited" if mark.problem == "edited" else "in doubt"
        refuse(target.key, target.database, file, Assessment(migration.name, state, mark, mark.why), "rollback")
    return planned_step(migration.name, file, mark)


def rollback_file(migration: Migration) -> SqlFile:
    """Return the file that undoes a migration.

    Args:
        migration: Any migration.

    Raises:
        MigrationFileError: It has none.
    """
    if migration.down is None:
        path = migration.up.path.with_name(migration.name + ROLLBACK_SUFFIX)
        raise MigrationFileError(
            f"{migration.name} cannot be rolled back: it has no rollback file",
            path=path,
            next_step=f"write {path}, or undo its work in a new migration",
        )
    return migration.down


def lost_with(target: Target, found: RollbackPlan) -> tuple[Loss, ...]:
    """Return what a rollback would delete (pure).

    Args:
        target: The database with its files.
        found: The rollback.
    """
    downs = {migration.name: migration.down for migration in target.migrations}
    files = [(step, downs[step.name]) for step in found.steps]
    return losses(statement for step, file in files if file for statement in file.statements[step.first - 1 :])
