"""Which tables a planned statement changes, and how the plan shows their sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ticketctl.provision.migrate.planning.plan import plan_database
from ticketctl.provision.migrate.planning.sizes import TableSize, changed_tables, planned_tables, with_sizes
from ticketctl.provision.migrate.record.history import History
from ticketctl.provision.migrate.source.files import discover
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

SEATS = TableSize(1234567, 3 << 30)


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("ALTER TABLE seats ADD x INT", ("seats",)),
        ("ALTER TABLE events.`seats` ADD x INT", ("seats",)),
        ("ALTER TABLE other.seats ADD x INT", ()),
        ("CREATE UNIQUE INDEX i ON seats (x)", ("seats",)),
        ("DROP INDEX i ON seats", ("seats",)),
        ("DROP TABLE IF EXISTS seats, events.rows, other.x", ("seats", "rows")),
        ("RENAME TABLE seats TO places, events.a TO b", ("seats", "a")),
        ("TRUNCATE seats", ("seats",)),
        ("TRUNCATE TABLE seats", ("seats",)),
        ("UPDATE LOW_PRIORITY seats s SET x = 1", ("seats",)),
        ("DELETE QUICK FROM events.seats WHERE x = 1", ("seats",)),
        ("/*!50000 DROP TABLE seats */", ("seats",)),
        ("DROP TABLE `if`", ("if",)),
        ("DROP VIEW seats", ()),
        ("DROP DATABASE seats", ()),
        ("INSERT INTO seats VALUES (1)", ()),
        ("CREATE TABLE seats (x INT)", ()),
        ("CREATE TABLE a LIKE seats", ()),
        ("SELECT 1", ()),
    ],
)
def test_tables_that_a_statement_changes(sql: str, tables: tuple[str, ...]) -> None:
    (statement,) = split(sql)
    assert changed_tables(statement, "events") == tables


def sized(folder: Path, text: str, sizes: dict[str, TableSize]) -> str:
    (folder / "001_a.sql").write_text(text)
    target = Target("events", MysqlEndpoint("h", 1, "u", Secret("p"), "events_db"), folder, discover(folder))
    plan = plan_database("events", "events_db", target.migrations, History())
    return str(with_sizes(plan, planned_tables(target, plan), sizes)).replace(f"{folder}/", "")


def test_sizes_stand_under_each_other_within_eighty_columns(tmp_path: Path) -> None:
    text = (
        "CREATE TABLE new (x INT);\n"
        "ALTER TABLE seats ADD a_long_name_of_a_column INT, ADD another_long_name_of_a_column INT;\n"
        "DROP TABLE rows_of_seats;\n"
        "ALTER TABLE new ADD y INT;\n"
        f"INSERT INTO new VALUES {', '.join(['(1)'] * 30)};\n"
        "DROP INDEX i ON tiny;\n"
    )
    tiny = TableSize(1, 16384)
    shown = sized(tmp_path, text, {"seats": SEATS, "rows_of_seats": TableSize(None, 70 << 20), "tiny": tiny})
    assert shown == (
        "events (events_db): 1 migration\n"
        "  001_a  001_a.sql\n"
        "    1  CREATE TABLE new (x INT)\n"
        "    2  ALTER TABLE seats ADD a_long_name_of_a_column …  ~1,234,567 rows, 3.0 GiB\n"
        "    3  DROP TABLE rows_of_seats                                   deletes 70 MiB\n"
        "    4  ALTER TABLE new ADD y INT\n"
        "    5  INSERT INTO new VALUES (1), (1), (1), (1), (1), (1), (1), (1), (1), (1) …\n"
        "    6  DROP INDEX i ON tiny                                       ~1 row, 16 KiB"
    )
    assert max(map(len, shown.splitlines())) <= 80


def test_several_tables_of_a_statement_count_together(tmp_path: Path) -> None:
    shown = sized(tmp_path, "DROP TABLE a, b, c;", {"a": TableSize(2, 1024), "b": TableSize(3, 1024)})
    assert shown.endswith("    1  DROP TABLE a, b, c  deletes ~5 rows, 2 KiB")
