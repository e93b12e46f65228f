"""What the migration commands answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ticketctl.errors import TicketctlError
from ticketctl.provision.migrate.planning.assess import State
from ticketctl.provision.migrate.planning.plan import Plan

StatusState = State | Literal["late", "missing"]


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """A migration that this run applied or rolled back.

    Attributes:
        name: Its name.
        statements: How many of its statements this run executed.
        seconds: How long that took.
        resumed: Whether an earlier run had begun it.
    """

    name: str
    statements: int
    seconds: float
    resumed: bool


@dataclass(frozen=True, slots=True)
class DatabaseResult:
    """What this run did in one database.

    Attributes:
        key: Its key in the settings.
        database: Its name on the server.
        created: Whether this run created it.
        applied: Migrations, in the order in which they ran.
        left: Names of the migrations that this run did not come to, because this database or another failed.
        error: What this database failed with.
    """

    key: str
    database: str
    created: bool
    applied: tuple[AppliedMigration, ...]
    left: tuple[str, ...] = ()
    error: TicketctlError | None = None


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What `apply` did.

    Attributes:
        dry_run: Whether it only planned.
        plan: What it found to do before it began.
        databases: What it did, in the order of the settings.
        seconds: How long it took.
    """

    dry_run: bool
    plan: Plan
    databases: tuple[DatabaseResult, ...]
    seconds: float

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return any(database.applied or database.created for database in self.databases)

    @property
    def errors(self) -> tuple[TicketctlError, ...]:
        """What databases failed with, the worst exit code first."""
        errors = [database.error for database in self.databases if database.error is not None]
        return tuple(sorted(errors, key=lambda error: -error.exit_code))

    def raise_failed(self) -> ApplyResult:
        """Raise the worst error, if any database failed; else return this result.

        Raises:
            TicketctlError: What the database failed with.
        """
        for error in self.errors:
            raise error
        return self


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """One line of the status.

    Attributes:
        name: Name of the migration.
        state: What has become of it.
        applied_at: When it was finished, UTC.
        detail: More about the state, may be empty.
    """

    name: str
    state: StatusState
    applied_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """The migrations of one database.

    Attributes:
        key: Its key in the settings.
        database: Its name on the server.
        exists: Whether it exists.
        migrations: Its migrations in their order, then those whose files are gone.
    """

    key: str
    database: str
    exists: bool
    migrations: tuple[MigrationStatus, ...]

    @property
    def at_head(self) -> bool:
        """Whether everything is applied; a file that is gone does not count against it."""
        return all(migration.state in ("applied", "missing") for migration in self.migrations)


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The migrations of all databases.

    Attributes:
        databases: One status for each, in the order of the settings.
    """

    databases: tuple[DatabaseStatus, ...]

    @property
    def ok(self) -> bool:
        """Whether every database is at head."""
        return all(database.at_head for database in self.databases)
