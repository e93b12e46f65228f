"""The scanner behind the lexer: where it stands in a text, and what it remembers from before."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from ticketctl.provision.migrate.syntax.compound import CompoundTracker
from ticketctl.provision.migrate.syntax.tokens import (
    ClientCommandError,
    Token,
    TokenKind,
    UnterminatedError,
    line_and_column,
)

# A name consists of letters, digits, `_`, `$` and whatever is not ASCII. Said by what it does not consist of: the
# other way round, compiling the patterns takes 14 ms.
_LETTER = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_TAG = r"\$[^\x00-/:-@\[-^`{-\x7f]*\$"
_NEVER = r"(?!)"
# One alternative for each kind of token; the order matters where two begin alike. `--` opens a
# comment only before white space: `5--1` is arithmetic. What has no end falls to `unclosed`.
_ALTERNATIVES = r"""
      (?P<delimiter>{delimiter})
    | (?P<space>[ \t\r\n\f\v]+)
    | (?P<word>(?![xXbBnN]'|{tag}){letter}+)
    | (?P<plain>[(),.=])
    | (?P<string>[xXbBnN]?'(?:[^'\\]++|\\.|'')*+'|"(?:[^"\\]++|\\.|"")*+"|(?P<tag>{tag}).*?(?P=tag))
    | (?P<identifier>`(?:[^`]++|``)*+`)
    | (?P<comment>--(?=[ \t\r\n\f\v]|\Z)[^\n]*|\#[^\n]*|/\*(?![!+])(?:[^*]++|\*(?!/))*+\*/)
    | (?P<hint>/\*\+(?:[^*]++|\*(?!/))*+\*/)
    | (?P<unclosed>[xXbBnN]?'|"|`|{tag}|/\*\+|/\*(?!!))
    | (?P<executable>{executable})
    | (?P<symbol>.)
