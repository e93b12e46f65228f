"""A plan as a script for the mysql client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ticketctl.provision.migrate.planning.plan import DatabasePlan, Plan, plan_database
from ticketctl.provision.migrate.planning.script import Script, script_of
from ticketctl.provision.migrate.record.history import History
from ticketctl.provision.migrate.source.files import discover
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret


def target_of(folder: Path, files: Mapping[str, str], key: str = "events") -> Target:
    own = folder / key
    own.mkdir()
    for name, text in files.items():
        (own / f"{name}.sql").write_text(text, encoding="utf-8")
    return Target(key, MysqlEndpoint("h", 1, "u", Secret("p"), f"{key}_db"), own, discover(own))


def planned(target: Target, history: History | None = None) -> DatabasePlan:
    return plan_database(target.key, target.database, target.migrations, history or History())


def body(folder: Path, script: Script) -> str:
    """The script behind its first lines."""
    return script.text.partition("SET time_zone = '+00:00';\n\n")[2].replace(f"{folder}/", "")


def test_a_script_of_two_databases(tmp_path: Path) -> None:
    events = target_of(tmp_path, {"001_a": "-- why\nCREATE TABLE a (x INT);\n", "002_b": "DROP TABLE a;"})
    orders = target_of(tmp_path, {"001_o": "CREATE TABLE o (x INT)"}, "orders")
    idle = target_of(tmp_path, {}, "idle")
    plan = Plan((planned(events), planned(orders, History(exists=False)), planned(idle)))
    script = script_of(plan, [events, orders, idle])
    assert script.notices == ()
    assert body(tmp_path, script) == (
        "-- events (events_db): 2 migrations\n"
        "USE `events_db`;\n"
        "\n"
        "-- 001_a  events/001_a.sql\n"
        "CREATE TABLE a (x INT);\n"
        "\n"
        "-- 002_b  events/002_b.sql\n"
        "DROP TABLE a;\n"
        "\n"
        "-- When all of this has run, record it:\n"
        "--   ticketctl migrate repair events --mark 001_a --mark 002_b\n"
        "\n"
        "-- orders (orders_db): 1 migration\n"
        "CREATE DATABASE IF NOT EXISTS `orders_db` CHARACTER SET utf8mb4;\n"
        "USE `orders_db`;\n"
        "\n"
        "-- 001_o  orders/001_o.sql\n"
        "CREATE TABLE o (x INT);\n"
        "\n"
        "-- When all of this has run, record it:\n"
        "--   ticketctl migrate repair orders --mark 001_o\n"
        "\n"
        "-- idle (idle_db): nothing to apply\n"
    )


def test_the_delimiter_is_switched_only_where_it_occurs(tmp_path: Path) -> None:
    programs = (
        "CREATE PROCEDURE p() BEGIN SELECT 1; END;\n"
        "INSERT INTO a VALUES (';$$');\n"
        "INSERT INTO a VALUES ('; $$ // ;; %% ##ticketctl##');\n"
        "INSERT INTO a VALUES (1);\n"
    )
    target = target_of(tmp_path, {"001_p": programs})
    script = script_of(Plan((planned(target),)), [target])
    assert (
        "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END\n$$\nDELIMITER ;\n"
        "DELIMITER //\nINSERT INTO a VALUES (';$$')\n//\nDELIMITER ;\n"
        "DELIMITER //0//\nINSERT INTO a VALUES ('; $$ // ;; %% ##ticketctl##')\n//0//\nDELIMITER ;\n"
        "INSERT INTO a VALUES (1);\n"
    ) in script.text
    # What is cut here is what the file holds, as the lexer cuts like the client.
    sent = [statement.text for statement in split(script.text)]
    assert sent[-4:] == [statement.text for statement in target.migrations[0].up.statements]


def test_a_resumed_migration_repeats_what_set_up_the_connection(tmp_path: Path) -> None:
    text = "SET sql_mode = '';\nCREATE TABLE a (x INT);\nINSERT INTO a VALUES (@x);\n"
    target = target_of(tmp_path, {"001_a": text})
    plan = planned(target)
    values = {
        "@`x`": ["str", "ö\\"],
        "@`b`": ["bytes", "00ff"],
        "@`n`": ["null", None],
        "LAST_INSERT_ID()": ["int", "7"],
    }
    step = replace(plan.steps[0], first=3, repeat=(1,), values=json.dumps(values), looks_first=True)
    script = script_of(Plan((replace(plan, steps=(step,)),)), [target])
    assert (
        ", from statement 3 of 3 on\n"
        "-- Statements before it have set up the connection:\n"
        "SET sql_mode = '';\n"
        "SET @`x` = _utf8mb4 X'c3b65c';\n"
        "SET @`b` = X'00ff';\n"
        "SET @`n` = NULL;\n"
        "SET last_insert_id = 7;\n"
        "-- An earlier run has sent the next statement, and may have carried it out. Then leave it out.\n"
        "INSERT INTO a VALUES (@x);\n"
    ) in script.text
    (notice,) = script.notices
    assert "nobody knows yet whether statement 3 of 001_a was carried out" in notice


def test_each_file_finds_a_new_connection(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": "SET foreign_key_checks = 0;", "002_b": "DROP TABLE a;"})
    script = script_of(Plan((planned(target),)), [target])
    assert (
        "SET foreign_key_checks = 0;\n\n-- As on a new connection:\nSET SESSION foreign_key_checks = DEFAULT;\n\n-- 002"
    ) in script.text


def test_what_somebody_else_is_executing_is_left_out(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": "CREATE TABLE a (x INT);"})
    plan = planned(target)
    running = replace(plan, steps=(replace(plan.steps[0], running_by="u from h", statements=()),))
    script = script_of(Plan((running,)), [target])
    assert "CREATE TABLE" not in script.text
    assert "--mark" not in script.text
    assert script.notices == ("events: 001_a is left out, as it is in the hands of u from h",)


def test_a_comment_that_the_client_reads_otherwise_is_said(tmp_path: Path) -> None:
    target = target_of(tmp_path, {"001_a": "SELECT 1 /* fine */ + 1;\nSELECT 1 /* a /*! b */ + 1;"})
    (notice,) = script_of(Plan((planned(target),)), [target]).notices
    assert "001_a.sql:2: the mysql client does not see the end of a comment" in notice
