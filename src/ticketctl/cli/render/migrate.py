"""The answers of `ticketctl migrate` as text."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.provision.migrate.planning.results import (
    AppliedMigration,
    ApplyResult,
    DatabaseResult,
    DatabaseStatus,
    StatusResult,
)

NAMED_AT_MOST = 6  # migrations; a first run may apply hundreds


def applied_text(result: ApplyResult) -> str:
    """Return what `apply` did, or its plan.

    Args:
        result: The answer of `apply`.
    """
    if result.dry_run:
        return str(result.plan)
    return "\n".join(_database_line(database) for database in result.databases)


def rolled_back_text(result: DatabaseResult) -> str:
    """Return what `rollback` did.

    Args:
        result: The answer of `rollback`.
    """
    names = ", ".join(migration.name for migration in result.applied)
    return f"{result.key} ({result.database}): rolled back {names}"


def status_text(result: StatusResult) -> str:
    """Return the migrations of each database, one a line.

    Args:
        result: The answer of `status`.
    """
    return "\n".join(line for database in result.databases for line in _status_lines(database))


def _database_line(result: DatabaseResult) -> str:
    said = [f"applied {_applied(result.applied)}"] if result.applied else []
    if result.left:
        said.append(f"{'failed at' if result.error else 'stopped before'} {result.left[0]}")
        said += [f"{len(result.left) - 1} more left"] if len(result.left) > 1 else []
    elif result.error:
        said.append("failed")
    return f"{result.key} ({result.database}): {'; '.join(said) or 'nothing to apply'}"


def _applied(migrations: Sequence[AppliedMigration]) -> str:
    if len(migrations) <= NAMED_AT_MOST:
        return ", ".join(
            f"{one.name} ({_amount(one.statements, one.seconds, resumed=one.resumed)})" for one in migrations
        )
    statements, seconds = sum(one.statements for one in migrations), sum(one.seconds for one in migrations)
    amount = _amount(statements, seconds, resumed=migrations[0].resumed)
    return f"{len(migrations)} migrations, {migrations[0].name} to {migrations[-1].name} ({amount})"


def _amount(statements: int, seconds: float, *, resumed: bool) -> str:
    plural = "s" if statements != 1 else ""
    return f"{statements} statement{plural}{', resumed' if resumed else ''}, {seconds:.2f} s"


def _status_lines(status: DatabaseStatus) -> list[str]:
    missing = "" if status.exists else ", does not exist yet"
    width = max((len(migration.name) for migration in status.migrations), default=0)
    lines = [f"{status.key} ({status.database}{missing})"]
    for migration in status.migrations:
        when = f"{migration.applied_at:%Y-%m-%d %H:%M:%S} UTC" if migration.applied_at else ""
        facts = "  ".join(fact for fact in (when, migration.detail) if fact)
        lines.append(f"  {migration.name:<{width}}  {migration.state:<12}  {facts}".rstrip())
    return lines if status.migrations else [*lines, "  no migrations"]
