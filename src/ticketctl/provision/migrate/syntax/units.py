"""Which statements of a file belong together in one transaction (pure).

Most stand alone. But what a temporary table holds, and what ROW_COUNT() says, ends with the
connection: statements that share it are committed together, so that a run that dies in between
begins with all of them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind
from ticketctl.provision.migrate.syntax.names import listed_names, mentioned_names
from ticketctl.provision.migrate.syntax.statements import StatementKind, kind_of

_OF_THE_STATEMENT_BEFORE = {"ROW_COUNT", "FOUND_ROWS"}
_TOGETHER = {StatementKind.TEMPORARY, StatementKind.TRANSACTIONAL, StatementKind.SESSION}


@dataclass(frozen=True, slots=True)
class Unit:
    """Statements that are executed and journaled together.

    Attributes:
        first: Position of the first, counted from 1.
        last: Position of the last.
        kind: How it is made certain whether they were carried out.
    """

    first: int
    last: int
    kind: StatementKind


def units(statements: Sequence[Statement]) -> tuple[Unit, ...]:
    """Return the units of a file, in order; each statement is in exactly one.

    Args:
        statements: The statements of the file.
    """
    kinds = [kind_of(statement) for statement in statements]
    found: list[Unit] = []
    first = 1
    while first <= len(statements):
        last = _last_of_unit(statements, kinds, first)
        alone = first == last and kinds[first - 1] is not StatementKind.TEMPORARY
        found.append(Unit(first, last, kinds[first - 1] if alone else StatementKind.TRANSACTIONAL))
        first = last + 1
    return tuple(found)


def with_explicit_drops(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements with `DROP TABLE` of a temporary table said as `DROP TEMPORARY TABLE`.

    Without the word, MySQL commits, and after a restart the statement could meet a real table of that name.

    Args:
        statements: The statements of a file.
    """
    temporary: set[str] = set()
    result = []
    for statement in statements:
        if kind_of(statement) is StatementKind.TEMPORARY:
            temporary.update(_temporary_names(statement))
        elif statement.words[:2] == ("DROP", "TABLE") and _names_after(statement, "TABLE") <= temporary:
            result.append(_explicit(statement))
            continue
        result.append(statement)
    return tuple(result)


def temporary_tables_needed(statements: Sequence[Statement], position: int) -> tuple[int, ...]:
    """Return the positions that made temporary tables which statements from `position` on still mention.

    Args:
        statements: The statements of the file.
        position: Where the file would be resumed, counted from 1.
    """
    found = []
    for made, statement in enumerate(statements[: position - 1], start=1):
        if _makes_temporary(statement):
            names = _temporary_names(statement)
            if any(names & mentioned_names(later) for later in statements[position - 1 :]):
                found.append(made)
    return tuple(found)


def _last_of_unit(statements: Sequence[Statement], kinds: Sequence[StatementKind], first: int) -> int:
    """The position up to which statements share what ends with the connection."""
    last = first
    position = first
    while position <= last:
        reach = _reach(statements, position)
        if reach > last and all(kind in _TOGETHER for kind in kinds[first - 1 : reach]):
            last = reach
        position += 1
    return last


def _reach(statements: Sequence[Statement], position: int) -> int:
    """The last position that needs what the statement at `position` leaves on the connection."""
    statement = statements[position - 1]
    reach = position
    if _makes_temporary(statement):
        names = _temporary_names(statement)
        later = enumerate(statements[position:], start=position + 1)
        reach = max((at for at, mentioning in later if names & mentioned_names(mentioning)), default=position)
    following = statements[position : position + 1]
    if following and _OF_THE_STATEMENT_BEFORE & set(following[0].words):
        reach = max(reach, position + 1)
    return reach


def _makes_temporary(statement: Statement) -> bool:
    return statement.words[:2] == ("CREATE", "TEMPORARY")


def _temporary_names(statement: Statement) -> set[str]:
    return _names_after(statement, "TABLE")


def _names_after(statement: Statement, word: str) -> set[str]:
    """The names behind a word of the statement, for comparing."""
    for place, token in enumerate(statement.tokens, start=1):
        if token.kind is TokenKind.WORD and token.text.upper() == word:
            return {name.casefold() for name in listed_names(statement.tokens[place:])}
    return set()


def _explicit(statement: Statement) -> Statement:
    drop = statement.tokens[0]
    end = drop.end - drop.start
    added = Token(TokenKind.WORD, "TEMPORARY", drop.end)
    tokens = (drop, added, *statement.tokens[1:])
    return replace(statement, text=f"{statement.text[:end]} TEMPORARY{statement.text[end:]}", tokens=tokens)
