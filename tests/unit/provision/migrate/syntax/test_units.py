"""Which statements are committed together."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.provision.migrate.syntax.session_values import to_document, to_value, values_used
from ticketctl.provision.migrate.syntax.units import temporary_tables_needed, units, with_explicit_drops


def grouped(text: str) -> list[str]:
    """The units, each as `first-last kind`."""
    found = units(with_explicit_drops(split(text)))
    return [f"{unit.first}-{unit.last} {unit.kind.value}" for unit in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);", ["1-1 transactional", "2-2 transactional"]),
        ("CREATE TABLE a (x INT); SET @a = 1; CALL p();", ["1-1 definition", "2-2 session", "3-3 opaque"]),
        ("CREATE TEMPORARY TABLE t (x INT); CREATE TABLE a (x INT);", ["1-1 transactional", "2-2 definition"]),
        (
            "CREATE TEMPORARY TABLE t (x INT); INSERT INTO a SELECT 1; INSERT INTO t SELECT 1; INSERT INTO a SELECT 2;",
            ["1-3 transactional", "4-4 transactional"],
        ),
        (
            "CREATE TEMPORARY TABLE `T` (x INT); UPDATE a JOIN t; DROP TABLE IF EXISTS t; DELETE FROM a;",
            ["1-3 transactional", "4-4 transactional"],
        ),
        (
            "CREATE TEMPORARY TABLE t (x INT); INSERT INTO t VALUES (1); ALTER TABLE a ADD y INT; DROP TABLE t;",
            ["1-1 transactional", "2-2 transactional", "3-3 definition", "4-4 transactional"],
        ),
        (
            "CREATE TEMPORARY TABLE t (x INT); CREATE TEMPORARY TABLE u AS SELECT * FROM t; INSERT INTO a TABLE u;",
            ["1-3 transactional"],
        ),
        (
            "UPDATE a SET x = 1; SET @n = ROW_COUNT(); INSERT INTO b VALUES (@n);",
            ["1-2 transactional", "3-3 transactional"],
        ),
        ("ALTER TABLE a ADD x INT; SELECT ROW_COUNT();", ["1-1 definition", "2-2 transactional"]),
    ],
)
def test_units(text: str, expected: list[str]) -> None:
    assert grouped(text) == expected


def test_dropping_a_temporary_table_says_so() -> None:
    text = "CREATE TEMPORARY TABLE t (x INT); drop table `t`; DROP TABLE t, real_one; DROP TABLE u"
    said = [statement.text for statement in with_explicit_drops(split(text))]
    assert said[1:] == ["drop TEMPORARY table `t`", "DROP TABLE t, real_one", "DROP TABLE u"]


def test_a_temporary_table_is_needed_as_long_as_it_is_mentioned() -> None:
    statements = split("CREATE TEMPORARY TABLE t (x INT); INSERT INTO t VALUES (1); SELECT * FROM t; SELECT 1;")
    assert [temporary_tables_needed(statements, position) for position in (1, 2, 3, 4)] == [(), (1,), (1,), ()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SET @a = 1, @`A` = 2, @'b`c' = 3", ("@`a`", "@`b``c`")),
        ("SELECT @@sql_mode, @@session.sql_mode", ()),
        ("CREATE USER a@localhost, 'b'@'%', `c`@`d`", ()),
        ("SELECT LAST_INSERT_ID()", ("LAST_INSERT_ID()",)),
        ("SELECT `LAST_INSERT_ID`, 'LAST_INSERT_ID'", ()),
    ],
)
def test_what_a_file_takes_from_its_connection(text: str, expected: tuple[str, ...]) -> None:
    assert values_used(split(text)) == expected


def test_values_survive_the_journal() -> None:
    from decimal import Decimal

    values = {"a": None, "b": 5, "c": 0.1, "d": Decimal("1.10"), "e": "é'\\", "f": b"\x00\xff"}
    assert {name: to_value(described) for name, described in to_document(values).items()} == values
