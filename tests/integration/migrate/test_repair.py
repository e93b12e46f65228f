"""Repairing what is recorded, on a real server: by library, and as the commands that the errors name."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from integration.eventually import eventually
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.test_command import Command
from integration.migrate.yoyo_client import listed, yoyo
from ticketctl.errors import (
    BackendOperationError,
    BackendUnreachableError,
    MigrationEditedError,
    MigrationError,
    MigrationInDoubtError,
    MigrationLockedError,
    MigrationRepairError,
    MigrationStatementError,
    TicketctlError,
    UnknownNameError,
    YoyoLedgerError,
)
from ticketctl.infra.mysql import connect
from ticketctl.provision.migrate.execution.lock import lock_name
from ticketctl.provision.migrate.planning.repair_plan import RepairPlan, Repairs
from ticketctl.provision.migrate.repair import RepairResult, plan_repair, repair

pytestmark = pytest.mark.integration

SLEEPING = (
    "SELECT PROCESSLIST_ID FROM performance_schema.threads WHERE PROCESSLIST_DB = %s AND PROCESSLIST_INFO LIKE %s"
)


@dataclass(frozen=True)
class Repairing:
    """A bench, and repairs of it."""

    bench: Bench

    def plan(self, **named: tuple[str, ...]) -> RepairPlan:
        bench = self.bench
        return plan_repair(bench.target(), repairs=Repairs(**named))

    def execute(self, planned: RepairPlan, lock_timeout: float = 60) -> RepairResult:
        bench = self.bench
        return repair(
            bench.target(),
            planned=planned,
            emit=bench.events.append,
            lock_timeout=lock_timeout,
        )

    def __call__(self, **named: tuple[str, ...]) -> RepairResult:
        """Plan and repair; what is not in the books of ticketctl and yoyo stays as it was."""
        before = self._schema()
        result = self.execute(self.plan(**named))
        assert self._schema() == before
        return result

    def _schema(self) -> object:
        bench = self.bench
        return [
            (name, bench.query(f"SHOW CREATE TABLE `{name}`"), bench.query(f"SELECT * FROM `{name}`"))
            for name in bench.tables()
        ]


@pytest.fixture
def repairing(bench: Bench) -> Repairing:
    return Repairing(bench)


@pytest.fixture
def three(bench: Bench) -> Bench:
    """Three migrations, the first applied."""
    bench.write(_001_a="CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);", _001_a_rollback="DROP TABLE a;").apply()
    return bench.write(_002_b="CREATE TABLE b (x INT);", _003_c="CREATE TABLE c (x INT);")


def break_off(bench: Bench, root: Root, operation: Callable[[], object], statement: str) -> None:
    """End the connection that executes a statement, while it does."""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            operation()
        except TicketctlError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    found = eventually(lambda: root(SLEEPING, bench.endpoint.database, f"{statement}%"), bool, 60)
    root("KILL %s", found[0][0])
    thread.join(60)
    assert isinstance(errors[0], BackendUnreachableError)


CALLING = "CREATE PROCEDURE p() BEGIN INSERT INTO a VALUES (1); DO SLEEP(600); END;\nCALL p();"


@pytest.fixture
def doubtful(bench: Bench, root: Root) -> Bench:
    """A migration that ended in its third statement, which nobody can tell from outside."""
    bench.write(_001_a=f"CREATE TABLE a (x INT);\n{CALLING}\nINSERT INTO a VALUES (3);")
    break_off(bench, root, bench.apply, "DO SLEEP")
    assert bench.states() == {"001_a": "in doubt"}
    assert bench.query("SELECT x FROM a") == [(1,)]
    return bench


def test_a_marked_migration_is_applied_without_being_executed(three: Bench, repairing: Repairing) -> None:
    path = three.folder / "002_b.sql"
    planned = repairing.plan(mark=("002_b",))
    assert str(planned) == (
        f"main ({three.endpoint.database}): changes what is recorded of 1 migration; "
        "no table, no row and nothing else in the schema is changed\n"
        f"  mark 002_b: pending -> applied, nothing of {path} is executed"
    )
    assert three.states()["002_b"] == "pending", "a plan changes nothing"

    repairing(mark=("002_b",))

    assert three.states() == {"001_a": "applied", "002_b": "applied", "003_c": "pending"}
    assert listed(three) == {"001_a": "A", "002_b": "A", "003_c": "U"}
    three.apply()
    assert three.tables() == ["a", "c"]
    assert three.query("SELECT operation FROM _yoyo_log WHERE migration_id = '002_b'") == [("mark",)]


def test_marking_works_before_anything_was_applied(bench: Bench, repairing: Repairing) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);")
    repairing(mark=("001_a",))
    assert bench.apply().databases[0].applied == ()
    assert listed(bench) == {"001_a": "A"}


def test_an_unmarked_migration_is_executed_again(three: Bench, repairing: Repairing) -> None:
    planned = repairing.plan(unmark=("001_a",))
    assert planned.actions[0].after == "pending; what it did stays, and `apply` executes it again"
    repairing(unmark=("001_a",))
    assert three.states()["001_a"] == "pending"
    assert listed(three)["001_a"] == "U"
    assert three.journal() == []
    with pytest.raises(MigrationStatementError, match="001_a"):
        three.apply()  # its table is still there
    three.query("DROP TABLE a")
    three.apply()
    assert three.tables() == ["a", "b", "c"]


def test_what_comes_late_by_a_repair_is_said(three: Bench, repairing: Repairing) -> None:
    assert repairing.plan(mark=("003_c",)).actions[0].after.endswith("; 002_b, still pending, will be late")
    assert "will be late" not in str(repairing.plan(mark=("002_b", "003_c")))
    three.apply()
    (action,) = repairing.plan(unmark=("001_a",)).actions
    assert action.after == "pending, and late, as 003_c is applied; what it did stays, and `apply` executes it again"
    assert "and late" not in str(repairing.plan(unmark=("001_a", "002_b", "003_c")))


def test_several_repairs_are_one(three: Bench, repairing: Repairing) -> None:
    result = repairing(mark=("002_b", "003_c"), unmark=("001_a",))
    assert [action.name for action in result.actions] == ["001_a", "002_b", "003_c"]
    # 001_a is behind applied ones now, and is shown as such.
    assert three.states() == {"001_a": "late", "002_b": "applied", "003_c": "applied"}
    assert listed(three) == {"001_a": "U", "002_b": "A", "003_c": "A"}


def test_what_the_server_refuses_in_part_is_not_done_at_all(three: Bench, repairing: Repairing, root: Root) -> None:
    database = three.endpoint.database
    root(
        f"CREATE TRIGGER {database}.refusal BEFORE INSERT ON {database}.ticketctl_migration FOR EACH ROW"
        " IF NEW.migration = '003_c' THEN SIGNAL SQLSTATE '45000'; END IF"
    )
    planned = repairing.plan(unmark=("001_a",), mark=("002_b", "003_c"))
    with pytest.raises(BackendOperationError):
        repairing.execute(planned)
    assert three.states() == {"001_a": "applied", "002_b": "pending", "003_c": "pending"}
    assert listed(three) == {"001_a": "A", "002_b": "U", "003_c": "U"}
    root(f"DROP TRIGGER {database}.refusal")
    repairing.execute(planned)
    assert three.states() == {"001_a": "late", "002_b": "applied", "003_c": "applied"}


def test_a_migration_whose_file_is_gone_is_forgotten(three: Bench, repairing: Repairing) -> None:
    three.apply()
    (three.folder / "003_c.sql").unlink()
    assert three.states()["003_c"] == "missing"
    with pytest.raises(MigrationRepairError, match="--mark does not fit 003_c, which is missing") as raised:
        repairing.plan(mark=("003_c",))
    assert "--unmark 003_c" in raised.value.next_step
    repairing(unmark=("003_c",))
    assert three.states() == {"001_a": "applied", "002_b": "applied"}
    assert three.query("SELECT COUNT(*) FROM _yoyo_migration") == [(2,)]


def test_an_accepted_edit_is_what_was_applied(three: Bench, repairing: Repairing) -> None:
    three.write(_001_a="CREATE TABLE a (x INT);\nINSERT INTO a VALUES (2);")
    with pytest.raises(MigrationEditedError) as raised:
        three.apply()
    assert "ticketctl migrate repair main --accept-edit 001_a" in raised.value.next_step
    when = three.query("SELECT started_at, finished_at FROM ticketctl_migration")
    repairing(accept_edit=("001_a",))
    assert three.states()["001_a"] == "applied"
    recorded = three.query("SELECT started_at, finished_at FROM ticketctl_migration")
    assert recorded == when, "it was applied when it was"
    assert three.query("SELECT sql_text LIKE '%%VALUES (2)%%' FROM ticketctl_migration") == [(1,)]
    three.apply()
    assert three.query("SELECT x FROM a") == [(1,)]


def test_an_edit_above_the_mark_is_accepted_and_the_rest_executed(bench: Bench, repairing: Repairing) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);\nSELECT * FROM missing;")
    with pytest.raises(MigrationStatementError):
        bench.apply()
    bench.write(_001_a="CREATE TABLE a (x BIGINT);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (3);")
    bench.query("ALTER TABLE a MODIFY x BIGINT")
    with pytest.raises(MigrationEditedError):
        bench.apply()

    (action,) = repairing(accept_edit=("001_a",)).actions

    assert action.before == "statement 1 done, with other text"
    assert action.after.endswith("001_a.sql says now; `apply` goes on at statement 3 of 3")
    assert [statement.sql for statement in action.statements] == ["CREATE TABLE a (x BIGINT)"]
    bench.apply()
    assert bench.query("SELECT x FROM a ORDER BY x") == [(1,), (3,)]


def test_a_file_with_less_than_was_executed_is_not_accepted(bench: Bench, repairing: Repairing) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);\nCREATE TABLE b (x INT);\nSELECT * FROM missing;")
    with pytest.raises(MigrationStatementError):
        bench.apply()
    bench.write(_001_a="CREATE TABLE a (x BIGINT);")
    with pytest.raises(MigrationRepairError, match="has fewer statements than were executed") as raised:
        repairing.plan(accept_edit=("001_a",))
    assert "2 statements are done, and the file has 1" in raised.value.why
    repairing(mark=("001_a",))
    assert bench.states() == {"001_a": "applied"}


def test_a_statement_that_has_landed_is_not_executed_again(doubtful: Bench, repairing: Repairing) -> None:
    with pytest.raises(MigrationInDoubtError) as raised:
        doubtful.apply()
    assert "ticketctl migrate repair main --landed 001_a" in raised.value.next_step
    (action,) = repairing(landed=("001_a",)).actions
    assert action.before == "statement 3 started, its outcome not known"
    assert action.after == "statement 3 done; `apply` goes on at statement 4 of 4"
    assert [(statement.line, statement.sql) for statement in action.statements] == [(3, "CALL p()")]
    doubtful.apply()
    assert doubtful.query("SELECT x FROM a ORDER BY x") == [(1,), (3,)]


def test_a_statement_that_has_not_landed_is_executed_again(doubtful: Bench, repairing: Repairing, root: Root) -> None:
    repairing(not_landed=("001_a",))
    assert doubtful.states() == {"001_a": "partial"}
    break_off(doubtful, root, doubtful.apply, "DO SLEEP")
    assert doubtful.query("SELECT x FROM a") == [(1,), (1,)]


def test_a_doubtful_migration_is_marked_or_forgotten(doubtful: Bench, repairing: Repairing) -> None:
    repairing(mark=("001_a",))
    assert doubtful.states() == {"001_a": "applied"}
    assert doubtful.journal() == []
    repairing(unmark=("001_a",))
    assert doubtful.states() == {"001_a": "pending"}
    assert listed(doubtful) == {"001_a": "U"}


def test_an_answer_for_a_statement_that_was_edited_since_is_followed_by_an_edit(
    doubtful: Bench, repairing: Repairing
) -> None:
    text = (doubtful.folder / "001_a.sql").read_text()
    doubtful.write(_001_a=text.replace("CALL p()", "CALL q()"))
    (action,) = repairing(landed=("001_a",)).actions
    assert action.after.endswith("says something else there now, and will count as edited")
    assert action.statements[0].sql == "CALL p()"
    assert doubtful.states() == {"001_a": "edited"}
    repairing(accept_edit=("001_a",))
    doubtful.apply()
    assert doubtful.query("SELECT x FROM a ORDER BY x") == [(1,), (3,)]


def test_a_temporary_table_that_is_gone_is_made_again(bench: Bench, repairing: Repairing) -> None:
    made = "CREATE TEMPORARY TABLE t AS SELECT 5 AS x;\nCREATE TABLE a (x INT);\n"
    bench.write(_001_a=f"{made}INSERT INTO a SELECT x FROM t, missing;")
    with pytest.raises(MigrationStatementError):
        bench.apply()
    bench.write(_001_a=f"{made.replace('a (', 'IF NOT EXISTS a (')}INSERT INTO a SELECT x FROM t;")
    bench.write(_001_a=f"{made}INSERT INTO a SELECT x FROM t;")
    assert bench.states() == {"001_a": "in doubt"}
    with pytest.raises(MigrationRepairError, match="cannot go on behind statement 1") as raised:
        repairing.plan(landed=("001_a",))
    assert "the temporary table of statement 1 ended with its connection" in raised.value.why

    (action,) = repairing(not_landed=("001_a",)).actions

    assert action.before == "statements 1 to 2 done, and the temporary table of statement 1 is gone"
    assert action.after == "not executed; `apply` goes on at statement 1 of 3, and executes them a second time"
    bench.query("DROP TABLE a")
    bench.apply()
    assert bench.query("SELECT x FROM a") == [(5,)]


def test_a_rollback_in_doubt_is_answered_for(bench: Bench, repairing: Repairing, root: Root) -> None:
    bench.write(_001_a=f"CREATE TABLE a (x INT);\n{CALLING.partition(';' + chr(10))[0]};")
    bench.write(_001_a_rollback="CALL p();\nDROP PROCEDURE p;\nDROP TABLE a;").apply()
    break_off(bench, root, bench.rollback, "DO SLEEP")
    with pytest.raises(MigrationInDoubtError) as raised:
        bench.plan_rollback()
    assert "ticketctl migrate repair main --landed 001_a" in raised.value.next_step

    (action,) = repairing(landed=("001_a",)).actions

    assert action.after == "rollback: statement 1 done; `rollback` goes on at statement 2 of 3"
    bench.rollback()
    assert bench.states() == {"001_a": "pending"}
    assert bench.tables() == []


def test_a_rollback_in_the_middle(bench: Bench, repairing: Repairing) -> None:
    """Its file may be edited, and it may be taken for finished, or for never begun."""
    bench.write(_001_a="CREATE TABLE a (x INT, y INT);")
    first = "ALTER TABLE a DROP COLUMN y;"
    bench.write(_001_a_rollback=f"{first}\nDROP TABLE missing;").apply()
    with pytest.raises(MigrationStatementError):
        bench.rollback()
    bench.write(_001_a_rollback="ALTER TABLE a DROP y;\nDROP TABLE a;")
    with pytest.raises(MigrationEditedError, match=r"rollback\.sql:1 was edited after part of it") as raised:
        bench.plan_rollback()
    assert "ticketctl migrate repair main --accept-edit 001_a" in raised.value.next_step
    repairing(accept_edit=("001_a",))
    assert bench.plan_rollback().steps[0].first == 2

    bench.query("ALTER TABLE a ADD y INT")
    repairing(mark=("001_a",))
    assert bench.states() == {"001_a": "applied"}
    assert bench.plan_rollback().steps[0].first == 1, "what was done of the old rollback counts no longer"
    bench.rollback()
    assert bench.tables() == []


def test_what_yoyo_did_behind_the_journal(three: Bench, repairing: Repairing) -> None:
    three.apply()
    yoyo(three, "unmark", "--revision", "003_c")
    yoyo(three, "unmark", "--revision", "002_b")
    assert three.states() == {"001_a": "applied", "002_b": "undone by yoyo", "003_c": "undone by yoyo"}
    with pytest.raises(YoyoLedgerError) as raised:
        three.apply()
    assert "ticketctl migrate repair main --unmark 002_b" in raised.value.next_step
    assert "ticketctl migrate repair main --mark 002_b" in raised.value.next_step

    repairing(mark=("002_b",), unmark=("003_c",))

    assert three.states() == {"001_a": "applied", "002_b": "applied", "003_c": "pending"}
    assert listed(three) == {"001_a": "A", "002_b": "A", "003_c": "U"}


def test_what_yoyo_applied_is_taken_over_or_forgotten(three: Bench, repairing: Repairing) -> None:
    yoyo(three, "apply")
    assert [action.before for action in repairing.plan(mark=("002_b",), unmark=("003_c",)).actions] == [
        "applied by yoyo, and not in the journal"
    ] * 2
    repairing(mark=("002_b",), unmark=("003_c",))
    assert three.query("SELECT migration FROM ticketctl_migration ORDER BY migration") == [("001_a",), ("002_b",)]
    assert listed(three) == {"001_a": "A", "002_b": "A", "003_c": "U"}
    (three.folder / "002_b.sql").unlink()
    yoyo(three, "mark", "--revision", "003_c")
    (three.folder / "003_c.sql").unlink()
    repairing(unmark=("002_b", "003_c"))
    assert three.states() == {"001_a": "applied"}


def test_what_was_not_shown_is_not_done(doubtful: Bench, repairing: Repairing) -> None:
    planned = repairing.plan(landed=("001_a",))
    doubtful.query("UPDATE ticketctl_migration_statement SET position = 4 WHERE state = 'started'")
    doubtful.query(
        "INSERT INTO ticketctl_migration_statement (migration, direction, position, line, checksum, kind, state,"
        " started_at) SELECT migration, direction, 3, 3, checksum, kind, 'done', started_at"
        " FROM ticketctl_migration_statement WHERE position = 4"
    )
    before = doubtful.journal()
    with pytest.raises(MigrationError):
        repairing.execute(planned)
    assert doubtful.journal() == before


def test_a_file_that_changed_after_the_question_is_not_accepted(three: Bench, repairing: Repairing) -> None:
    three.write(_001_a="CREATE TABLE a (x BIGINT);")
    planned = repairing.plan(accept_edit=("001_a",), mark=("002_b",))
    three.write(_001_a="CREATE TABLE a (x TINYINT);")
    with pytest.raises(MigrationError, match="001_a is no longer as it was when the repair was shown"):
        repairing.execute(planned)
    assert three.states() == {"001_a": "edited", "002_b": "pending", "003_c": "pending"}, "all of it, or nothing"


def test_it_waits_for_the_lock(three: Bench, repairing: Repairing) -> None:
    planned = repairing.plan(mark=("002_b",))
    with connect(three.endpoint) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (lock_name(three.endpoint.database or ""),))
        with pytest.raises(MigrationLockedError):
            repairing.execute(planned, lock_timeout=0)
    assert three.states()["002_b"] == "pending"


@pytest.mark.parametrize(
    ("named", "state", "fits"),
    [
        ({"accept_edit": ("001_a",)}, "applied", "--unmark 001_a"),
        ({"mark": ("001_a",)}, "applied", "--unmark 001_a"),
        ({"landed": ("001_a",)}, "applied", "--unmark 001_a"),
        ({"not_landed": ("002_b",)}, "pending", "--mark 002_b"),
        ({"unmark": ("002_b",)}, "pending", "--mark 002_b"),
        ({"accept_edit": ("002_b",)}, "pending", "--mark 002_b"),
        ({"mark": ("002_b",), "unmark": ("002_b",)}, "pending", "in one way"),
    ],
)
def test_a_repair_that_does_not_fit_says_which_does(
    three: Bench, repairing: Repairing, named: dict[str, tuple[str, ...]], state: str, fits: str
) -> None:
    with pytest.raises(MigrationRepairError) as raised:
        repairing.plan(**named)
    assert raised.value.state == state
    assert fits in raised.value.next_step
    assert three.states()["001_a"] == "applied"


def test_a_repair_of_nothing_that_exists(three: Bench, repairing: Repairing, root: Root) -> None:
    with pytest.raises(UnknownNameError, match="there is no migration '02_b'") as raised:
        repairing.plan(mark=("02_b",))
    assert "did you mean '002_b'?" in raised.value.next_step
    root(f"DROP DATABASE {three.endpoint.database}")
    with pytest.raises(MigrationError, match="does not exist"):
        repairing.plan(mark=("002_b",))


@pytest.fixture
def migrate(bench: Bench) -> Command:
    return Command(bench)


def test_every_command_that_the_doubt_names_can_be_typed(doubtful: Bench, migrate: Command) -> None:
    refused = migrate("apply")
    landed, not_landed = re.findall(r"^\s*ticketctl migrate (repair main --\S+ \S+)$", refused.err, re.MULTILINE)

    asked = migrate(*landed.split())
    assert asked.code == 2
    assert "this changes what is recorded, not data, and there is no terminal to ask at" in asked.err
    assert "landed 001_a: statement 3 started, its outcome not known -> statement 3 done" in asked.err
    assert doubtful.states() == {"001_a": "in doubt"}
    shown = migrate(*not_landed.split(), "--dry-run")
    assert shown.code == 0
    assert "statement 3 not executed; `apply` goes on at statement 3 of 4" in shown.out
    done = migrate(*landed.split(), "--yes")
    database = doubtful.endpoint.database
    said = f"main ({database}): recorded\n  001_a: statement 3 done; `apply` goes on at statement 4 of 4\n"
    assert (done.code, done.out) == (0, said)
    assert migrate("apply").code == 0
    again = migrate(*landed.split(), "--yes")
    assert (again.code, "TKT-412" in again.err) == (5, True)


def test_repair_by_command(three: Bench, migrate: Command) -> None:
    without = migrate("repair", "main")
    assert without.code == 1
    assert "002_b  pending" in without.out
    planned = json.loads(migrate("repair", "main", "--mark", "002_b", "--mark", "003_c", "--dry-run", "--json").out)
    assert [action["name"] for action in planned["actions"]] == ["002_b", "003_c"]
    done = json.loads(migrate("repair", "main", "--mark", "002_b", "--mark", "003_c", "--yes", "--json").out)
    assert [action["kind"] for action in done["actions"]] == ["mark", "mark"]
    assert three.tables() == ["a"]
    assert migrate("repair", "main").code == 0


def test_verify_prints_only_what_is_wrong(three: Bench, migrate: Command) -> None:
    database = three.endpoint.database
    pending = migrate("verify")
    assert (pending.code, pending.out) == (
        1,
        f"main ({database}): 2 of 3 migrations are not as they should be\n"
        "  002_b  pending\n"
        "  003_c  pending\n"
        "    next: `ticketctl migrate apply --only main` executes it\n",
    )
    three.apply()
    assert (migrate("verify").code, migrate("verify").out) == (0, "")
    (three.folder / "003_c.sql").unlink()
    three.write(_001_a="CREATE TABLE a (x BIGINT);", _000_z="CREATE TABLE z (x INT);")
    found = json.loads(migrate("verify", "--only", "main", "--json").out)
    states = {wrong["migration"]: wrong["state"] for wrong in found["databases"][0]["wrong"]}
    assert states == {"000_z": "late", "001_a": "edited", "003_c": "missing"}
    assert all(wrong["next_step"] for wrong in found["databases"][0]["wrong"])
    wrong = migrate("verify")
    assert wrong.code == 1
    assert "\n  002_b" not in wrong.out
    assert "ticketctl migrate repair main --unmark 003_c" in wrong.out
    assert migrate("verify", "--only", "mian").code == 2


def test_verify_of_a_database_that_does_not_exist(bench: Bench, root: Root, migrate: Command) -> None:
    root(f"DROP DATABASE {bench.endpoint.database}")
    done = migrate("verify")
    assert (done.code, "the database does not exist" in done.out) == (1, True)
