"""Names in statements: bare or in backticks, alone or behind their database (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind

_GUARD = ("IF", "NOT", "EXISTS")


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
