"""Names in statements: bare or in backticks, alone or behind their database (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind

_GUARD = ("IF", "NOT", "EXISTS")
_FILLING = (("INSERT",), ("REPLACE",), ("LOAD",))
_BEFORE_THE_TABLE = {"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"}


def bare(token: Token) -> str:
    """Return the name that a token is, without backticks.

    Args:
        token: A word or an identifier.
    """
    if token.kind is TokenKind.IDENTIFIER:
        return token.text[1:-1].replace("``", "`")
    return token.text


def listed_names(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the names of a list `IF EXISTS a, b.c, d`, without their databases, up to the first other thing.

    Args:
        tokens: What follows the word that the list belongs to.
    """
    place = 0
    while place < len(tokens) and tokens[place].text.upper() in _GUARD:
        place += 1
    while place < len(tokens) and tokens[place].kind in (TokenKind.WORD, TokenKind.IDENTIFIER):
        following = tokens[place + 1].text if place + 1 < len(tokens) else ""
        if following == ".":
            place += 2
            continue
        yield bare(tokens[place])
        if following != ",":
            return
        place += 2


def mentioned_names(statement: Statement) -> set[str]:
    """Return everything in a statement that could be a name, in lower case.

    Args:
        statement: Any statement.
    """
    named = (TokenKind.WORD, TokenKind.IDENTIFIER)
    return {bare(token).casefold() for token in statement.tokens if token.kind in named}


def filled_table(statement: Statement) -> str:
    """Return the table that an INSERT, REPLACE or LOAD puts rows into, empty for any other statement.

    Args:
        statement: Any statement.
    """
    if statement.words[:1] not in _FILLING:
        return ""
    tokens = statement.code
    said = [token.text.upper() if token.kind is TokenKind.WORD else "" for token in tokens]
    if said[:1] == ["LOAD"]:
        place = next((at + 2 for at in range(len(said)) if said[at : at + 2] == ["INTO", "TABLE"]), len(said))
    else:
        place = next((at for at, word in enumerate(said[1:], start=1) if word not in _BEFORE_THE_TABLE), len(said))
    return next(listed_names(tokens[place:]), "")
