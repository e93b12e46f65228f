"""What the migration commands answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ticketctl.provision.migrate.planning.plan import Plan

StatusState = Literal["applied", "pending", "partial", "edited", "missing", "in doubt", "rolling back", "running"]


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
    """

    key: str
    database: str
    created: bool
    applied: tuple[AppliedMigration, ...]


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
