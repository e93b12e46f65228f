"""What SQL text is cut into: tokens and statements, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple


class TokenKind(Enum):
    """What a token is."""

    __hash__ = object.__hash__  # each is there once, and Enum's own hash is ten times as slow

    SPACE = "space"
    COMMENT = "comment"
    WORD = "word"
    STRING = "string"
    IDENTIFIER = "identifier"
    HINT = "hint"
    SYMBOL = "symbol"
    DELIMITER = "delimiter"
    CLIENT_COMMAND = "client command"

    @property
    def is_code(self) -> bool:
        """Whether the token means something to the server."""
        return self not in NOT_CODE


NOT_CODE = frozenset({TokenKind.SPACE, TokenKind.COMMENT, TokenKind.DELIMITER, TokenKind.CLIENT_COMMAND})


_SAYING = (TokenKind.WORD, TokenKind.SYMBOL)


class Token(NamedTuple):
    """A piece of SQL text.

    Attributes:
        kind: What it is.
        text: The characters as they stand in the file.
        start: Index of its first character in the text.
    """

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Index of the character after it."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Statement:
    """A statement as the text holds it, without the comments around it and without its delimiter.

    Attributes:
        text: What is sent to the server.
        tokens: Its tokens that mean something, in order.
        line: Line of its first character, counted from 1.
        column: Column of its first character, counted from 1.
    """

    text: str
    tokens: tuple[Token, ...]
    line: int
    column: int

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its bare words in upper case, without quoted names and strings."""
        return tuple([token.text.upper() for token in self.tokens if token.kind is TokenKind.WORD])

    @cached_property
    def code(self) -> tuple[Token, ...]:
        """Its tokens without hints and the marks of executable comments, which count as what they hold."""
        if "/*" not in self.text:
            return self.tokens
        return tuple(without_marks(self.tokens))


def without_marks(tokens: Iterable[Token]) -> list[Token]:
    """Return tokens without comments, hints and the marks of executable comments.

    Args:
        tokens: Tokens in their order.
    """
    return [token for token in tokens if not token.text.startswith(("/*", "*/"))]


def said_by(tokens: Iterable[Token]) -> list[str]:
    """Return what tokens say: words in upper case and symbols, nothing for what is quoted.

    Args:
        tokens: Tokens in their order.
    """
    return [token.text.upper() if token.kind in _SAYING else "" for token in tokens]


class SqlSyntaxError(ValueError):
    """A text cannot be cut into statements, or not so that the server would get what was meant.

    Attributes:
        line: Line of the place, counted from 1.
        column: Its column, counted from 1.
        advice: What to do.
    """

    def __init__(self, message: str, line: int, column: int, advice: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.advice = advice


class UnterminatedError(SqlSyntaxError):
    """A quote, a comment or a block is opened and never closed; the place is that of the opening."""


class ClientCommandError(SqlSyntaxError):
    r"""A command of the `mysql` client that is not carried out here, as `source` or `\G`, or a wrong DELIMITER."""


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """Return where an index of a text stands, both counted from 1.

    Args:
        text: The text.
        index: Index of a character in it.
    """
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
