"""What is wrong with the migrations of each database, and what to do next (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from ticketctl.provision.migrate.planning.assess import WAS_EMPTY
from ticketctl.provision.migrate.planning.results import DatabaseStatus, MigrationStatus, StatusResult, StatusState


@dataclass(frozen=True, slots=True)
class Wrong:
    """A migration that is not applied as its file says.

    Attributes:
        migration: Its name.
        state: What has become of it.
        detail: More about the state, may be empty.
        next_step: What to do or type now.
    """

    migration: str
    state: StatusState
    detail: str
    next_step: str


@dataclass(frozen=True, slots=True)
class DatabaseVerification:
    """What is wrong in one database.

    Attributes:
        key: Its key in the settings.
        database: Its name on the server.
        exists: Whether it exists; that it does not is wrong too.
        migrations: How many migrations there are.
        wrong: Those that are not as they should be.
    """

    key: str
    database: str
    exists: bool
    migrations: int
    wrong: tuple[Wrong, ...]

    @property
    def ok(self) -> bool:
        """Whether everything is applied, and nothing else is recorded."""
        return self.exists and not self.wrong


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What is wrong in all databases.

    Attributes:
        databases: One verification for each, in the order of the settings.
    """

    databases: tuple[DatabaseVerification, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong anywhere."""
        return all(database.ok for database in self.databases)


def verification_of(result: StatusResult) -> VerifyResult:
    """Return what is wrong in a status; unlike `status`, an applied migration whose file is gone counts.

    Args:
        result: What `status` answers.
    """
    return VerifyResult(tuple(_database(status) for status in result.databases))


def next_step(key: str, status: MigrationStatus) -> str:
    """Return what to do about a migration that is not applied as its file says.

    Args:
        key: Key of the database in the settings.
        status: What has become of it.
    """
    name = status.name
    if status.detail == WAS_EMPTY:
        return f"`ticketctl migrate repair {key} --unmark {name}`, then `ticketctl migrate apply --only {key}`"
    apply = f"`ticketctl migrate apply --only {key}`"
    repair = f"`ticketctl migrate repair {key}"
    steps: dict[StatusState, str] = {
        "pending": f"{apply} executes it",
        "partial": f"{apply} goes on where it stopped; correct its file first if a statement failed",
        "late": f"rename it so that it comes last; or, if the order does not matter to it, {apply[:-1]} --allow-late`",
        "edited": f"`ticketctl migrate diff {key} {name}` shows what changed: restore the file; or, if the database "
        f"is as the file says, {repair} --accept-edit {name}`",
        "in doubt": f"`ticketctl migrate plan --only {key}` says what to look at; then "
        f"{repair} --landed {name}` or `--not-landed {name}`",
        "rolling back": f"`ticketctl migrate rollback {key}` finishes its rollback",
        "running": "wait until the run that is at it has ended",
        "undone by yoyo": f"if its work is undone, {repair} --unmark {name}`; if it is still there, `--mark {name}`",
        "missing": f"restore its file (`ticketctl migrate diff {key} {name}` shows what was recorded of it); "
        f"or, if it is gone for good, {repair} --unmark {name}`",
    }
    return steps.get(status.state, "")


def _database(status: DatabaseStatus) -> DatabaseVerification:
    wrong = [
        Wrong(migration.name, migration.state, migration.detail, next_step(status.key, migration))
        for migration in status.migrations
        if migration.state != "applied"
    ]
    return DatabaseVerification(status.key, status.database, status.exists, len(status.migrations), tuple(wrong))
