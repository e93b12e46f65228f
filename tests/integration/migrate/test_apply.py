"""Applying on a real server: once, again, after a failure, after an edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from ticketctl.errors import (
    BackendLoginError,
    BackendPermissionError,
    BackendReadOnlyError,
    MigrationBlockedError,
    MigrationCopyError,
    MigrationDefinitionError,
    MigrationEditedError,
    MigrationFileError,
    MigrationLateError,
    MigrationStatementError,
    UnknownNameError,
)
from ticketctl.events import Notice, StepFinished, ignore
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.execution.limits import Limits, LockWait
from ticketctl.provision.migrate.planning.repair_plan import Repairs
from ticketctl.provision.migrate.repair import plan_repair, repair
from ticketctl.provision.migrate.source.targets import find_targets
from ticketctl.settings.model import DatabaseSettings
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration


def test_a_second_apply_does_nothing(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);", _002_b="CREATE TABLE b (x INT);")

    first = bench.apply()
    second = bench.apply()

    assert [migration.name for migration in first.databases[0].applied] == ["001_a", "002_b"]
    assert first.changed
    assert not second.changed
    assert second.plan.is_empty
    assert bench.query("SELECT x FROM a") == [(1,)]
    assert bench.states() == {"001_a": "applied", "002_b": "applied"}
    assert [event.outcome for event in bench.events if isinstance(event, StepFinished)] == ["changed", "unchanged"]


def test_planning_and_looking_change_nothing(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);")

    result = bench.apply(dry_run=True)

    assert "CREATE TABLE a (x INT)" in str(result.plan)
    assert str(bench.plan()) == str(result.plan)
    assert bench.states() == {"001_a": "pending"}
    assert bench.query("SHOW TABLES") == []


def test_a_failed_statement_is_named_and_corrected_and_the_run_goes_on_there(bench: Bench) -> None:
    above = "CREATE TABLE a (x INT);\n\nINSERT INTO a VALUES (1);\n"
    bench.write(_001_a=above + "\n  ALTER TABLE missing\n    ADD COLUMN y INT;\nCREATE TABLE b (x INT);")

    with pytest.raises(MigrationStatementError) as raised:
        bench.apply()

    error = raised.value
    assert (error.database, error.path.name, error.line, error.number) == (
        bench.endpoint.database,
        "001_a.sql",
        5,
        1146,
    )
    assert "missing' doesn't exist" in error.why
    assert "ALTER TABLE missing ADD COLUMN y INT" in error.why
    assert bench.states() == {"001_a": "partial"}
    assert [state for *_, state in bench.journal()] == ["done", "done", "failed"]

    # CREATE TABLE a would fail, and INSERT would add a row, if they were executed again.
    bench.write(_001_a=above + "ALTER TABLE a ADD COLUMN y INT;\nCREATE TABLE b (x INT);")
    (applied,) = bench.apply().databases[0].applied

    assert applied.resumed
    assert applied.statements == 2
    assert bench.query("SELECT x, y FROM a") == [(1, None)]
    assert bench.tables() == ["a", "b"]


def test_nothing_is_undone_on_failure(bench: Bench) -> None:
    """A table that was there before must survive: the server cannot tell that we did not make it."""
    bench.query("CREATE TABLE orders (x INT)")
    bench.query("INSERT INTO orders VALUES (1), (2), (3)")
    bench.write(
        _001_a="CREATE TABLE IF NOT EXISTS orders (x INT);\nSELECT * FROM missing;",
        _001_a_rollback="DROP TABLE IF EXISTS orders;",
    )

    with pytest.raises(MigrationStatementError):
        bench.apply()

    assert bench.query("SELECT COUNT(*) FROM orders") == [(3,)]


def test_what_existed_already_with_the_same_definition_is_said(bench: Bench) -> None:
    bench.query("CREATE TABLE a (x INT(11) COMMENT 'it''s;')")
    bench.write(_001_a='create table if not exists `a` (`x` integer comment "it\'s;");')

    bench.apply()

    (notice,) = [event for event in bench.events if isinstance(event, Notice)]
    assert "001_a.sql:1: Table 'a' already exists; it is what the statement would have made" in notice.text


def test_what_existed_already_as_something_else_is_no_success(bench: Bench) -> None:
    bench.query("CREATE TABLE a (x BIGINT)")
    bench.write(_001_a="CREATE TABLE IF NOT EXISTS a (x INT);\nCREATE TABLE b (x INT);")

    with pytest.raises(MigrationDefinitionError, match="is something else") as raised:
        bench.apply()

    assert "-  `x` int DEFAULT NULL\n+  `x` bigint DEFAULT NULL" in raised.value.difference
    assert bench.tables() == ["a"]
    assert bench.states() == {"001_a": "partial"}
    bench.query("ALTER TABLE a MODIFY x INT")
    bench.apply()
    assert bench.tables() == ["a", "b"]


def test_what_statements_leave_on_the_connection_survives_a_resumption(bench: Bench) -> None:
    bench.write(
        _001_a="CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, x VARCHAR(20));\n"
        "CREATE TABLE b (id INT, last INT, n DECIMAL(10, 2), word VARCHAR(20), nothing INT, raw VARBINARY(9));\n"
        "INSERT INTO a (x) VALUES ('é'), ('b');\n"
        "SET @id = LAST_INSERT_ID(), @n = (SELECT COUNT(*) FROM a) + 0.25, @raw = X'00FF27';\n"
        "SELECT x INTO @`a word` FROM a WHERE id = 1;\n"
        "INSERT INTO a (x) VALUES ('c');\n"
        "INSERT INTO missing VALUES (1);\n"
        "INSERT INTO b VALUES (@id, LAST_INSERT_ID(), @n, @`a word`, @nothing, @raw);\n"
    )
    with pytest.raises(MigrationStatementError):
        bench.apply()
    bench.query("CREATE TABLE missing (x INT)")
    bench.apply()
    assert bench.query("SELECT * FROM b") == [(1, 3, Decimal("2.25"), "é", None, b"\x00\xff'")]


def test_what_needs_a_temporary_table_is_one_transaction(bench: Bench) -> None:
    first = (
        "CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);\n"
        "CREATE TEMPORARY TABLE t AS SELECT x + 1 AS x FROM a;\nINSERT INTO a SELECT * FROM t;\n"
        "INSERT INTO a SELECT x FROM {table}, t;\nDROP TABLE t;\nINSERT INTO a VALUES (9);"
    )
    bench.write(_001_a=first.format(table="missing"))
    with pytest.raises(MigrationStatementError):
        bench.apply()
    assert bench.query("SELECT x FROM a") == [(1,)], "what came before the failure is undone with it"
    bench.write(_001_a=first.format(table="(SELECT 5 AS x) AS five"))
    with pytest.raises(MigrationStatementError, match="ambiguous"):
        bench.apply()
    bench.write(_001_a=first.format(table="(SELECT 5 AS x) AS five").replace("SELECT x FROM", "SELECT five.x FROM"))
    bench.apply()
    assert bench.query("SELECT x FROM a ORDER BY x") == [(1,), (2,), (5,), (9,)]


def test_what_asks_for_the_row_count_is_one_transaction(bench: Bench) -> None:
    bench.write(
        _001_a="CREATE TABLE a (x INT);\nCREATE TABLE n (x INT);\n"
        "INSERT INTO a VALUES (1), (2), (3);\nINSERT INTO n VALUES (ROW_COUNT());\nSET @n = ROW_COUNT();"
    )
    bench.apply()
    assert bench.query("SELECT x FROM n") == [(3,)]


def test_the_journal_of_an_older_version_is_extended(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);").apply()
    bench.query(
        "ALTER TABLE ticketctl_migration_statement"
        " DROP COLUMN sql_text, DROP COLUMN definitions_before, DROP COLUMN session_values"
    )
    bench.write(_002_b="CREATE TABLE b (x INT);").apply()
    assert bench.states() == {"001_a": "applied", "002_b": "applied"}
    assert len(bench.query("SHOW COLUMNS FROM ticketctl_migration_statement")) == 14


def test_a_late_migration_is_refused_unless_allowed(bench: Bench) -> None:
    bench.write(_002_b="CREATE TABLE b (x INT);").apply()
    bench.write(_001_a="CREATE TABLE a (x INT);")
    assert bench.states() == {"001_a": "late", "002_b": "applied"}
    with pytest.raises(MigrationLateError, match=r"001_a\.sql comes late: 002_b is applied"):
        bench.apply()
    assert bench.tables() == ["b"]
    bench.write(_001_a="-- ticketctl: allow-late\nCREATE TABLE a (x INT);").apply()
    bench.write(_000_c="CREATE TABLE c (x INT);").apply(allow_late=True)
    assert bench.tables() == ["a", "b", "c"]


def test_an_edit_above_the_mark_is_refused_and_nothing_runs(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);\nSELECT * FROM missing;", _002_b="CREATE TABLE b (x INT);")
    with pytest.raises(MigrationStatementError):
        bench.apply()

    bench.write(_001_a="CREATE TABLE a (x BIGINT);\nSELECT 1;")
    with pytest.raises(MigrationEditedError, match=r"001_a\.sql:1 was edited"):
        bench.apply()

    assert bench.states() == {"001_a": "edited", "002_b": "pending"}
    assert bench.tables() == ["a"]


def test_a_file_that_was_filled_after_it_was_applied_shows_the_way_back(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);", _002_b="-- to be written\n")
    assert "002_b.sql, which holds no statement" in str(bench.plan())
    bench.apply()
    assert Notice("warn", "main: 002_b holds no statement; it counts as applied from now on") in bench.events

    bench.write(_002_b="CREATE TABLE b (x INT);")
    assert bench.states() == {"001_a": "applied", "002_b": "edited"}
    with pytest.raises(MigrationEditedError) as refused:
        bench.apply()
    assert "repair main --unmark 002_b" in refused.value.next_step

    repair(bench.target(), planned=plan_repair(bench.target(), repairs=Repairs(unmark=("002_b",))), emit=ignore)
    bench.apply()
    assert bench.tables() == ["a", "b"]


def test_rows_of_a_failed_statement_are_undone_with_it(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT PRIMARY KEY);\nINSERT INTO a VALUES (1), (2), (1);")
    with pytest.raises(MigrationStatementError) as raised:
        bench.apply()
    assert raised.value.number == 1062
    assert bench.query("SELECT * FROM a") == []


def test_an_applied_file_that_changed_or_vanished_shows_in_the_status(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);", _002_b="CREATE TABLE b (x INT);").apply()
    bench.write(_001_a="CREATE TABLE a (x INT, y INT);")
    (bench.folder / "002_b.sql").unlink()

    assert bench.states() == {"001_a": "edited", "002_b": "missing"}
    with pytest.raises(MigrationEditedError):
        bench.apply()


def test_a_missing_file_is_no_reason_to_stop(bench: Bench) -> None:
    """An older checkout must be able to start on a database that a newer one has migrated."""
    bench.write(_001_a="CREATE TABLE a (x INT);", _002_b="CREATE TABLE b (x INT);").apply()
    (bench.folder / "002_b.sql").unlink()

    bench.apply()

    assert "002_b is applied, but its file is gone" in str(bench.events[-3])


def test_settings_of_one_migration_do_not_reach_the_next(bench: Bench) -> None:
    bench.write(
        _001_a="CREATE TABLE a (x INT);\nSET @mark = 1;\nSET SESSION sql_mode = '';\nINSERT INTO a VALUES (@mark);",
        _002_b="INSERT INTO a VALUES (@mark);",
        _003_c="INSERT INTO a VALUES ('not a number');",
    )
    with pytest.raises(MigrationStatementError) as raised:
        bench.apply()
    assert raised.value.path.name == "003_c.sql"
    assert bench.query("SELECT x FROM a") == [(1,), (None,)]


def test_settings_of_a_migration_are_made_again_when_it_goes_on(bench: Bench) -> None:
    above = "CREATE TABLE a (x INT);\nSET @mark = 7;\n"
    bench.write(_001_a=above + "SELECT * FROM missing;")
    with pytest.raises(MigrationStatementError):
        bench.apply()

    bench.write(_001_a=above + "INSERT INTO a VALUES (@mark);")
    bench.apply()

    assert bench.query("SELECT x FROM a") == [(7,)]


def test_bodies_and_executable_comments_reach_the_server_whole(bench: Bench) -> None:
    bench.write(
        _001_a="""
