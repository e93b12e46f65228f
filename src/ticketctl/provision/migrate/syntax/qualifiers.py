"""Names before a dot: which are databases, which are tables and aliases (pure).

`events.seats` is a table of the database `events` behind FROM, and the column `seats` of the table `events`
behind WHERE. The place decides, and where it does not, whether the statement also has that name by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from ticketctl.provision.migrate.syntax.lexer import Token, TokenKind, said_by
from ticketctl.provision.migrate.syntax.names import bare

Place = Literal["database", "column", "unclear"]

_NAMES = (TokenKind.WORD, TokenKind.IDENTIFIER, TokenKind.STRING)
_BEFORE_A_TABLE = {"JOIN", "STRAIGHT_JOIN", "INTO", "TABLE", "TABLES", "VIEW", "REFERENCES", "TO"}
_BEFORE_A_TABLE |= {"EXISTS", "TRIGGER", "PROCEDURE", "FUNCTION", "CALL", "TRUNCATE", "RENAME", "INSERT", "REPLACE"}
_BEFORE_A_TABLE |= {"DELETE", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "USING", "DESCRIBE"}
_BEFORE_A_TABLE |= {"FOLLOWS", "PRECEDES"}
_BEFORE_A_COLUMN = {"SELECT", "DISTINCT", "ALL", "WHERE", "AND", "OR", "XOR", "NOT", "BY", "SET", "HAVING", "CASE"}
_BEFORE_A_COLUMN |= {"WHEN", "THEN", "ELSE", "BETWEEN", "IS", "DIV", "MOD", "REGEXP", "RLIKE", "BINARY", "INTERVAL"}
_BEFORE_A_COLUMN |= {"RETURN", "IF", "ELSEIF", "WHILE", "UNTIL", "ESCAPE", "IN", "SQL_CALC_FOUND_ROWS"}
_OPERATORS = set("=<>+-*/%!&|^~@:")
_BEGINS_TABLES = {"FROM", "JOIN", "STRAIGHT_JOIN", "INTO", "UPDATE", "TABLE", "TABLES", "TRUNCATE", "VIEW", "USING"}
_BEGINS_TABLES |= {"DELETE"}
_BEGINS_COLUMNS = {"SELECT", "WHERE", "BY", "SET", "HAVING", "VALUES", "VALUE", "WHEN", "THEN", "ELSE", "RETURN"}
_HAS_FROM = {"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID"}


def name_of(token: Token) -> str:
    """Return the name that a token is, without its quotes.

    Args:
        token: A word, an identifier, or a string, which is a name under ANSI_QUOTES.
    """
    return token.text[1:-1].replace('""', '"') if token.kind is TokenKind.STRING else bare(token)


def qualifiers(tokens: Sequence[Token], databases: Collection[str]) -> Iterator[tuple[int, Place]]:
    """Yield the names before a dot that are databases or may be, by their index.

    Args:
        tokens: Tokens that mean something, without the marks of executable comments.
        databases: Names of databases that exist.
    """
    said = said_by(tokens)
    for index, token in enumerate(tokens):
        if token.kind not in _NAMES or _at(said, index + 1) != "." or _at(said, index - 1) == ".":
            continue
        if token.kind is TokenKind.WORD and token.text.isdigit():
            continue  # 1.5
        place = _judged(tokens, said, index, databases)
        if place != "column":
            yield index, place


def _judged(tokens: Sequence[Token], said: Sequence[str], index: int, databases: Collection[str]) -> Place:
    name = name_of(tokens[index])
    exists = name in databases
    if said[index] in ("NEW", "OLD") and "TRIGGER" in said[:20] and not exists:
        return "column"
    place = _place(said, index)
    if place == "database":
        return place
    alone = any(
        other.kind in _NAMES and name_of(other) == name and _at(said, at + 1) != "." for at, other in enumerate(tokens)
    )
    if place == "column":
        # Nothing in the statement has made this name one for a table.
        return "database" if exists and not alone else "column"
    if not alone:
        return "database"
    return "unclear" if exists else "column"


def _place(said: Sequence[str], index: int) -> Place:
    """What stands there by the grammar alone."""
    before = _at(said, index - 1)
    if _at(said, index + 2) == "*":
        return "column"  # `seats.*`
    if _at(said, index + 3) in (".", "("):
        return "database"  # `events.seats.id`, or a function `events.total(…)`
    if before in (",", "("):
        return _in_a_list(said, index - 1)
    if before in _DECIDED_BY_MORE:
        return "database" if _DECIDED_BY_MORE[before](said, index - 1) else "column"
    if before in _BEFORE_A_TABLE:
        return "database"
    return "column" if before in _BEFORE_A_COLUMN or before in _OPERATORS else "unclear"


def _updates_a_table(said: Sequence[str], index: int) -> bool:
    return _at(said, index - 1) != "KEY"  # ON DUPLICATE KEY UPDATE


def _is_of_a_new_table(said: Sequence[str], index: int) -> bool:
    """Whether a LIKE is that of CREATE TABLE."""
    return said[0] == "CREATE" and not {"SELECT", "WHERE", "BEGIN"} & set(said[:index])


def _names_the_table(said: Sequence[str], index: int) -> bool:
    """Whether an ON is that of a trigger or an index; any other begins a condition."""
    return "ON" not in said[:index] and bool({"INDEX", "TRIGGER"} & set(said[:index]))


def _begins_tables(said: Sequence[str], index: int) -> bool:
    """Whether a FROM is not that of `EXTRACT(YEAR FROM x)` and its like."""
    depth = 0
    for before in range(index - 1, 0, -1):
        if said[before] == "SELECT" and depth == 0:
            return True
        depth += (said[before] == ")") - (said[before] == "(")
        if depth < 0:
            return said[before - 1] not in _HAS_FROM
    return True


_DECIDED_BY_MORE = {
    "FROM": _begins_tables,
    "UPDATE": _updates_a_table,
    "LIKE": _is_of_a_new_table,
    "ON": _names_the_table,
}


def _in_a_list(said: Sequence[str], index: int) -> Place:
    """What a name in parentheses or behind a comma is, by what the list belongs to."""
    depth = 0
    for before in range(index, -1, -1):
        word = said[before]
        if word == ")":
            depth += 1
        elif word == "(" and depth:
            depth -= 1
        elif depth == 0:
            found = _opened(said, before) if word == "(" else _decided(said, before)
            if found is not None:
                return found
    return "unclear"


def _opened(said: Sequence[str], index: int) -> Place | None:
    """What is in the parentheses that open here; None where that depends on what is before."""
    opener = _at(said, index - 1)
    if opener == "=":
        return "database" if _at(said, index - 2) == "UNION" else "column"  # UNION=(a, b) of a MERGE table
    nested = opener in (",", "(") or (opener in _BEGINS_TABLES and opener != "TRUNCATE")
    return None if nested else "column"  # arguments, or the columns of a table


def _decided(said: Sequence[str], index: int) -> Place | None:
    word = said[index]
    if word in _BEGINS_TABLES:
        return "column" if word == "UPDATE" and not _updates_a_table(said, index) else "database"
    if word in _BEGINS_COLUMNS:
        return "column"
    return "unclear" if word in ("ON", ";") else None  # `FROM a JOIN b ON a.x = b.x, c.d`


def _at(said: Sequence[str], index: int) -> str:
    return said[index] if 0 <= index < len(said) else ""
