"""Statements that take back what a file has set on its connection, where the next file is to find a new one (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind
from ticketctl.provision.migrate.syntax.names import bare, listed_names
from ticketctl.provision.migrate.syntax.session_values import LAST_INSERT_ID, values_used
from ticketctl.provision.migrate.syntax.statements import StatementKind, kind_of

CHARSET = "SET NAMES utf8mb4"
TIME_ZONE = "SET time_zone = '+00:00'"

_CHARSETS = {"NAMES", "CHARACTER", "CHARSET", "CHARACTER_SET_CLIENT", "CHARACTER_SET_CONNECTION"}
_CHARSETS |= {"CHARACTER_SET_RESULTS", "COLLATION_CONNECTION"}
_OF_THE_NEXT_STATEMENT = {"INSERT_ID", "LAST_INSERT_ID", "IDENTITY", "RAND_SEED1", "RAND_SEED2", "PSEUDO_THREAD_ID"}
_SCOPES = {"SESSION", "LOCAL"}
_TRANSACTION = "SET SESSION transaction_isolation = DEFAULT, SESSION transaction_read_only = DEFAULT"


def resets(statements: Sequence[Statement]) -> tuple[str, ...]:
    """Return what takes back the settings, user variables and temporary tables of a file.

    Args:
        statements: The statements that were executed on a connection as a run opens it.
    """
    found: dict[str, None] = {}
    variables = [name for name in values_used(statements) if name != LAST_INSERT_ID]
    if variables:
        found[f"SET {', '.join(f'{name} = NULL' for name in variables)}"] = None
    for statement in statements:
        kind = kind_of(statement)
        if kind is StatementKind.TEMPORARY:
            found.update(dict.fromkeys(_drops(statement)))
        elif kind is StatementKind.SESSION and statement.words[:1] == ("SET",):
            for clause in _clauses(statement.tokens[1:]):
                reset = _reset(clause)
                if reset:
                    found[reset] = None
    return tuple(found)


def _drops(statement: Statement) -> Iterator[str]:
    for place, token in enumerate(statement.tokens):
        if token.kind is TokenKind.WORD and token.text.upper() == "TABLE":
            for name in listed_names(statement.tokens[place + 1 :]):
                yield f"DROP TEMPORARY TABLE IF EXISTS `{name.replace('`', '``')}`"
            return


def _reset(clause: Sequence[Token]) -> str:
    said = [bare(token).upper() for token in clause]
    if said[:2] == ["@", "@"]:
        said = said[2:]
        if said[:1] and said[0] in _SCOPES and said[1:2] == ["."]:
            said = said[2:]
    elif said[:1] == ["@"]:
        return ""  # a user variable
    elif said[0] in _SCOPES:
        said = said[1:]
    name = said[0] if said else ""
    if name in _CHARSETS:
        return CHARSET
    if name == "TIME_ZONE":
        return TIME_ZONE
    if name == "TRANSACTION":
        return _TRANSACTION
    if name == "SQL_LOG_BIN":
        return "SET SESSION sql_log_bin = 1"
    assigned = said[1:2] in (["="], [":="]) or said[1:3] == [":", "="]
    return f"SET SESSION {name.lower()} = DEFAULT" if assigned and name not in _OF_THE_NEXT_STATEMENT else ""


def _clauses(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The assignments of a SET, cut at the commas outside parentheses."""
    clause: list[Token] = []
    depth = 0
    for token in tokens:
        symbol = token.text if token.kind is TokenKind.SYMBOL else ""
        depth += (symbol == "(") - (symbol == ")")
        if symbol == "," and depth == 0:
            yield clause
            clause = []
        else:
            clause.append(token)
    if clause:
        yield clause
