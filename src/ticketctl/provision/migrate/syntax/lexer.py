"""Cut SQL into tokens, and tokens into statements, as the `mysql` client does.

Every character of the text belongs to exactly one token, so that a position in the file is never
lost. What the lexer knows: both quotes with doubled quotes and backslashes, backticks, the three
comments, executable comments (`/*! … */`, which are code), and the client's own `DELIMITER`
command. Strings are read by MySQL's default `sql_mode`; a file that sets NO_BACKSLASH_ESCAPES and
then ends a string in a backslash is read wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class TokenKind(Enum):
    """What a token is."""

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
        return self not in _NOT_CODE


_NOT_CODE = frozenset({TokenKind.SPACE, TokenKind.COMMENT, TokenKind.DELIMITER, TokenKind.CLIENT_COMMAND})


@dataclass(frozen=True, slots=True)
class Token:
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


@dataclass(frozen=True, slots=True)
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


class UnterminatedError(ValueError):
    """A quote or comment is opened and never closed, or DELIMITER names none.

    Attributes:
        line: Line of the opening, counted from 1.
        column: Its column, counted from 1.
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


# One alternative for each kind of token; the order matters where two begin alike. `--` opens a
# comment only before white space or a control character: `5--1` is arithmetic.
_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n\f\v]+)
    | (?P<comment>--(?=[\x00-\x20\x7f]|\Z)[^\n]*|\#[^\n]*|/\*(?![!+])(?:.*?\*/|(?P<open_comment>.*)\Z))
    | (?P<hint>/\*\+(?:.*?\*/|(?P<open_hint>.*)\Z))
    | (?P<string>[xXbBnN]?'(?:[^'\\]++|\\.|'')*+(?:'|(?P<open_single>\\?)\Z)
                |"(?:[^"\\]++|\\.|"")*+(?:"|(?P<open_double>\\?)\Z))
    | (?P<identifier>`(?:[^`]++|``)*+(?:`|(?P<open_backtick>)\Z))
    | (?P<word>[0-9A-Za-z_$\u0080-\U0010ffff]+)
    | (?P<symbol>/\*!(?:\d{5,6})?|\*/|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENINGS = {
    "open_comment": "a comment /* is never closed",
    "open_hint": "an optimizer hint /*+ is never closed",
    "open_single": "a quote ' is never closed",
    "open_double": 'a quote " is never closed',
    "open_backtick": "a backtick is never closed",
}
_DELIMITER_COMMAND = re.compile(r"delimiter(?=[ \t\r\n]|\Z)[ \t]*(?P<argument>[^\s]*)[^\n]*", re.IGNORECASE)
_LOOSE_COMMENT = re.compile(r"--[^\n]*")


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of a text; their texts, joined, are the text.

    Args:
        text: SQL as a file holds it.

    Raises:
        UnterminatedError: A quote or comment is not closed, or DELIMITER has no argument.
    """
    scanner = _Scanner(text)
    while scanner.position < len(text):
        yield scanner.take()
    scanner.finish()


def split(text: str) -> tuple[Statement, ...]:
    """Return the statements of a text, in order.

    Args:
        text: SQL as a file holds it.

    Raises:
        UnterminatedError: A quote or comment is not closed, or DELIMITER has no argument.
    """
    statements: list[Statement] = []
    code: list[Token] = []
    position = _Position(text)
    for token in tokenize(text):
        if token.kind.is_code:
            code.append(token)
        elif token.kind is TokenKind.DELIMITER and code:
            statements.append(_statement(text, code, position))
            code = []
    if code:
        statements.append(_statement(text, code, position))
    return tuple(statements)


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """Return where an index of a text stands, both counted from 1.

    Args:
        text: The text.
        index: Index of a character in it.
    """
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


class _Position:
    """Counts lines once through the text instead of from its beginning for each statement."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._index = 0
        self._line = 1

    def of(self, index: int) -> tuple[int, int]:
        self._line += self._text.count("\n", self._index, index)
        self._index = index
        return self._line, index - self._text.rfind("\n", 0, index)


def _statement(text: str, code: list[Token], position: _Position) -> Statement:
    line, column = position.of(code[0].start)
    return Statement(text[code[0].start : code[-1].end], tuple(code), line, column)


class _Scanner:
    """Where the lexer stands and what it must remember from before."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.position = 0
        self._delimiter = ";"
        self._between_statements = True
        self._executable_comment: int | None = None  # where the open one begins

    def take(self) -> Token:
        token = self._delimiter_here() or self._client_command() or self._loose_comment() or self._sql_token()
        self.position = token.end
        self._between_statements = token.kind is TokenKind.DELIMITER or (
            self._between_statements and not token.kind.is_code
        )
        return token

    def finish(self) -> None:
        if self._executable_comment is not None:
            raise self._error("an executable comment /*! is never closed", self._executable_comment)

    def _delimiter_here(self) -> Token | None:
        # The server gets an executable comment whole, as half of one means nothing.
        if self._executable_comment is None and self._text.startswith(self._delimiter, self.position):
            return Token(TokenKind.DELIMITER, self._delimiter, self.position)
        return None

    def _client_command(self) -> Token | None:
        match = _DELIMITER_COMMAND.match(self._text, self.position) if self._between_statements else None
        line_start = self._text.rfind("\n", 0, self.position) + 1
        if match is None or self._text[line_start : self.position].strip():
            return None
        argument = match.group("argument").strip("'\"")
        if not argument:
            raise self._error("DELIMITER names no delimiter", self.position)
        if "\\" in argument:
            raise self._error("a delimiter cannot contain a backslash", self.position)
        self._delimiter = argument
        return Token(TokenKind.CLIENT_COMMAND, match.group(), self.position)

    def _loose_comment(self) -> Token | None:
        # No statement begins with two dashes, so that the client and yoyo take `--depends:` too.
        match = _LOOSE_COMMENT.match(self._text, self.position) if self._between_statements else None
        return Token(TokenKind.COMMENT, match.group(), self.position) if match else None

    def _sql_token(self) -> Token:
        found = _TOKEN.match(self._text, self.position)
        assert found is not None  # noqa: S101  # the last alternative takes any character
        for opening, message in _OPENINGS.items():
            if found.group(opening) is not None:
                raise self._error(message, self.position)
        kind = TokenKind(next(name for name in _KIND_GROUPS if found.group(name) is not None))
        if kind is TokenKind.SYMBOL:
            return self._symbol(found.group())
        text = found.group()
        if kind is TokenKind.WORD and (cut := text.find(self._delimiter, 1)) > 0:
            text = text[:cut]  # `END$$`: the dollar signs are letters, unless they are the delimiter
        return Token(kind, text, self.position)

    def _symbol(self, text: str) -> Token:
        if text.startswith("/*!") and self._executable_comment is None:
            self._executable_comment = self.position
        elif text == "*/" and self._executable_comment is not None:
            self._executable_comment = None
        elif len(text) > 1:
            text = text[0]  # `2*/* two */3`: not the end of anything
        return Token(TokenKind.SYMBOL, text, self.position)

    def _error(self, message: str, position: int) -> UnterminatedError:
        return UnterminatedError(message, *line_and_column(self._text, position))


_KIND_GROUPS = ("space", "comment", "hint", "string", "identifier", "word", "symbol")