"""
_UNCLOSED = {
    "/*": "a comment /*",
    "/*+": "an optimizer hint /*+",
    '"': 'a quote "',
    "`": "a backtick",
}
_KINDS = {kind.value: kind for kind in TokenKind} | {"plain": TokenKind.SYMBOL}
_BETWEEN = {"space", "comment"}
_PLAIN = {"word", "plain", "string", "identifier"}

_DELIMITER_COMMAND = re.compile(
    r"delimiter(?=[ \t\r\n]|\Z)[ \t]*(?:(['\"`])(?P<quoted>[^\n]*?)\1|(?P<bare>[^ \n]*))[^\n]*", re.IGNORECASE
)
_LONGEST_DELIMITER = 15
_LOOSE_COMMENT = re.compile(r"--[^\n]*")
_CLIENT_COMMANDS = {
    *("CHARSET", "CLEAR", "CONNECT", "EDIT", "EGO", "EXIT", "GO", "HELP", "NOPAGER", "NOTEE", "NOWARNING", "PAGER"),
    *("PRINT", "PROMPT", "QUERY_ATTRIBUTES", "QUIT", "REHASH", "RESETCONNECTION", "SOURCE", "STATUS", "SYSTEM", "TEE"),
    "WARNINGS",
}


@functools.cache
def _pattern(delimiter: str, *, executable: bool) -> re.Pattern[str]:
    """The pattern outside and inside of an executable comment, which the server gets whole."""
    escaped = re.escape(delimiter)
    # `END$$`: the dollar signs are letters, unless they are the delimiter.
    letter = f"(?:(?!{escaped}){_LETTER})" if re.search(_LETTER, delimiter) and not executable else _LETTER
    return re.compile(
        _ALTERNATIVES.format(
            delimiter=_NEVER if executable else escaped,
            executable=r"\*/" if executable else r"/\*!(?:\d{5,6})?",
            letter=letter,
            tag=_TAG,
        ),
        re.VERBOSE | re.DOTALL,
    )


class Scanner:
    """Goes through a text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._delimiter = ";"
        self._pattern = _pattern(";", executable=False)
        self._between_statements = True
        self._first_word_seen = False
        self._executable_comment: int | None = None  # where the open one begins
        self._program: CompoundTracker | None = None

    def tokens(self) -> Iterator[Token]:
        """Yield all tokens.

        Raises:
            UnterminatedError: Something is not closed.
            ClientCommandError: A command of the client cannot be carried out.
        """
        text, position, end = self._text, 0, len(self._text)
        while position < end:
            found = self._pattern.match(text, position)
            assert found is not None  # noqa: S101  # the last alternative takes any character
            name = found.lastgroup or ""
            # Most are one of these, for which nothing has to be looked out for.
            if name in _BETWEEN or (name in _PLAIN and self._first_word_seen and self._program is None):
                token = Token(_KINDS[name], found[0], position)
            elif name == "delimiter":
                token = self._at_delimiter(found[0], position)
            else:
                token = (self._between_statements and self._at_beginning(position)) or self._code(name, found)
            yield token
            position += len(token.text)
        self._finish()

    def _at_delimiter(self, text: str, position: int) -> Token:
        if self._program is not None and self._program.is_open:
            return self._followed(Token(TokenKind.SYMBOL, text, position))
        self._between_statements, self._first_word_seen, self._program = True, False, None
        return Token(TokenKind.DELIMITER, text, position)

    def _at_beginning(self, position: int) -> Token | None:
        """What may stand only before a statement."""
        # No statement begins with two dashes, so that the client and yoyo take `--depends:` too.
        if found := _LOOSE_COMMENT.match(self._text, position):
            return Token(TokenKind.COMMENT, found.group(), position)
        line_start = self._text.rfind("\n", 0, position) + 1
        if (found := _DELIMITER_COMMAND.match(self._text, position)) and self._text[line_start:position].strip() == "":
            self._set_delimiter(found["quoted"] or (found["bare"] or "").rstrip("\t\r"), position)
            return Token(TokenKind.CLIENT_COMMAND, found.group(), position)
        self._between_statements = False
        return None

    def _set_delimiter(self, delimiter: str, position: int) -> None:
        problem = ""
        if not delimiter:
            problem = "DELIMITER names no delimiter"
        elif len(delimiter.encode()) > _LONGEST_DELIMITER:
            problem = f"a delimiter is longer than {_LONGEST_DELIMITER} bytes"
        elif found := re.search(r"[\\'\"`\s]", delimiter):
            names = {"\\": "a backslash", "'": "a quote", '"': "a quote", "`": "a backtick"}
            problem = f"a delimiter cannot contain {names.get(found.group(), 'white space')}"
        elif not delimiter[0].isascii():
            problem = f"the client never finds a delimiter that begins with {delimiter[0]!r}"
        if problem:
            raise ClientCommandError(problem, *self._place(position), "choose another one, as in DELIMITER //")
        self._delimiter = delimiter
        self._pattern = _pattern(delimiter, executable=False)

    def _code(self, name: str, found: re.Match[str]) -> Token:
        text, position = found.group(), found.start()
        if name == "unclosed":
            what = _UNCLOSED.get(text) or ("a quote '" if text.endswith("'") else f"a dollar quote {text}")
            raise self._unterminated(f"{what} is never closed", position)
        if name == "executable":
            self._turn(position)
        elif text == "\\" and not self._text.startswith("N", position + 1):
            raise ClientCommandError(
                f"{self._text[position : position + 2]} outside of quotes is a command of the mysql client",
                *self._place(position),
                "end the statement with its delimiter, and leave the command out",
            )
        return self._followed(Token(_KINDS.get(name, TokenKind.SYMBOL), text, position))

    def _turn(self, position: int) -> None:
        """Into an executable comment, or out of it."""
        inside = self._executable_comment is None
        self._executable_comment = position if inside else None
        self._pattern = _pattern(self._delimiter, executable=inside)

    def _followed(self, token: Token) -> Token:
        """Look out for a stored program, whose body may hold the delimiter."""
        if self._program is not None:
            self._program.feed(token)
            if not self._program.is_program:
                self._program = None
        elif not self._first_word_seen and token.kind is not TokenKind.SYMBOL:
            self._first_word_seen = True
            word = token.text.upper() if token.kind is TokenKind.WORD else ""
            if word in ("CREATE", "ALTER") and self._delimiter == ";":
                self._program = CompoundTracker()
                self._program.feed(token)
            elif word in _CLIENT_COMMANDS or word == "DELIMITER":
                self._refuse(word, token.start)
        return token

    def _refuse(self, word: str, position: int) -> None:
        if word == "DELIMITER":
            message, advice = "DELIMITER is a command of the client only at the start of a line", "give it its own line"
        else:
            message, advice = f"{word.lower()} is a command of the mysql client, not SQL", "leave it out"
        raise ClientCommandError(message, *self._place(position), advice)

    def _finish(self) -> None:
        if self._executable_comment is not None:
            raise self._unterminated("an executable comment /*! is never closed", self._executable_comment)
        if self._program is not None and self._program.is_open:
            opening = self._program.unclosed
            word = opening.text.upper()
            end = "END" if word == "BEGIN" else f"END {word}"
            raise UnterminatedError(
                f"{opening.text} is never closed by {end}",
                *self._place(opening.start),
                f"add the missing {end}, or put DELIMITER // before the statement and DELIMITER ; behind it",
            )

    def _unterminated(self, message: str, position: int) -> UnterminatedError:
        advice = "close it; everything after it was read as its content"
        return UnterminatedError(message, *self._place(position), advice)

    def _place(self, position: int) -> tuple[int, int]:
        return line_and_column(self._text, position)
