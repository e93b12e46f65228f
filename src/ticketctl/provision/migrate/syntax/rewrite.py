"""Statements for another database: the database's name in them changed, and nothing else (pure).

A name before a dot may be the database or a table of the same name (`events.title` in the database
`events`). Where the text also holds that name by itself, the place decides. What stands in string
literals stays, and so does a statement inside one, as `PREPARE` takes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind, UnterminatedError, tokenize
from ticketctl.provision.migrate.syntax.names import bare

_NAMES = (TokenKind.WORD, TokenKind.IDENTIFIER, TokenKind.STRING)
_BEFORE_A_TABLE = {"FROM", "JOIN", "STRAIGHT_JOIN", "INTO", "UPDATE", "TABLE", "TABLES", "VIEW", "REFERENCES", "LIKE"}
_BEFORE_A_TABLE |= {"TO", "EXISTS", "TRIGGER", "PROCEDURE", "FUNCTION", "CALL", "TRUNCATE", "RENAME"}
_OWN_ON = {"INDEX", "TRIGGER"}  # `ON` names the table of these; elsewhere it begins a condition
_DECIDES_A_LIST = _BEFORE_A_TABLE | {"SELECT", "WHERE", "ON", "BY", "SET", "HAVING", "VALUES"}


def rename_database(statement: Statement | str, old: str, new: str) -> str:
    """Return a statement with its own database's name replaced wherever that qualifies another name.

    Args:
        statement: A statement, or a definition as the server shows it.
        old: The database's name, as the server writes it.
        new: The name to put there; a plain word.
    """
    text = statement.text if isinstance(statement, Statement) else statement
    tokens = code_tokens(statement)
    origin = tokens[0].start if isinstance(statement, Statement) and tokens else 0
    pieces = []
    done = 0
    for place in _qualifiers(tokens, old):
        token = tokens[place]
        pieces += [text[done : token.start - origin], new if token.kind is TokenKind.WORD else quote_identifier(new)]
        done = token.end - origin
    return "".join([*pieces, text[done:]])


def restore(text: str, new: str, old: str) -> str:
    """Return a definition read back from the other database as it would read in the own one.

    Args:
        text: A definition.
        new: The other database's name, which occurs for nothing else.
        old: The own database's name.
    """
    quoted = text.replace(quote_identifier(new), quote_identifier(old))
    return re.sub(rf"\b{re.escape(new)}\b", lambda _: old, quoted)


def names_in(statement: Statement | str) -> frozenset[str]:
    """Return everything in a text that could be somebody's name, in lower case.

    Args:
        statement: A statement, or a definition as the server shows it.
    """
    return frozenset(_name(token).lower() for token in code_tokens(statement) if token.kind in _NAMES)


def code_tokens(statement: Statement | str) -> Sequence[Token]:
    """Return the tokens that mean something to the server.

    Args:
        statement: A statement, or a definition as the server shows it.
    """
    if isinstance(statement, Statement):
        return statement.tokens
    tokens: list[Token] = []
    # A body written under NO_BACKSLASH_ESCAPES may end early.
    with suppress(UnterminatedError):
        tokens.extend(token for token in tokenize(statement) if token.kind.is_code)
    return tokens


def _qualifiers(tokens: Sequence[Token], old: str) -> list[int]:
    """Indices of the tokens that are the database before a dot."""
    mine = [place for place, token in enumerate(tokens) if token.kind in _NAMES and _name(token) == old]
    dotted = [place for place in mine if _text(tokens, place + 1) == "." and _text(tokens, place - 1) != "."]
    alone = [place for place in mine if _text(tokens, place + 1) != "." and tokens[place].kind is not TokenKind.STRING]
    if not alone:
        return dotted
    return [place for place in dotted if _is_database(tokens, place)]


def _is_database(tokens: Sequence[Token], place: int) -> bool:
    """Tell `events.seats` from `events.title` where a table or an alias is called `events` too."""
    if _text(tokens, place + 3) in (".", "("):  # `events.seats.id`, or a function `events.total(…)`
        return True
    before = _word(tokens, place - 1)
    if before == "ON":
        return bool(_OWN_ON & {_word(tokens, other) for other in range(min(place, 20))})
    if before in (",", "("):
        return _in_a_list_of_tables(tokens, place - 1)
    return before in _BEFORE_A_TABLE


def _in_a_list_of_tables(tokens: Sequence[Token], place: int) -> bool:
    depth = 0
    for before in range(place, -1, -1):
        word = _word(tokens, before)
        depth += (word == ")") - (word == "(")
        if depth <= 0 and word in _DECIDES_A_LIST:
            return word in _BEFORE_A_TABLE
    return False


def _word(tokens: Sequence[Token], place: int) -> str:
    if 0 <= place < len(tokens) and tokens[place].kind in (TokenKind.WORD, TokenKind.SYMBOL):
        return tokens[place].text.upper()
    return ""


def _text(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].text if 0 <= place < len(tokens) and tokens[place].kind is TokenKind.SYMBOL else ""


def _name(token: Token) -> str:
    return token.text[1:-1].replace('""', '"') if token.kind is TokenKind.STRING else bare(token)
