"""What a repair would change, as text, and what is wrong, with its next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ticketctl.errors import MigrationError, MigrationLockedError, MigrationRepairError, YoyoLedgerError
from ticketctl.provision.migrate.planning.repair_decision import decide
from ticketctl.provision.migrate.planning.repair_plan import Repairs
from ticketctl.provision.migrate.planning.results import MigrationStatus, StatusResult, StatusState
from ticketctl.provision.migrate.planning.status import status_of
from ticketctl.provision.migrate.planning.verification import next_step, verification_of
from ticketctl.provision.migrate.record.history import (
    Direction,
    History,
    MigrationState,
    Record,
    StatementRecord,
    StatementState,
)
from ticketctl.provision.migrate.record.ledger import Ledger, LockRow
from ticketctl.provision.migrate.source.files import Migration, discover
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.checksum import ALGORITHM, statement_checksum
from ticketctl.provision.migrate.syntax.statements import kind_of
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

NOW = "2026-01-02 03:04:05.000000"
FOUR = "CREATE TABLE a (x INT);\nOPTIMIZE TABLE a;\nINSERT INTO a VALUES (1);\nCREATE TABLE b (x INT);\n"


def target_of(folder: Path, files: Mapping[str, str]) -> Target:
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return Target("events", MysqlEndpoint("h", 1, "u", Secret("p"), "events_db"), folder, discover(folder))


def record(migration: Migration, state: MigrationState = "applied") -> Record:
    up = migration.up
    return Record(migration.name, state, len(up.statements), up.checksum, ALGORITHM, up.sha256, NOW, NOW)


def in_the_middle(migration: Migration, *states: StatementState, direction: Direction = "apply") -> History:
    file = migration.up if direction == "apply" else migration.down
    assert file is not None
    rows = tuple(
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
    middle: MigrationState = "applying" if direction == "apply" else "rolling_back"
    return History(
        records={migration.name: record(migration, middle)},
        journal={(migration.name, direction): rows},
        ledger=Ledger(exists=True),
    )


def lines(target: Target, history: History, repairs: Repairs) -> list[str]:
    return str(decide(target, history, repairs)).replace(f"{target.folder}/", "").splitlines()[1:]


def test_the_plan_says_that_the_schema_stays(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": FOUR, "002_b": FOUR, "003_c": FOUR})
    first, second, _ = target.migrations
    history = History(records={"001_a": record(first), "002_b": replace(record(second), checksum="0", file_sha256="0")})
    plan = decide(target, history, Repairs(mark=("003_c",), accept_edit=("002_b",), unmark=("001_a",)))
    assert str(plan).replace(f"{tmp_path}/", "").splitlines() == [
        "events (events_db): changes what is recorded of 3 migrations; "
        "no table, no row and nothing else in the schema is changed",
        "  unmark 001_a: applied 2026-01-02 03:04:05 UTC -> pending, and late, as 003_c is applied; "
        "what it did stays, and `apply` executes it again",
        "  accept-edit 002_b: applied 2026-01-02 03:04:05 UTC, with other text -> applied as 002_b.sql says now",
        "  mark 003_c: pending -> applied, nothing of 003_c.sql is executed",
    ]


@pytest.mark.parametrize(
    ("states", "kind", "said"),
    [
        (
            ("done", "started"),
            "landed",
            "statement 2 started, its outcome not known -> statement 2 done; `apply` goes on at statement 3 of 4",
        ),
        (
            ("done", "started"),
            "not_landed",
            "statement 2 started, its outcome not known -> statement 2 not executed; "
            "`apply` goes on at statement 2 of 4",
        ),
        (
            ("done", "done", "done", "started"),
            "landed",
            "statement 4 started, its outcome not known -> statement 4 done; "
            "nothing of the file is left, and `apply` ends it",
        ),
        (("done", "started"), "mark", "stopped in the middle -> applied, nothing of 001_a.sql is executed"),
        (
            ("done", "failed"),
            "unmark",
            "stopped in the middle -> pending; what it did stays, and `apply` executes it again",
        ),
    ],
)
def test_a_migration_in_the_middle(tmp_path: Path, states: Sequence[StatementState], kind: str, said: str) -> None:
    target = target_of(tmp_path, {"001_a": FOUR})
    history = in_the_middle(target.migrations[0], *states)
    (line, *_) = lines(target, history, Repairs(**{kind: ("001_a",)}))
    assert line == f"  {kind.replace('_', '-')} 001_a: {said}"


def test_a_statement_that_would_be_looked_for_may_be_answered_for(tmp_path: Path) -> None:
    """Whoever knows need not wait for the probe."""
    target = target_of(tmp_path, {"001_a": FOUR})
    history = in_the_middle(target.migrations[0], "started")
    (action,) = decide(target, history, Repairs(landed=("001_a",))).actions
    assert (action.direction, action.positions) == ("apply", (1,))


def test_an_edit_before_a_statement_in_doubt_leaves_the_doubt(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": FOUR})
    history = in_the_middle(target.migrations[0], "done", "started")
    target = target_of(tmp_path, {"001_a": FOUR.replace("a (x INT)", "a (x BIGINT)")})
    assert lines(target, history, Repairs(accept_edit=("001_a",))) == [
        "  accept-edit 001_a: statement 1 done, with other text -> statement 1 done as 001_a.sql says now; "
        "statement 2 was started, and is looked at next",
        "    1  CREATE TABLE a (x BIGINT)",
    ]


def test_only_what_changed_of_what_is_done_is_accepted(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": FOUR})
    history = in_the_middle(target.migrations[0], "done", "done", "done", "failed")
    target = target_of(tmp_path, {"001_a": FOUR.replace("a (x INT)", "a (x BIGINT)").replace("(1)", "(2)")})
    (action,) = decide(target, history, Repairs(accept_edit=("001_a",))).actions
    assert action.positions == (1, 3)
    assert action.before == "statements 1, 3 done, with other text"
    assert action.after.endswith("`apply` goes on at statement 4 of 4")


def test_what_a_lost_temporary_table_costs_is_shown(tmp_path: Path) -> None:
    sql = "CREATE TEMPORARY TABLE t (x INT);\nCREATE TABLE a (x INT);\nINSERT INTO a SELECT x FROM t;"
    target = target_of(tmp_path, {"001_a": sql})
    history = in_the_middle(target.migrations[0], "done", "done")
    assert lines(target, history, Repairs(not_landed=("001_a",))) == [
        "  not-landed 001_a: statements 1 to 2 done, and the temporary table of statement 1 is gone -> not executed; "
        "`apply` goes on at statement 1 of 3, and executes them a second time",
        "    1  CREATE TEMPORARY TABLE t (x INT)",
        "    2  CREATE TABLE a (x INT)",
    ]
    with pytest.raises(MigrationRepairError, match="cannot go on behind statement 1"):
        decide(target, history, Repairs(landed=("001_a",)))


def test_a_rollback_is_called_one(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": FOUR, "001_a.rollback": "OPTIMIZE TABLE b;\nDROP TABLE b;"})
    history = in_the_middle(target.migrations[0], "started", direction="rollback")
    (action,) = decide(target, history, Repairs(not_landed=("001_a",))).actions
    assert action.direction == "rollback"
    assert action.after == "rollback: statement 1 not executed; `rollback` goes on at statement 1 of 2"
    (target.folder / "001_a.rollback.sql").unlink()
    target = target_of(tmp_path, {})
    with pytest.raises(MigrationRepairError, match="--landed does not fit 001_a, which is rolling back"):
        decide(target, history, Repairs(landed=("001_a",)))
    assert decide(target, history, Repairs(unmark=("001_a",))).actions[0].before == "its rollback stopped in the middle"


@pytest.mark.parametrize(
    ("states", "repairs", "fits"),
    [
        (("done", "failed"), Repairs(landed=("001_a",)), "`ticketctl migrate apply --only events` goes on there"),
        (("done", "failed"), Repairs(accept_edit=("001_a",)), "--mark 001_a"),
        (("done", "started"), Repairs(accept_edit=("001_a",)), "--landed 001_a` or `--not-landed 001_a`"),
    ],
)
def test_what_does_not_fit_in_the_middle(
    tmp_path: Path, states: Sequence[StatementState], repairs: Repairs, fits: str
) -> None:
    target = target_of(tmp_path, {"001_a": FOUR})
    with pytest.raises(MigrationRepairError) as raised:
        decide(target, in_the_middle(target.migrations[0], *states), repairs)
    assert fits in raised.value.next_step


def test_nothing_is_repaired_while_others_are_at_work(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": FOUR})
    history = in_the_middle(target.migrations[0], "started")
    repairs = Repairs(landed=("001_a",))
    with pytest.raises(MigrationLockedError, match="another run is changing events_db"):
        decide(target, replace(history, held_by="anna from 10.0.0.7"), repairs)
    with pytest.raises(YoyoLedgerError, match="yoyo is at work"):
        decide(target, replace(history, ledger=Ledger(locked_by=LockRow(7, None))), repairs)
    with pytest.raises(MigrationError, match="does not exist"):
        decide(target, History(exists=False), repairs)


def test_a_name_given_twice_is_one_repair(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": FOUR})
    assert len(decide(target, History(), Repairs(mark=("001_a", "001_a"))).actions) == 1
    with pytest.raises(MigrationRepairError, match="001_a is named by --mark and by --landed"):
        decide(target, History(), Repairs(mark=("001_a",), landed=("001_a",)))


def test_verification_counts_a_missing_file(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": FOUR})
    applied = record(target.migrations[0])
    history = History(records={"000_gone": replace(applied, name="000_gone"), "001_a": applied})
    status = status_of("events", "events_db", target.migrations, history)
    assert status.at_head
    (found,) = verification_of(StatusResult((status,))).databases
    assert not found.ok
    assert [(wrong.migration, wrong.state) for wrong in found.wrong] == [("000_gone", "missing")]
    assert "repair events --unmark 000_gone" in found.wrong[0].next_step


STATES: tuple[StatusState, ...] = (
    "pending",
    "partial",
    "late",
    "edited",
    "in doubt",
    "rolling back",
    "running",
    "undone by yoyo",
    "missing",
)


@pytest.mark.parametrize("state", STATES)
def test_every_state_but_applied_has_its_next_step(state: StatusState) -> None:
    assert next_step("events", MigrationStatus("001_a", state))
    assert not next_step("events", MigrationStatus("001_a", "applied"))
