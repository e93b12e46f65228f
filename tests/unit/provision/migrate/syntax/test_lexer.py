"""The lexer loses no character and cuts where the `mysql` client cuts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketctl.provision.migrate.syntax.lexer import (
    ClientCommandError,
    SqlSyntaxError,
    TokenKind,
    UnterminatedError,
    line_and_column,
    split,
    tokenize,
)

FRAGMENTS = (
    *("SELECT", "a", "1", "--", "-", "-- ", "#", "/*", "*/", "/*!", "/*!50001", "/*+", "'", '"', "`", "\\", "''"),
    *(";", "$$", "//", "\n", "\r\n", " ", "\t", "DELIMITER ", "delimiter $$\n", "x'", "é", "\u00a0", "(", ",", "@"),
    *("$x$", "CREATE", "PROCEDURE p() ", "BEGIN ", "END", "IF ", "CASE ", "\ufeff"),
)
sql_like = st.one_of(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join), st.text(max_size=60))


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split(sql)]


@given(sql_like)
def test_the_tokens_joined_are_the_text(sql: str) -> None:
    problem: SqlSyntaxError | None = None
    try:
        tokens = list(tokenize(sql))
    except SqlSyntaxError as error:
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
    except SqlSyntaxError:
        return
    sql = sql.removeprefix("\ufeff").replace("\r\n", "\n")
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
        ("\ufeffSELECT 1;\r\nSELECT '\r\n';", ["SELECT 1", "SELECT '\n'"]),
        ("SELECT /*+ a ; '\n ; ' */ 1; SELECT 2", ["SELECT /*+ a ; '\n ; ' */ 1", "SELECT 2"]),
        ("/* a /*! b */ SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT /*! 1 /* ; */ ; */ 2; SELECT 3", ["SELECT /*! 1 /* ; */ ; */ 2", "SELECT 3"]),
        ("AS $$ ; ' /* $$; AS $x$ ; $$ $X$ $x$; SELECT 2", ["AS $$ ; ' /* $$", "AS $x$ ; $$ $X$ $x$", "SELECT 2"]),
        ("SELECT a$$, 1$x$, $b; SELECT $$, 1$x$; $$", ["SELECT a$$, 1$x$, $b", "SELECT $$, 1$x$; $$"]),
        ("AS $$ \\$$; SELECT 2", ["AS $$ \\$$", "SELECT 2"]),
        ("/* a //*/ SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT --\x01; SELECT 2", ["SELECT --\x01", "SELECT 2"]),
        ("SELECT '\\\n'; SELECT '\\\\'; SELECT 2", ["SELECT '\\\n'", "SELECT '\\\\'", "SELECT 2"]),
        ("SELECT \\N; SELECT 2", ["SELECT \\N", "SELECT 2"]),
        (
            "SET @s = IF(@x, 'SELECT 1', 'DO 0'); PREPARE p FROM @s; EXECUTE p; DEALLOCATE PREPARE p;",
            ["SET @s = IF(@x, 'SELECT 1', 'DO 0')", "PREPARE p FROM @s", "EXECUTE p", "DEALLOCATE PREPARE p"],
        ),
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
        ("DELIMITER go\nSELECT cargo\ngo SELECT 2", ["SELECT car", "SELECT 2"]),
        ("DELIMITER $$\nSELECT a$$SELECT 2$$ $x$ $$ $x$", ["SELECT a", "SELECT 2", "$x$ $$ $x$"]),
        ("DELIMITER ;;\nSELECT 1;; ; ;;SELECT 2;;", ["SELECT 1", ";", "SELECT 2"]),
        ("  -- indented\nDELIMITER //\nSELECT 1;//", ["SELECT 1;"]),
        ("/* a\n*/\n-- b\n\n \n  delimiter `//` -- c\nSELECT 1; //", ["SELECT 1;"]),
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
        ("SELECT 1;\n  AS $x$ open $X$ $x", 2, 6, r"dollar quote \$x\$"),
        ("SELECT 1;\r\n\r\n  x'41", 3, 3, "quote '"),
    ],
)
def test_what_is_never_closed_is_named_with_its_place(sql: str, line: int, column: int, message: str) -> None:
    with pytest.raises(UnterminatedError, match=message) as raised:
        split(sql)
    assert (raised.value.line, raised.value.column) == (line, column)


@pytest.mark.parametrize(
    ("sql", "line", "column", "message"),
    [
        ("DELIMITER\nSELECT 1", 1, 1, "names no delimiter"),
        ("DELIMITER ''\nSELECT 1", 1, 1, "names no delimiter"),
        ("SELECT 1;\nDELIMITER \\", 2, 1, "backslash"),
        ("DELIMITER 'a b'\n", 1, 1, "white space"),
        ("DELIMITER 'x\n", 1, 1, "quote"),
        ("DELIMITER é\n", 1, 1, "never finds"),
        ("DELIMITER x\f\n", 1, 1, "white space"),
        ("DELIMITER 1234567890123456\n", 1, 1, "longer than 15"),
        ("SELECT 1; DELIMITER //", 1, 11, "at the start of a line"),
        ("/* a */ DELIMITER //", 1, 9, "at the start of a line"),
        ("DELIMITER;", 1, 1, "at the start of a line"),
        ("SELECT 1\\G\nSELECT 2;", 1, 9, r"\\G outside of quotes"),
        ("SELECT 1;\n \\. other.sql", 2, 2, r"\\\. outside"),
        ("SELECT /*! 1 \\c */ 2;", 1, 14, r"\\c outside"),
        ("SELECT 1;\nsource other.sql\n", 2, 1, "source is a command of the mysql client"),
        ("/*!50001 */; system ls", 1, 14, "system is a command"),
        ("exit", 1, 1, "exit is a command"),
    ],
)
def test_other_commands_of_the_client_are_refused(sql: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ClientCommandError, match=message) as raised:
        split(sql)
    assert (raised.value.line, raised.value.column) == (line, column)
    assert raised.value.advice


@pytest.mark.parametrize("sql", ["SELECT source, status FROM `exit`", "DROP TABLE system", "CALL clear()", "'exit'"])
def test_names_like_those_commands_are_not(sql: str) -> None:
    assert texts(f"{sql}; {sql}") == [sql, sql]


@pytest.mark.parametrize(
    "repeated", ["SELECT 1;", "(", "a.b,", "'x'\\n;".replace("\\n", "\n"), "/**/;", "#\n", "CREATE EVENT e DO;"]
)
def test_the_time_grows_with_the_length(repeated: str) -> None:
    """All on one line as well: a place that is searched for backwards would cost the square of it."""

    def seconds(length: int) -> float:
        sql = repeated * (length // len(repeated))
        best = float("inf")
        for _ in range(2):
            began = time.process_time()
            split(sql)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(100_000) < 40 * seconds(10_000)


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
        ("$x$ ' $x$", [TokenKind.STRING]),
        ("a$x$", [TokenKind.WORD]),
        ("größe=$1", [TokenKind.WORD, TokenKind.SYMBOL, TokenKind.WORD]),
    ],
)
def test_kinds_of_tokens(sql: str, kinds: list[TokenKind]) -> None:
    assert [token.kind for token in tokenize(sql)] == kinds
