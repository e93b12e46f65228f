"""Reading a statement from left to right, as far as its names (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from ticketctl.infra.mysql import MAX_IDENTIFIER_LENGTH
from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind
from ticketctl.provision.migrate.syntax.names import bare

_NAMES = {TokenKind.WORD, TokenKind.IDENTIFIER, TokenKind.STRING}
_NAMELESS = "it names nothing whose definition could be looked at"


class CannotBeToldError(Exception):
    """The definitions do not tell what became of the statement; the message says why."""


class StatementReader:
    """Goes through the tokens of a statement; executable comments count as what they hold.

    Args:
        statement: The statement.
        database: The database that it is executed in.
    """

    def __init__(self, statement: Statement, database: str) -> None:
        self._tokens = statement.code
        self._place = 0
        self._database = database

    def word(self) -> str:
        """Return the next word in upper case, or the next symbol; empty for anything quoted and at the end."""
        if self._place >= len(self._tokens):
            return ""
        token = self._tokens[self._place]
        return token.text.upper() if token.kind in (TokenKind.WORD, TokenKind.SYMBOL) else ""

    def rest(self) -> list[str]:
        """Return the words that are not taken yet, in upper case."""
        return [token.text.upper() for token in self._tokens[self._place :] if token.kind is TokenKind.WORD]

    def at_end(self) -> bool:
        """Tell whether everything is taken."""
        return self._place >= len(self._tokens)

    def take(self) -> Token:
        """Take the next token.

        Raises:
            CannotBeToldError: There is none.
        """
        if self.at_end():
            raise CannotBeToldError(_NAMELESS)
        self._place += 1
        return self._tokens[self._place - 1]

    def take_word(self) -> str:
        """Take the next token, and return it as `word` does."""
        word = self.word()
        self._place += 1
        return word

    def accept(self, *words: str) -> bool:
        """Take these words, if all of them come next; tell whether they did."""
        start = self._place
        for word in words:
            if self.word() != word:
                self._place = start
                return False
            self._place += 1
        return True

    def skip_to(self, words: Iterable[str]) -> str:
        """Take everything up to one of some words, and that, which is returned; a definer's name is none of them.

        Raises:
            CannotBeToldError: None of them comes.
        """
        wanted = set(words)
        while not self.at_end():
            if self.accept("DEFINER", "="):
                self._skip_account()
            word = self.take_word()
            if word in wanted:
                return word
        raise CannotBeToldError(_NAMELESS)

    def _skip_account(self) -> None:
        self.take()
        while self.word() in ("@", "(", ")"):
            if self.take_word() == "@":
                self.take()

    def name(self) -> str:
        """Take a name of the own database, with or without that before it.

        Raises:
            CannotBeToldError: It is of another database, or no name.
        """
        first = self._bare_name()
        if not self.accept("."):
            return first
        if first != self._database:
            raise CannotBeToldError(f"it changes something in another database, {first}")
        return self._bare_name()

    def _bare_name(self) -> str:
        token = self.take()
        if token.kind not in _NAMES:
            raise CannotBeToldError(_NAMELESS)
        # In quotes it is a name under sql_mode ANSI_QUOTES, and no statement otherwise.
        found = token.text[1:-1].replace('""', '"') if token.kind is TokenKind.STRING else bare(token)
        if not 0 < len(found) <= MAX_IDENTIFIER_LENGTH or "\0" in found:
            raise CannotBeToldError(_NAMELESS)
        return found

    def clauses(self) -> list[list[Token]]:
        """Return what is left, cut at the commas outside parentheses."""
        found: list[list[Token]] = [[]]
        depth = 0
        for token in self._tokens[self._place :]:
            symbol = token.text if token.kind is TokenKind.SYMBOL else ""
            depth += (symbol == "(") - (symbol == ")")
            if symbol == "," and depth == 0:
                found.append([])
            else:
                found[-1].append(token)
        return [clause for clause in found if clause]

    def go_to(self, token: Token) -> None:
        """Go on at a token of this statement."""
        self._place = next(place for place, other in enumerate(self._tokens) if other is token)