DELIMITER //
CREATE PROCEDURE fill(IN n INT)
BEGIN
    DECLARE i INT DEFAULT 0; -- with ; in a comment
    WHILE i < n DO
        INSERT INTO a VALUES (';', i);
        SET i = i + 1;
    END WHILE;
    SELECT COUNT(*) FROM a;
END//
DELIMITER ;
CREATE TABLE `we``ird;` (x INT);
CREATE TABLE a (s VARCHAR(5), i INT);
/*!40101 INSERT INTO a VALUES ('%s', -1) */;
/*!99999 INSERT INTO a VALUES ('never', -2) */;
/*! */;
CALL fill(3);
"""
    )
    bench.apply()
    assert bench.query("SELECT s, i FROM a ORDER BY i") == [("%s", -1), (";", 0), (";", 1), (";", 2)]
    assert bench.tables() == ["a", "we`ird;"]


def test_an_error_in_a_later_result_of_a_call_is_not_missed(bench: Bench) -> None:
    bench.write(
        _001_a="DELIMITER //\nCREATE PROCEDURE two() BEGIN SELECT 1; SELECT * FROM missing; END//\nCALL two()//"
    )
    with pytest.raises(MigrationStatementError) as raised:
        bench.apply()
    assert (raised.value.line, raised.value.number) == (3, 1146)


def test_a_function_that_the_server_does_not_trust_has_its_hint(bench: Bench, root: Root) -> None:
    bench.write(_001_a="CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;")
    before = root("SELECT @@GLOBAL.log_bin_trust_function_creators")[0][0]
    root("SET GLOBAL log_bin_trust_function_creators = 0")
    try:
        with pytest.raises(MigrationStatementError) as raised:
            bench.apply()
    finally:
        root("SET GLOBAL log_bin_trust_function_creators = %s", before)
    assert raised.value.number == 1419
    assert "log_bin_trust_function_creators" in raised.value.next_step


def test_any_name_of_a_database_will_do(bench: Bench, scratch_name: Callable[..., str]) -> None:
    odd = bench.on(scratch_name("`; DROP é %s")).write(_001_a="CREATE TABLE a (x INT);")
    odd.apply()
    assert odd.states() == {"001_a": "applied"}
    assert odd.tables() == ["a"]


def test_a_missing_database_is_created_and_said(bench: Bench, scratch_name: Callable[..., str]) -> None:
    other = bench.on(scratch_name()).write(_001_a="CREATE TABLE a (x INT);")
    assert other.states() == {"001_a": "pending"}
    assert "creates the database" in str(other.plan())

    result = other.apply()

    assert result.databases[0].created
    assert any(isinstance(event, Notice) and "was created" in event.text for event in other.events)
    assert other.query(
        "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = DATABASE()"
    )


def test_a_database_that_the_account_may_not_create_is_an_error_with_a_way_out(bench: Bench) -> None:
    with pytest.raises(BackendPermissionError) as raised:
        bench.on("somebody_elses").write(_001_a="SELECT 1;").apply()
    assert "a database that does not exist is reported like this too" in raised.value.next_step


def test_a_wrong_password_is_an_error_without_the_password(bench: Bench) -> None:
    wrong = Bench(replace(bench.endpoint, password=Secret("wrong-and-secret")), bench.root)
    with pytest.raises(BackendLoginError) as raised:
        wrong.apply()
    chain = [raised.value, raised.value.__cause__]
    assert not any("wrong-and-secret" in f"{error!r}{error}" for error in chain)


def test_a_server_that_refuses_writes_is_said_to(bench: Bench, root: Root) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);")
    root("SET GLOBAL super_read_only = ON")
    try:
        with pytest.raises(BackendReadOnlyError):
            bench.apply()
    finally:
        root("SET GLOBAL super_read_only = OFF")
        root("SET GLOBAL read_only = OFF")
    bench.apply()


def test_one_bad_file_stops_every_database_before_the_first_is_touched(
    bench: Bench, scratch_name: Callable[..., str]
) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);")
    bad = bench.root / "bad"
    bad.mkdir()
    (bad / "001.sql").write_text("SELECT 'open")
    databases = {**bench.databases, "other": DatabaseSettings(scratch_name(), "bad")}
    endpoints = {**bench.endpoints, "other": bench.on(databases["other"].name).endpoint}

    targets = find_targets(bench.root, databases, endpoints)
    with pytest.raises(MigrationFileError):
        runner.apply(targets, emit=ignore)
    assert bench.tables() == []

    assert runner.apply(find_targets(bench.root, databases, endpoints, ["main"]), emit=ignore).changed
    with pytest.raises(UnknownNameError, match="no database 'mian'") as raised:
        find_targets(bench.root, databases, endpoints, ["mian"])
    assert "did you mean 'main'?" in raised.value.next_step


def test_a_metadata_lock_is_not_waited_for_long(bench: Bench, root: Root) -> None:
    bench.query("CREATE TABLE b (x INT)")
    bench.write(_001_a="ALTER TABLE b ADD COLUMN y INT;")
    root("BEGIN")
    root(f"SELECT * FROM `{bench.endpoint.database}`.b")
    try:
        with pytest.raises(MigrationBlockedError) as raised:
            bench.apply(limits=Limits(wait=LockWait(seconds=1, tries=2, pause=0.1)))
        (holder,) = root("SELECT CONNECTION_ID()")[0]
    finally:
        root("ROLLBACK")
    assert f"(connection {holder}), idle in a transaction for" in raised.value.why
    assert f"`KILL {holder}`" in raised.value.next_step
    assert any("try 1 of 2" in line for line in bench.progress("waiting"))
    assert bench.states() == {"001_a": "partial"}
    bench.apply()
    assert len(bench.query("SHOW COLUMNS FROM b")) == 2


def test_rows_that_others_hold_are_waited_for_and_come_again(bench: Bench, root: Root) -> None:
    bench.query("CREATE TABLE b (x INT PRIMARY KEY, y INT)")
    bench.query("INSERT INTO b VALUES (1, 1)")
    bench.write(_001_a="INSERT INTO b VALUES (2, 0);\nUPDATE b SET y = y + 1;")
    root("BEGIN")
    root(f"UPDATE `{bench.endpoint.database}`.b SET y = 10 WHERE x = 1")
    try:
        with pytest.raises(MigrationBlockedError, match=r"001_a\.sql:2:1: other sessions hold"):
            bench.apply(limits=Limits(wait=LockWait(seconds=1, tries=2, pause=0.1)))
    finally:
        root("COMMIT")
    bench.apply()
    assert bench.query("SELECT x, y FROM b ORDER BY x") == [(1, 11), (2, 1)]


def test_a_large_table_is_not_copied_silently(bench: Bench) -> None:
    bench.query("CREATE TABLE b (x INT PRIMARY KEY, y INT)")
    bench.query("INSERT INTO b VALUES (1, 1)")
    instant = "ALTER TABLE b ADD COLUMN z INT;"
    bench.write(_001_a=f"{instant}\nALTER TABLE b MODIFY y BIGINT;")
    with pytest.raises(MigrationCopyError, match="would be copied, and locked against writing"):
        bench.apply(limits=Limits(copy_limit=0))
    assert [state for *_, state in bench.journal()] == ["done", "failed"]
    bench.write(_001_a=f"-- ticketctl: allow-copy\n{instant}\nALTER TABLE b MODIFY y BIGINT;")
    bench.apply(limits=Limits(copy_limit=0))
    assert any("as its file allows" in event.text for event in bench.events if isinstance(event, Notice))


def test_what_is_recorded_may_be_longer_than_a_packet(bench: Bench, root: Root) -> None:
    """What goes into one transaction here is twice as long as what the server takes at once."""
    note = "-- " + "é" * 250_000
    bench.write(**{f"_{number:03}_x": f"CREATE TABLE t{number} (x INT); {note}" for number in range(24)})
    ((limit,),) = root("SELECT @@GLOBAL.max_allowed_packet")
    root("SET GLOBAL max_allowed_packet = 4194304")
    try:
        bench.apply()
    finally:
        root("SET GLOBAL max_allowed_packet = %s", limit)
    assert len(bench.tables()) == 24
    assert bench.query("SELECT MIN(LENGTH(sql_text)) > 500000, COUNT(*) FROM ticketctl_migration") == [(1, 24)]


def test_two_statements_under_one_delimiter_are_said(bench: Bench) -> None:
    bench.write(_001_a="DELIMITER //\nDROP PROCEDURE IF EXISTS p; CREATE PROCEDURE p() BEGIN SELECT 1; END//")
    with pytest.raises(MigrationStatementError) as raised:
        bench.apply()
    assert raised.value.next_step.startswith("if the text up to its delimiter holds several statements")
