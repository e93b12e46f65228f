"""What a rollback would delete: tables and columns by name (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind
from ticketctl.provision.migrate.syntax.names import bare, listed_names

_NOT_COLUMNS = {"INDEX", "KEY", "PRIMARY", "FOREIGN", "CONSTRAINT", "CHECK", "PARTITION", "DEFAULT", "NOT"}


@dataclass(frozen=True, slots=True)
class Loss:
    """Something with rows that a statement deletes.

    Attributes:
        table: Bare name of the table.
        column: Bare name of the column, empty for the whole table.
        some: Whether it may be only some of the rows (`DELETE`).
    """

    table: str
    column: str = ""
    some: bool = False


def losses(statements: Iterable[Statement]) -> tuple[Loss, ...]:
    """Return what some statements delete, in order, each once.

    Looks at DROP TABLE, TRUNCATE, DELETE FROM and ALTER TABLE … DROP COLUMN. What a routine deletes when
    it is called is not seen.

    Args:
        statements: The statements of a rollback.
    """
    return tuple(dict.fromkeys(loss for statement in statements for loss in _losses_of(statement)))


def _losses_of(statement: Statement) -> Iterator[Loss]:
    tokens = statement.code
    said = [token.text.upper() if token.kind is TokenKind.WORD else token.text for token in tokens]
    if said[:2] == ["DROP", "TABLE"]:
        for name in listed_names(tokens[2:]):
            yield Loss(name)
    elif said[:1] == ["TRUNCATE"]:
        rest = 2 if said[1:2] == ["TABLE"] else 1
        yield from (Loss(name) for name in listed_names(tokens[rest:]))
    elif said[:2] == ["DELETE", "FROM"]:
        yield from (Loss(name, some=True) for name in listed_names(tokens[2:]))
    elif said[:2] == ["ALTER", "TABLE"]:
        table = next(listed_names(tokens[2:]), "")
        for place, word in enumerate(said):
            if word == "DROP" and (column := _dropped_column(tokens[place + 1 :], said[place + 1 :])):
                yield Loss(table, column)


def _dropped_column(tokens: Sequence[Token], said: Sequence[str]) -> str:
    place = 1 if said[:1] == ["COLUMN"] else 0
    if place == 0 and said[:1] and said[0] in _NOT_COLUMNS:
        return ""
    return bare(tokens[place]) if place < len(tokens) else ""
