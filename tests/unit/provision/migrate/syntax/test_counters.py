"""Which AUTO_INCREMENT counters a file depends on, and what an INSERT fills."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.counters import Counters
from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.provision.migrate.syntax.names import filled_table


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("INSERT INTO a VALUES (1)", "a"),
        ("insert low_priority ignore `a b` (x) values (1)", "a b"),
        ("REPLACE db.a SELECT * FROM b", "a"),
        ("INSERT /*! IGNORE */ INTO a SET x = 1", "a"),
        ("LOAD DATA INFILE 'x' IGNORE INTO TABLE a FIELDS TERMINATED BY ','", "a"),
        ("UPDATE a SET x = 1", ""),
        ("SELECT 1 INTO @a", ""),
    ],
)
def test_what_is_filled(sql: str, table: str) -> None:
    (statement,) = split(sql)
    assert filled_table(statement) == table


def after(text: str) -> list[tuple[str, ...]]:
    statements = split(text)
    counters = Counters(statements)
    return [counters.after(position) for position in range(1, len(statements) + 1)]


def test_counters_matter_from_the_table_to_its_last_row() -> None:
    assert after(
        "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY); SET @x = 1; INSERT INTO A VALUES ();"
        "CREATE TABLE b (x INT);"
        "TRUNCATE a; DROP TABLE b;"
    ) == [("a",), ("a",), ("a",), (), ("a",), ()]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO a VALUES (); INSERT INTO a VALUES ();",
        "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY); UPDATE a SET id = 1;",
        "CREATE TABLE a (id INT PRIMARY KEY COMMENT 'AUTO_INCREMENT'); INSERT INTO a VALUES (1);",
    ],
)
def test_others_do_not(text: str) -> None:
    assert set(after(text)) == {()}
