r"""Cut SQL into tokens, and tokens into statements, as the `mysql` client does.

Every character of the text belongs to exactly one token, so that a position in the file is never
lost. What the lexer knows: both quotes with doubled quotes and backslashes, backticks, dollar quotes
(`$tag$ … $tag$`), the three comments, executable comments (`/*! … */`, which are code), and the
client's own `DELIMITER` command. Beyond the client it knows where the body of a stored program ends:
with `;` as the delimiter, `CREATE PROCEDURE … BEGIN … END` is one statement without any DELIMITER.

Where it differs from the client (9.7), each on purpose:

- An executable comment is one piece, whatever it contains; the client cuts it at a delimiter, and
  the server then refuses both halves. An optimizer hint is one piece over several lines as well.
- A comment ends at the first `*/`, and a dollar quote at the first tag like its own, as for the
  server; the client reads on after `/* … /*!`, after `/* … /*/` and after a backslash before the tag.
- DELIMITER counts at the beginning of any line between statements, and only there; the client
  overlooks it behind some comments, as `/* … **/` or an indented `--`, and takes it for a command
  when a statement has begun with nothing but a hint or an executable comment.
  A tab behind its argument is no part of it.
- Between statements `--x` is a comment, as in yoyo's `--depends:`; no statement begins with it.
- The client's other commands (`source`, `\G`, …) are an error instead of being sent to the server.

Strings are read by MySQL's default `sql_mode`. What depends on another one is read wrongly: under
NO_BACKSLASH_ESCAPES a string that ends in a backslash, under ANSI_QUOTES an identifier `"a\"`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.provision.migrate.syntax.scanner import Scanner
from ticketctl.provision.migrate.syntax.tokens import (
    NOT_CODE,
    ClientCommandError,
    SqlSyntaxError,
    Statement,
    Token,
    TokenKind,
    UnterminatedError,
    line_and_column,
    said_by,
    without_marks,
)

__all__ = [
    "ClientCommandError",
    "SqlSyntaxError",
    "Statement",
    "Token",
    "TokenKind",
    "UnterminatedError",
    "line_and_column",
    "said_by",
    "split",
    "tokenize",
    "without_marks",
]


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of a text; their texts, joined, are the text.

    Args:
        text: SQL as a file holds it.

    Raises:
        UnterminatedError: A quote, comment or block is not closed.
        ClientCommandError: DELIMITER is used wrongly, or another command of the client is used.
    """
    return Scanner(text).tokens()


def split(text: str) -> tuple[Statement, ...]:
    r"""Return the statements of a text, in order.

    A byte order mark is skipped and a line end is `\n` in the statements, as the client has it, so
    that what is sent does not depend on how the file was checked out.

    Args:
        text: SQL as a file holds it.

    Raises:
        UnterminatedError: A quote, comment or block is not closed.
        ClientCommandError: DELIMITER is used wrongly, or another command of the client is used.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    statements: list[Statement] = []
    code: list[Token] = []
    position = _Position(text)
    for token in tokenize(text):
        if token.kind not in NOT_CODE:
            code.append(token)
        elif token.kind is TokenKind.DELIMITER and code:
            statements.append(_statement(text, code, position))
            code = []
    if code:
        statements.append(_statement(text, code, position))
    return tuple(statements)


class _Position:
    """Counts lines once through the text instead of from its beginning for each statement."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._index = 0
        self._line = 1
        self._line_start = 0

    def of(self, index: int) -> tuple[int, int]:
        self._line += self._text.count("\n", self._index, index)
        line_end = self._text.rfind("\n", self._index, index)
        if line_end >= 0:
            self._line_start = line_end + 1
        self._index = index
        return self._line, index - self._line_start + 1


def _statement(text: str, code: list[Token], position: _Position) -> Statement:
    line, column = position.of(code[0].start)
    return Statement(text[code[0].start : code[-1].end], tuple(code), line, column)
