"""What `ticketctl migrate apply` says at its end."""

from __future__ import annotations

from ticketctl.cli.render.migrate import applied_text
from ticketctl.errors import MigrationError
from ticketctl.provision.migrate.planning.plan import Plan
from ticketctl.provision.migrate.planning.results import AppliedMigration, ApplyResult, DatabaseResult


def text(result: DatabaseResult) -> str:
    return applied_text(ApplyResult(dry_run=False, plan=Plan(()), databases=(result,), seconds=0.5))


def applied(count: int) -> tuple[AppliedMigration, ...]:
    return tuple(AppliedMigration(f"{number:03}_x", 2, 0.25, resumed=number == 1) for number in range(1, count + 1))


def test_a_few_migrations_are_named_each() -> None:
    assert text(DatabaseResult("events", "events_db", created=False, applied=applied(2))) == (
        "events (events_db): applied 001_x (2 statements, resumed, 0.25 s), 002_x (2 statements, 0.25 s)"
    )


def test_many_migrations_are_summed_up_and_what_is_left_is_named() -> None:
    error = MigrationError("refused")
    result = DatabaseResult(
        "events", "events_db", created=False, applied=applied(200), left=("201_x", "202_x"), error=error
    )
    assert text(result) == (
        "events (events_db): applied 200 migrations, 001_x to 200_x (400 statements, resumed, 50.00 s); "
        "failed at 201_x; 1 more left"
    )
