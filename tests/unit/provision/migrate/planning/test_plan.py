"""The plan as text, and every reason not to have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ticketctl.errors import (
    MigrationEditedError,
    MigrationFileError,
    MigrationInDoubtError,
    MigrationLateError,
    MigrationLockedError,
)
from ticketctl.provision.migrate.planning.assess import assess
from ticketctl.provision.migrate.planning.plan import DatabasePlan, Plan, plan_database
from ticketctl.provision.migrate.planning.rollback_plan import LostRows, decide
from ticketctl.provision.migrate.planning.status import status_of
from ticketctl.provision.migrate.record.history import (
    Direction,
    History,
    MigrationState,
    Record,
    StatementRecord,
    StatementState,
)
from ticketctl.provision.migrate.source.files import Migration, discover
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.checksum import ALGORITHM, statement_checksum
from ticketctl.provision.migrate.syntax.statements import kind_of
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

NOW = "2026-01-02 03:04:05.000000"
THREE = "CREATE TABLE a (x INT);\nCREATE TABLE IF NOT EXISTS b (x INT);\nINSERT INTO b VALUES (1);\n"


def migrations_of(folder: Path, files: Mapping[str, str]) -> tuple[Migration, ...]:
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return discover(folder)


def record(migration: Migration, state: MigrationState = "applied") -> Record:
    up = migration.up
    return Record(migration.name, state, len(up.statements), up.checksum, ALGORITHM, up.sha256, NOW, NOW)


def journal(
    migration: Migration, states: Sequence[StatementState], direction: Direction = "apply"
) -> tuple[StatementRecord, ...]:
    file = migration.up if direction == "apply" else migration.down
    assert file is not None
    return tuple(
        StatementRecord(
            migration.name,
            direction,
            position,
            statement.line,
            statement_checksum(statement),
            kind_of(statement).value,
            state,
        )
        for position, (statement, state) in enumerate(zip(file.statements, states, strict=False), start=1)
    )


def stopped(migration: Migration, *states: StatementState) -> History:
    """A migration in the middle, its statements in these states."""
    return History(
        records={migration.name: record(migration, "applying")},
        journal={(migration.name, "apply"): journal(migration, states)},
    )


def planned(migrations: Sequence[Migration], history: History) -> DatabasePlan:
    return plan_database("events", "events_db", migrations, history)


def text(folder: Path, plan: object) -> str:
    return str(plan).replace(f"{folder}/", "")


def test_everything_is_pending_in_an_empty_database(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_a": "\n" * 8 + THREE, "002_b": "-- nothing yet\n"})
    assert text(tmp_path, planned(migrations, History())) == (
        "events (events_db): 2 migrations\n"
        "  001_a  001_a.sql\n"
        "     9  CREATE TABLE a (x INT)\n"
        "    10  CREATE TABLE IF NOT EXISTS b (x INT)\n"
        "    11  INSERT INTO b VALUES (1)\n"
        "  002_b  002_b.sql, which holds no statement"
    )


def test_a_database_that_does_not_exist_is_created(tmp_path: Path) -> None:
    plan = planned(migrations_of(tmp_path, {}), History(exists=False))
    assert str(Plan((plan,))) == "events (events_db): nothing to apply, creates the database"
    assert not Plan((plan,)).is_empty


def test_applied_migrations_are_left_out_and_missing_ones_named(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_a": THREE})
    gone = replace(record(migrations[0]), name="000_gone")
    plan = planned(migrations, History(records={"000_gone": gone, "001_a": record(migrations[0])}))
    assert str(plan) == "events (events_db): nothing to apply\n  000_gone  applied, but its file is gone"
    assert plan.is_empty


def test_a_late_migration_is_refused_unless_allowed(tmp_path: Path) -> None:
    first, second = migrations_of(tmp_path, {"001_a": THREE, "002_b": THREE})
    history = History(records={"002_b": record(second)})
    with pytest.raises(MigrationLateError, match=r"001_a\.sql comes late: 002_b is applied") as raised:
        planned((first, second), history)
    assert (raised.value.migration, raised.value.behind) == ("001_a", "002_b")

    plan = plan_database("events", "events_db", (first, second), history, allow_late=True)
    assert "  001_a  001_a.sql, late: 002_b is applied already\n" in text(tmp_path, plan)
    allowed = migrations_of(tmp_path, {"001_a": f"-- ticketctl: allow-late\n{THREE}"})
    assert planned(allowed, history).steps[0].late_behind == "002_b"


def test_comments_and_line_ends_of_an_applied_file_may_change(tmp_path: Path) -> None:
    (before,) = migrations_of(tmp_path, {"001_a": THREE})
    history = History(records={"001_a": record(before)})
    after = migrations_of(tmp_path, {"001_a": "-- said differently\n" + THREE.replace("\n", "\r\n")})
    assert planned(after, history).is_empty


def test_an_applied_file_that_changed_is_refused(tmp_path: Path) -> None:
    (before,) = migrations_of(tmp_path, {"001_a": THREE})
    history = History(records={"001_a": record(before)})
    after = migrations_of(tmp_path, {"001_a": THREE.replace("(1)", "(2)")})
    with pytest.raises(MigrationEditedError, match=r"001_a\.sql was edited after it was applied to events_db"):
        planned(after, history)


def test_an_unknown_checksum_algorithm_trusts_only_the_same_bytes(tmp_path: Path) -> None:
    (migration,) = migrations_of(tmp_path, {"001_a": THREE})
    newer = replace(record(migration), algorithm="tokens-9", checksum="0" * 64)
    assert assess(migration, History(records={"001_a": newer})).state == "applied"
    (changed,) = migrations_of(tmp_path, {"001_a": THREE + "-- more"})
    assert assess(changed, History(records={"001_a": newer})).state == "edited"


def test_goes_on_at_the_failed_statement(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_a": THREE})
    assert text(tmp_path, planned(migrations, stopped(migrations[0], "done", "failed"))) == (
        "events (events_db): 1 migration\n"
        "  001_a  001_a.sql, goes on at statement 2 of 3\n"
        "    2  CREATE TABLE IF NOT EXISTS b (x INT)\n"
        "    3  INSERT INTO b VALUES (1)"
    )


def test_the_part_below_the_mark_may_be_corrected(tmp_path: Path) -> None:
    (before,) = migrations_of(tmp_path, {"001_a": THREE})
    history = stopped(before, "done", "failed")
    after = migrations_of(tmp_path, {"001_a": THREE.split("\n", maxsplit=1)[0] + "\nCREATE TABLE corrected (x INT);"})
    (step,) = planned(after, history).steps
    assert [statement.sql for statement in step.statements] == ["CREATE TABLE corrected (x INT)"]


@pytest.mark.parametrize("changed", [THREE.replace("TABLE a (x INT)", "TABLE a (x BIGINT)"), ""])
def test_the_part_above_the_mark_may_not(tmp_path: Path, changed: str) -> None:
    (before,) = migrations_of(tmp_path, {"001_a": THREE})
    history = stopped(before, "done", "failed")
    after = migrations_of(tmp_path, {"001_a": changed})
    with pytest.raises(MigrationEditedError) as raised:
        planned(after, history)
    assert "statement 1, once in line 1, is done" in raised.value.why


def test_a_definition_in_doubt_is_looked_for_first(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_a": THREE})
    plan = planned(migrations, stopped(migrations[0], "done", "started"))
    assert plan.steps[0].looks_first
    assert "goes on at statement 2 of 3, which was started: looks first whether it landed" in str(plan)
    (status,) = status_of("events", "events_db", migrations, stopped(migrations[0], "started")).migrations
    assert (status.state, status.detail) == ("partial", "stopped in statement 1 of 3; `apply` looks whether it landed")


def test_what_cannot_be_looked_for_has_to_be_looked_at(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_a": "CALL a();\n" + THREE})
    with pytest.raises(MigrationInDoubtError) as raised:
        planned(migrations, stopped(migrations[0], "started"))
    assert raised.value.what.endswith("001_a.sql:1: nobody knows whether statement 1 landed in events_db")
    assert raised.value.next_step == (
        "look at the database (the objects that it names). If the statement has done its work, run\n"
        "  ticketctl migrate repair events --landed 001_a\n"
        "if it has not, run\n"
        "  ticketctl migrate repair events --not-landed 001_a\n"
        "and then the command again"
    )


def test_what_was_looked_for_in_vain_is_in_doubt_with_its_reason(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_a": THREE})
    history = stopped(migrations[0], "started")
    (started,) = history.statements("001_a", "apply")
    told = replace(started, error_message="table a is something else")
    history = replace(history, journal={("001_a", "apply"): (told,)})
    with pytest.raises(MigrationInDoubtError) as raised:
        planned(migrations, history)
    assert raised.value.why == "table a is something else\nCREATE TABLE a (x INT)"


@pytest.mark.parametrize("kind", ["guarded", "unguarded"])
def test_what_the_first_journal_left_in_doubt_is_asked_about(tmp_path: Path, kind: str) -> None:
    migrations = migrations_of(tmp_path, {"001_a": THREE})
    (started,) = stopped(migrations[0], "started").statements("001_a", "apply")
    history = replace(stopped(migrations[0], "started"), journal={("001_a", "apply"): (replace(started, kind=kind),)})
    with pytest.raises(MigrationInDoubtError):
        planned(migrations, history)


def test_what_set_up_the_connection_is_repeated(tmp_path: Path) -> None:
    sql = "SET @a = 1;\nCREATE TABLE a (x INT);\nSET foreign_key_checks = 0;\nCREATE TABLE b (x INT);"
    migrations = migrations_of(tmp_path, {"001_a": sql})
    (step,) = planned(migrations, stopped(migrations[0], "done", "done", "done", "failed")).steps
    assert (step.repeat, step.first) == ((1, 3), 4)


def test_a_temporary_table_is_gone_with_its_connection(tmp_path: Path) -> None:
    sql = "CREATE TEMPORARY TABLE t (x INT);\nCREATE TABLE a AS SELECT * FROM t;"
    migrations = migrations_of(tmp_path, {"001_a": sql})
    with pytest.raises(MigrationInDoubtError, match="what statement 1 made in events_db is gone") as raised:
        planned(migrations, stopped(migrations[0], "done", "failed"))
    assert "--not-landed 001_a" in raised.value.next_step
    assert "--landed" not in raised.value.next_step
    (finished,) = planned(migrations, stopped(migrations[0], "done", "done")).steps
    assert finished.statements == ()


def test_nothing_is_applied_while_a_rollback_is_in_the_middle(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_a": THREE})
    with pytest.raises(MigrationInDoubtError, match="rollback of 001_a"):
        planned(migrations, History(records={"001_a": record(migrations[0], "rolling_back")}))


def target(folder: Path, migrations: tuple[Migration, ...]) -> Target:
    return Target("events", MysqlEndpoint("h", 1, "u", Secret("p"), "events_db"), folder, migrations)


def test_rolls_back_the_newest_first(tmp_path: Path) -> None:
    files = {f"00{number}_x": THREE for number in (1, 2, 3)}
    downs = {f"00{number}_x.rollback": f"DROP TABLE t{number};" for number in (1, 2, 3)}
    migrations = migrations_of(tmp_path, {**files, **downs})
    history = History(records={migration.name: record(migration) for migration in migrations[:2]})
    plan = decide(target(tmp_path, migrations), history, 5)
    assert text(tmp_path, replace(plan, lost=(LostRows("t2", "", 1, some=False),))) == (
        "events (events_db): roll back 002_x, 001_x\n"
        "  002_x  002_x.rollback.sql\n"
        "    1  DROP TABLE t2\n"
        "  001_x  001_x.rollback.sql\n"
        "    1  DROP TABLE t1\n"
        "  deletes table t2: 1 row"
    )
    assert [step.name for step in decide(target(tmp_path, migrations), history, 1).steps] == ["002_x"]
    assert str(decide(target(tmp_path, migrations), History(), 1)) == "events (events_db): nothing to roll back"


def test_goes_on_with_a_rollback_that_stopped(tmp_path: Path) -> None:
    files = {"001_x": THREE, "001_x.rollback": "DROP TABLE a;\nDROP TABLE b;"}
    migrations = migrations_of(tmp_path, files)
    history = History(
        records={"001_x": record(migrations[0], "rolling_back")},
        journal={("001_x", "rollback"): journal(migrations[0], ["done", "failed"], "rollback")},
    )
    (step,) = decide(target(tmp_path, migrations), history, 1).steps
    assert step.first == 2
    in_doubt = replace(history, journal={("001_x", "rollback"): journal(migrations[0], ["started"], "rollback")})
    assert decide(target(tmp_path, migrations), in_doubt, 1).steps[0].looks_first
    migrations = migrations_of(tmp_path, {**files, "001_x.rollback": "CALL a();"})
    in_doubt = replace(history, journal={("001_x", "rollback"): journal(migrations[0], ["started"], "rollback")})
    with pytest.raises(MigrationInDoubtError, match="statement 1"):
        decide(target(tmp_path, migrations), in_doubt, 1)


def test_what_somebody_executes_now_is_neither_in_doubt_nor_rolled_back(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_x": THREE, "001_x.rollback": "DROP TABLE a;"})
    history = replace(stopped(migrations[0], "started"), held_by="anna from 10.0.0.7, idle for 3 s")
    assert text(tmp_path, planned(migrations, history)) == (
        "events (events_db): 1 migration\n  001_x  001_x.sql, in the hands of anna from 10.0.0.7, idle for 3 s"
    )
    with pytest.raises(MigrationLockedError, match="another run is changing events_db"):
        decide(target(tmp_path, migrations), history, 1)


def test_no_rollback_without_its_file_or_behind_a_missing_one(tmp_path: Path) -> None:
    migrations = migrations_of(tmp_path, {"001_x": THREE})
    applied = record(migrations[0])
    with pytest.raises(MigrationFileError, match="has no rollback file"):
        decide(target(tmp_path, migrations), History(records={"001_x": applied}), 1)
    with pytest.raises(MigrationFileError, match="002_gone is applied to events_db, but its file is gone"):
        decide(target(tmp_path, migrations), History(records={"001_x": applied, "002_gone": applied}), 1)


def test_counts_of_lost_rows_read_well() -> None:
    assert str(LostRows("t", "", 100_001, some=False)) == "table t: more than 100,000 rows"
    assert str(LostRows("t", "c", 0, some=False)) == "column t.c: 0 rows"
    assert str(LostRows("t", "", 5, some=True)) == "table t: up to 5 rows"
