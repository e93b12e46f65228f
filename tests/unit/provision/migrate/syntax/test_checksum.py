"""Checksums ignore what the server ignores, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketctl.provision.migrate.syntax.checksum import checksum
from ticketctl.provision.migrate.syntax.lexer import split, tokenize

SQL = "CREATE TABLE t (\n  a INT, -- first\n  b VARCHAR(10) DEFAULT 'x  y'\n);\nINSERT INTO t VALUES (1, \"two\");\n"


def of(sql: str) -> str:
    return checksum(split(sql))


@pytest.mark.parametrize(
    "changed",
    [
        SQL.replace("\n", "\r\n"),
        SQL.replace("-- first", "-- quite another comment; with a semicolon"),
        SQL.replace("\n", "\n\n  "),
        "/* a header */\n" + SQL,
        "DELIMITER //\n" + SQL.replace(";", "//"),
        SQL.rstrip().rstrip(";"),
    ],
    ids=["line ends", "comment", "white space", "header", "delimiter", "no last delimiter"],
)
def test_what_means_nothing_changes_nothing(changed: str) -> None:
    assert of(changed) == of(SQL)


@pytest.mark.parametrize(
    "changed",
    [
        SQL.replace("x  y", "x y"),
        SQL.replace("x  y", "x -- y"),
        SQL.replace("VARCHAR(10)", "VARCHAR(11)"),
        SQL.replace("TABLE t", "TABLE T"),
        SQL.replace("a INT", "aINT"),
        SQL.replace(");\nINSERT", "), INSERT"),
        SQL.replace('"two"', "'two'"),
        SQL + "SELECT 1;",
        SQL.replace("INT,", "INT /*!80000 INVISIBLE */,"),
    ],
)
def test_what_means_something_changes_it(changed: str) -> None:
    assert of(changed) != of(SQL)


@given(st.data())
def test_space_and_comments_between_tokens_change_nothing(data: st.DataObject) -> None:
    fillings = st.sampled_from([" ", "\n", "\r\n\t", " /* c */ ", "\n-- c\n", " # c\n"])
    pieces = [token.text + (data.draw(fillings) if token.kind.value == "space" else "") for token in tokenize(SQL)]
    assert of("".join(pieces)) == of(SQL)
