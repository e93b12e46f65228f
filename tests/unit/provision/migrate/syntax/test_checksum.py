"""Checksums ignore what the server ignores, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketctl.provision.migrate.syntax.checksum import ALGORITHM, checksum
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
        "\ufeff" + SQL,
    ],
    ids=["line ends", "comment", "white space", "header", "delimiter", "no last delimiter", "byte order mark"],
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


def test_line_ends_inside_of_literals_are_those_of_the_checkout() -> None:
    assert of("SELECT 'a\r\nb';\r\n") == of("SELECT 'a\nb';\n") != of("SELECT 'a b';")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (SQL, "5b2050a95b8b5caeadb2786cde146df9a516527e1856f1b2373521ed56400490"),
        (
            "DELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  SELECT ';'; -- c\n  SELECT 2;\nEND//\nDELIMITER ;\n"
            "/*!50001 SELECT x'41', `a``b`, 5--1 */;\n"
            "SELECT /*+ NO_ICP(t) */ 'it''s', \"q\\\"\" FROM größe # end\n",
            "07ecd021b60a455833d757b9fef0db6e52152c65ff5738e8410760e99803afb3",
        ),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
)
def test_the_values_stay_as_they_are_recorded_in_databases(sql: str, expected: str) -> None:
    """Another value under the name `tokens-1` would make every applied migration an edited one."""
    assert (ALGORITHM, of(sql)) == ("tokens-1", expected)


@given(st.data())
def test_space_and_comments_between_tokens_change_nothing(data: st.DataObject) -> None:
    fillings = st.sampled_from([" ", "\n", "\r\n\t", " /* c */ ", "\n-- c\n", " # c\n"])
    pieces = [token.text + (data.draw(fillings) if token.kind.value == "space" else "") for token in tokenize(SQL)]
    assert of("".join(pieces)) == of(SQL)
