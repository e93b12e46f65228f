"""The lexer loses no character and cuts where the `mysql` client cuts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketctl.provision.migrate.syntax.lexer import TokenKind, UnterminatedError, line_and_column, split, tokenize

FRAGMENTS = (
    *("SELECT", "a", "1", "--", "-", "-- ", "#", "/*", "*/", "/*!", "/*!50001", "/*+", "'", '"', "`", "\\", "''"),
    *(";", "$$", "//", "\n", "\r\n", " ", "\t", "DELIMITER ", "delimiter $$\n", "x'", "é", "\u00a0", "(", ",", "@"),
)
sql_like = st.one_of(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join), st.text(max_size=60))


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split(sql)]


@given(sql_like)
def test_the_tokens_joined_are_the_text(sql: str) -> None:
    problem: UnterminatedError | None = None
    try:
        tokens = list(tokenize(sql))
    except UnterminatedError as error:
        problem = error
    if problem is not None:
        lines = sql.split("\n")
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        return
    assert "".join(token.text for token in tokens) == sql
    assert [token.start for token in tokens[1:]] == [token.end for token in tokens[:-1]]


@given(sql_like)
def test_every_statement_stands_where_it_says_and_holds_all_code(sql: str) -> None:
    try:
        statements = split(sql)
    except UnterminatedError:
        return
    for statement in statements:
        start = statement.tokens[0].start
        assert sql.startswith(statement.text, start)
        assert (statement.line, statement.column) == line_and_column(sql, start)
    code = [token for token in tokenize(sql) if token.kind.is_code]
    assert [token for statement in statements for token in statement.tokens] == code


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("", []),
        ("-- only a comment\n/* and another */ # and a third", []),
        (";;;", []),
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';', \";\", `;`;", ["SELECT ';', \";\", `;`"]),
        ("SELECT 'it''s;', 'it\\';s';SELECT 2", ["SELECT 'it''s;', 'it\\';s'", "SELECT 2"]),
        ("SELECT `a``;b`; SELECT 2", ["SELECT `a``;b`", "SELECT 2"]),
        ("SELECT `a\\`; SELECT 2", ["SELECT `a\\`", "SELECT 2"]),
        ("SELECT 1 -- ; not here\n + 1;", ["SELECT 1 -- ; not here\n + 1"]),
        ("SELECT 1 # ; not here\n + 1;", ["SELECT 1 # ; not here\n + 1"]),
        ("SELECT 5--1; SELECT 2", ["SELECT 5--1", "SELECT 2"]),
        ("SELECT 1 --\n; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("--loose comment; here\nSELECT 1", ["SELECT 1"]),
        ("/* a; */ SELECT /* ; */ 1 /* ; */;", ["SELECT /* ; */ 1"]),
        ("/**/SELECT 1;/*/ ; */SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("/*!50001 SELECT ';' ; */; SELECT 2", ["/*!50001 SELECT ';' ; */", "SELECT 2"]),
        ("SELECT 2*/* two */3; SELECT 4", ["SELECT 2*/* two */3", "SELECT 4"]),
        ("SELECT /*+ HINT(a) */ 1;", ["SELECT /*+ HINT(a) */ 1"]),
        ("SELECT '-- ', '#', '/*';", ["SELECT '-- ', '#', '/*'"]),
    ],
)
def test_cuts_at_delimiters_outside_quotes_and_comments(sql: str, statements: list[str]) -> None:
    assert texts(sql) == statements


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("DELIMITER //\nCREATE a; b//\nDELIMITER ;\nSELECT 1; SELECT 2", ["CREATE a; b", "SELECT 1", "SELECT 2"]),
        ("delimiter $$\r\nBEGIN x; END$$\r\ndelimiter ;\r\nSELECT 1;", ["BEGIN x; END", "SELECT 1"]),
        ("  DELIMITER ';;' -- odd\na;b;;c", ["a;b", "c"]),
        ("DELIMITER //\n SELECT '//' // SELECT 2", ["SELECT '//'", "SELECT 2"]),
        ("CREATE TABLE t (\n  delimiter INT\n); SELECT 1", ["CREATE TABLE t (\n  delimiter INT\n)", "SELECT 1"]),
        ("SELECT 1; DELIMITER x", ["SELECT 1", "DELIMITER x"]),
    ],
)
def test_delimiter_is_a_command_of_the_client_at_the_start_of_a_line(sql: str, statements: list[str]) -> None:
    assert texts(sql) == statements


@pytest.mark.parametrize(
    ("sql", "line", "column", "message"),
    [
        ("SELECT 1;\n  SELECT 'open; -- \n\n", 2, 10, "quote '"),
        ('SELECT "open', 1, 8, 'quote "'),
        ("SELECT 'ends in a backslash\\", 1, 8, "quote '"),
        ("\nSELECT `open", 2, 8, "backtick"),
        ("SELECT 1 /* open", 1, 10, "comment"),
        ("SELECT /*+ open", 1, 8, "hint"),
        ("SELECT 1;\n/*!50001 SELECT 1;", 2, 1, "executable comment"),
        ("DELIMITER\nSELECT 1", 1, 1, "names no delimiter"),
        ("SELECT 1;\nDELIMITER \\", 2, 1, "backslash"),
    ],
)
def test_what_is_never_closed_is_named_with_its_place(sql: str, line: int, column: int, message: str) -> None:
    with pytest.raises(UnterminatedError, match=message) as raised:
        split(sql)
    assert (raised.value.line, raised.value.column) == (line, column)


def test_a_quote_in_a_large_file_costs_no_more_than_its_length() -> None:
    """Nested repetition in a pattern may take exponential time when the end is missing."""
    sql = "SELECT '" + "a''\\'" * 200_000
    with pytest.raises(UnterminatedError):
        split(sql)


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("x'41'", [TokenKind.STRING]),
        ("_utf8mb4'a'", [TokenKind.WORD, TokenKind.STRING]),
        ("`a`.b", [TokenKind.IDENTIFIER, TokenKind.SYMBOL, TokenKind.WORD]),
        ("größe=$1", [TokenKind.WORD, TokenKind.SYMBOL, TokenKind.WORD]),
    ],
)
def test_kinds_of_tokens(sql: str, kinds: list[TokenKind]) -> None:
    assert [token.kind for token in tokenize(sql)] == kinds
