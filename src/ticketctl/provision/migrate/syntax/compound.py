"""Where the body of a stored program ends, for files that have no DELIMITER around it.

`CREATE PROCEDURE`, `FUNCTION`, `TRIGGER` and `EVENT` may hold statements of their own, each with its
semicolon, between BEGIN and END or IF and END IF. Which words open a block depends on where they
stand: `IF` begins a block where a statement may begin and is a function elsewhere, `CASE` is a block
there and an expression elsewhere, and `begin` and `end` are also names of columns. So the tracker
follows the tokens of such a statement and remembers no more than the blocks that are open and
whether a statement may begin at this place. It reads by MySQL's grammar and assumes that the server
would accept the text; of a text that it would not, any cut is as good as another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ticketctl.provision.migrate.syntax.tokens import Token, TokenKind

_PROGRAMS = {"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"}
_BEFORE_PROGRAM = {"OR", "REPLACE", "DEFINER", "CURRENT_USER", "AGGREGATE"}
_PARTS_OF_ACCOUNT = {"=", "@", ".", "-"}
_BLOCKS = {"BEGIN", "IF", "CASE", "LOOP", "REPEAT", "WHILE"}
# What a body of one statement begins with; IF( and CASE in such a body are expressions.
_VERBS = {
    *("ALTER", "ANALYZE", "BINLOG", "CACHE", "CALL", "CHANGE", "CHECK", "CHECKSUM", "CLONE", "COMMIT", "CREATE"),
    *("DEALLOCATE", "DELETE", "DESC", "DESCRIBE", "DO", "DROP", "EXECUTE", "EXPLAIN", "FLUSH", "GET", "GRANT"),
    *("HANDLER", "IMPORT", "INSERT", "INSTALL", "KILL", "LOAD", "LOCK", "OPTIMIZE", "PREPARE", "PURGE", "RELEASE"),
    *("RENAME", "REPAIR", "REPLACE", "RESET", "RESIGNAL", "RETURN", "REVOKE", "ROLLBACK", "SAVEPOINT", "SELECT", "SET"),
    *("SHOW", "SIGNAL", "START", "STOP", "TABLE", "TRUNCATE", "UNINSTALL", "UNLOCK", "UPDATE", "USE", "VALUES", "WITH"),
    "XA",
}
# After these an operand must follow, so that `end` can only be a name.
_EXPECT_OPERAND = {
    *("AND", "AS", "BETWEEN", "BINARY", "BY", "CASE", "COLLATE", "DISTINCT", "DIV", "ELSE", "ELSEIF", "ESCAPE", "FROM"),
    *("IF", "IN", "INTERVAL", "INTO", "IS", "LIKE", "MOD", "NOT", "OF", "ON", "OR", "REGEXP", "RETURN", "RLIKE"),
    *("SELECT", "SET", "SOUNDS", "THEN", "UNTIL", "WHEN", "WHERE", "WHILE", "XOR"),
}
_NO_SCHEDULE = {"EVENT", "EXISTS", "TO"}


@dataclass(slots=True)
class _Block:
    """An open block."""

    opening: Token
    kind: str
    parentheses: int
    is_expression: bool = False
    condition_ended: bool = False


class CompoundTracker:
    """Follows the tokens of one statement, beginning with CREATE or ALTER.

    Attributes:
        is_program: False as soon as it is clear that the statement holds no others; it may then be dropped.
    """

    def __init__(self) -> None:
        self.is_program = True
        self._phase: Callable[[Token, str], None] = self._verb
        self._program = ""
        self._previous = Token(TokenKind.SYMBOL, "", 0)
        self._previous_word = ""
        self._parentheses = 0
        self._blocks: list[_Block] = []
        self._statement_may_begin = False
        self._began_statement = False
        self._declared = -1  # how many tokens of a DECLARE were seen, -1 outside
        self._closed: _Block | None = None  # by the END just before
        self._suspect: _Block | None = None

    @property
    def is_open(self) -> bool:
        """Whether a semicolon here belongs to the body."""
        return bool(self._blocks)

    @property
    def unclosed(self) -> Token:
        """The word that opens the block which is probably the one without its END."""
        return (self._suspect or self._blocks[0]).opening

    def feed(self, token: Token) -> None:
        """Take the next token that means something.

        Args:
            token: The token; a semicolon inside the body is one as well.
        """
        word = token.text.upper() if token.kind is TokenKind.WORD else ""
        if word and self._previous.text in (".", "@") and self._previous.end == token.start:
            word = ""  # a name, even if it is a reserved word
        if token.text == "(":
            self._parentheses += 1
        elif token.text == ")":
            self._parentheses -= 1
        self._phase(token, word)
        self._previous, self._previous_word = token, word

    # -- before the body ---------------------------------------------------------------------

    def _verb(self, _token: Token, word: str) -> None:
        if word:  # an executable comment may begin before it
            self._program = word
            self._phase = self._before_program

    def _before_program(self, token: Token, word: str) -> None:
        if self._previous.text in _PARTS_OF_ACCOUNT or token.kind is not TokenKind.WORD:
            return
        if word in _PROGRAMS and (self._program == "CREATE" or word == "EVENT"):
            headers = {"TRIGGER": self._trigger_header, "EVENT": self._event_header}
            self._phase = headers.get(word, self._parameters)
        elif word not in _BEFORE_PROGRAM:
            self.is_program = False
            self._phase = self._ignore

    def _trigger_header(self, _token: Token, word: str) -> None:
        if word == "ROW" and self._previous_word == "EACH":
            self._phase = self._start_of_trigger

    def _start_of_trigger(self, token: Token, word: str) -> None:
        if self._previous_word in ("FOLLOWS", "PRECEDES"):
            self._phase = self._start
        elif word not in ("FOLLOWS", "PRECEDES"):
            self._start(token, word)

    def _event_header(self, _token: Token, word: str) -> None:
        if word == "DO" and self._previous_word not in _NO_SCHEDULE:
            self._phase = self._start

    def _parameters(self, token: Token, _word: str) -> None:
        if token.text == ")" and self._parentheses == 0:
            self._phase = self._characteristics

    def _characteristics(self, token: Token, word: str) -> None:
        of_type = word == "SET" and self._previous_word in ("CHARACTER", "CHAR", "RETURNS")
        if word in _BLOCKS or (word in _VERBS and not of_type) or token.text == ":":
            self._start(token, word)

    def _start(self, token: Token, word: str) -> None:
        """The first word of the body, or a label before it."""
        if word in _BLOCKS:
            self._phase = self._body
            self._statement_may_begin = True
            self._body(token, word)
        elif token.kind in (TokenKind.WORD, TokenKind.IDENTIFIER):
            self._phase = self._perhaps_label
        elif token.text not in (":", "*/") and not token.text.startswith("/*!"):
            self._phase = self._ignore

    def _perhaps_label(self, token: Token, _word: str) -> None:
        self._phase = self._start if token.text == ":" else self._ignore

    def _ignore(self, token: Token, word: str) -> None:
        """A body of one statement, or what follows the last END."""

    # -- inside ------------------------------------------------------------------------------

    def _body(self, token: Token, word: str) -> None:
        may_begin, self._statement_may_begin = self._statement_may_begin, False
        closed, self._closed = self._closed, None
        if closed is not None and self._ends_closed(closed, word):
            return
        if self._declared >= 0 and not may_begin:
            may_begin = self._declare(token, word)
        if token.text == ";":
            self._statement_may_begin, self._declared = True, -1
        elif token.text == ":" and self._began_statement:
            self._statement_may_begin = True
        elif token.kind is TokenKind.SYMBOL:
            self._statement_may_begin = may_begin and (token.text == "*/" or token.text.startswith("/*!"))
        elif word:
            self._word(token, word, may_begin)
        self._began_statement = may_begin

    def _word(self, token: Token, word: str, may_begin: bool) -> None:
        if word == "CASE" or (word in _BLOCKS and may_begin):
            self._open(token, word, may_begin)
            return
        top = self._blocks[-1]
        if word == "END":
            if self._closes(top, may_begin):
                self._close()
        elif word in ("THEN", "ELSE"):
            self._statement_may_begin = not top.is_expression
        elif word == "DO" and not may_begin and top.kind == "WHILE" and not top.condition_ended:
            top.condition_ended = self._statement_may_begin = self._at_end_of_expression(top)
        elif word == "UNTIL" and may_begin and top.kind == "REPEAT":
            top.condition_ended = True  # from here on, END follows an expression
        elif word == "DECLARE" and may_begin:
            self._declared = 0

    def _open(self, token: Token, word: str, may_begin: bool) -> None:
        self._blocks.append(_Block(token, word, self._parentheses, is_expression=word == "CASE" and not may_begin))
        self._statement_may_begin = word in ("BEGIN", "LOOP", "REPEAT")

    def _closes(self, top: _Block, may_begin: bool) -> bool:
        if top.is_expression or (top.kind == "REPEAT" and top.condition_ended):
            return self._at_end_of_expression(top)
        return may_begin

    def _at_end_of_expression(self, block: _Block) -> bool:
        if self._parentheses != block.parentheses:
            return False
        if self._previous.kind is TokenKind.SYMBOL:
            return self._previous.text in (")", "*/")
        return self._previous_word not in _EXPECT_OPERAND

    def _close(self) -> None:
        self._closed = self._blocks.pop()
        if not self._blocks:
            self._phase = self._ignore

    def _ends_closed(self, closed: _Block, word: str) -> bool:
        """Whether the word after END belongs to it, as in END IF; remember a block that ends like another."""
        if closed.is_expression:
            return False
        expected = "" if closed.kind == "BEGIN" else closed.kind
        belongs = word in _BLOCKS
        if expected != (word if belongs else "") and self._suspect is None:
            self._suspect = closed
        return belongs

    def _declare(self, token: Token, word: str) -> bool:
        """Whether a handler's own statement begins at this token: behind its last condition."""
        self._declared += 1
        place = self._declared
        if place <= 3:
            expected = ({"CONTINUE", "EXIT", "UNDO"}, {"HANDLER"}, {"FOR"})[place - 1]
            if word not in expected:
                self._declared = -1
            return False
        complete = place > 4 and self._previous.text != "," and self._previous_word not in ("NOT", "SQLSTATE", "VALUE")
        if not complete or token.text == "," or (word == "VALUE" and self._previous_word == "SQLSTATE"):
            return False
        self._declared = -1
        return True
