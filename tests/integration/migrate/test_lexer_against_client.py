"""What the lexer cuts is what the `mysql` client cuts: random texts, compared with what the server received.

Compared are the statements, character by character, but for what the client itself adds or takes away:

- Comments and white space before and behind a statement are sent with it, or as a statement of their
  own; ours are without them. Semicolons at the end are taken off by the server before it logs.
- A backslash at the end of a line inside of quotes is lost in the client (to the server, backslash and
  line end are the line end alone, so the value is the same); backslashes there are not compared.
- The line end behind a line that begins with the word `delimiter` inside of a statement is lost.
- A space is put behind a block comment that none follows, or somewhere later, even in the next
  statement: where there is such a comment, spaces may have been added.

Not compared are texts with what `lexer.py` names as a difference on purpose; `difference_on_purpose` finds them.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from integration.conftest import root_of
from integration.migrate.conftest import Root
from integration.migrate.mysql_client import general_log, received_each
from integration.migrate.sql_programs import Programs
from integration.migrate.sql_texts import Texts
from integration.servers import Server
from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import connect, translating
from ticketctl.provision.migrate.syntax.lexer import SqlSyntaxError, Token, TokenKind, split, tokenize
from unit.provision.migrate.syntax.test_compound import MARIADB_PROGRAM, PROGRAMS

pytestmark = pytest.mark.integration

TEXTS = int(os.environ.get("TICKETCTL_TEST_LEXER_TEXTS", "6000"))
SEED = int(os.environ.get("TICKETCTL_TEST_LEXER_SEED", "1"))
BATCH = 2000
ER_PARSE_ERROR = 1064
Cut = Callable[[str], Sequence[str]]

_COMMENT = r"(?:--(?=[ \t\r\n\f\v]|\Z)|\#)[^\n]*(?:\n|\Z)|/\*(?![!+])(?:[^*]|\*(?!/))*\*/"
_AROUND = re.compile(rf"(?:{_COMMENT}|[ \t\r\n\f\v;])*")
# Whether two dashes at the end are a comment cannot be seen any more; a statement of no more is nothing.
_NOTHING = re.compile(rf"(?:{_COMMENT}|[ \t\r\n\f\v;]|-(?!-[ \t\r\n\f\v]))*")
_PIECES = re.compile(r"(?P<lost>\\+)(?=\n|\Z)|[\s\S]")
_LINE_OF_DELIMITER = re.compile(r"(?im)^[ \t]*delimiter")
_ARGUMENT = re.compile(r"(?i)delimiter[ \t]+(?:['\"`](?=[^\n]*?['\"`]))?([^'\"` \t\r\n]+)")
_AT_THE_END = " \t\r\n\f\v;"


def ours(text: str) -> list[str]:
    return [statement.text for statement in split(text)]


def naive(text: str) -> list[str]:
    return [piece.strip() for piece in text.replace("\r\n", "\n").split(";")]


def same(cut: Sequence[str], log: Sequence[str]) -> bool:
    """Whether the server received these statements."""
    cut = [statement for statement in cut if not _NOTHING.fullmatch(statement)]
    spaces_added = any("*/" in statement for statement in log)
    log = [statement for statement in log if not _NOTHING.fullmatch(statement)]
    return len(cut) == len(log) and all(
        _same_statement(*pair, spaces_added=spaces_added) for pair in zip(cut, log, strict=True)
    )


def _same_statement(ours: str, logged: str, *, spaces_added: bool) -> bool:
    core = _as_logged(ours.rstrip(_AT_THE_END), spaces_added=spaces_added)
    found = core.search(logged)
    while found:
        if _AROUND.fullmatch(logged, 0, found.start()) and _AROUND.fullmatch(logged, found.end()):
            return True
        found = core.search(logged, found.start() + 1)
    return False


def _as_logged(ours: str, *, spaces_added: bool) -> re.Pattern[str]:
    """What the log may show for a statement."""
    line_end = r"\n?" if _LINE_OF_DELIMITER.search(ours) else r"\n"
    pieces = [
        r"\\*" if piece["lost"] else line_end if piece[0] == "\n" else re.escape(piece[0])
        for piece in _PIECES.finditer(ours)
    ]
    return re.compile((" ?" if spaces_added else "").join(pieces))


def difference_on_purpose(tokens: Sequence[Token], delimiters: Sequence[str]) -> str:
    """Which of the differences that lexer.py names may show in a text, if any."""
    for token in tokens:
        if found := _of_one_token(token):
            return found
    for delimiter in delimiters:
        again = re.escape(delimiter) + r"[ \t\r\f\v]*" + re.escape(delimiter)
        if delimiter.startswith(("#", "--")) and re.search(again, "".join(token.text for token in tokens)):
            return "a delimiter that may be a comment behind another delimiter"
    return _of_commands(tokens) or _of_executable_comments(tokens, delimiters) or _of_neighbours(tokens)


def _of_one_token(token: Token) -> str:
    text = token.text
    if token.kind is TokenKind.COMMENT and text.startswith("--") and text[2:3].strip(_AT_THE_END[:-1]):
        return "--x between statements is a comment"
    if token.kind is TokenKind.COMMENT and text.startswith("/*") and re.search(r"/\*[!+/]", text[2:]):
        return "/*!, /*+ or /*/ in a comment"
    if token.kind is TokenKind.HINT and re.search(r"[\n\\#]|--|/\*", text[2:]):
        return "a hint over several lines, or with a comment in it"
    if token.kind is TokenKind.STRING and re.fullmatch(r"\$.*\\\$[^$]*\$", text, re.DOTALL):
        return "a backslash before the end of a dollar quote"
    return ""


def _of_commands(tokens: Sequence[Token]) -> str:
    before = ""
    for token in tokens:
        if token.kind is TokenKind.DELIMITER:
            before = ""
        elif token.kind is TokenKind.CLIENT_COMMAND:
            if re.search(r"[^ \t](?:\t|\r(?!\Z))", token.text):
                return "a tab behind the argument of DELIMITER"
            if not re.fullmatch(r"(?:\n|(?:--|#)[^\n]*\n)*[ \t\r\n\f\v]*", before):
                return "DELIMITER behind a comment that is not a line"
            before = ""
        else:
            before += token.text
            if re.match(
                r"\s*(?:--[^\n]*\n\s*|#[^\n]*\n\s*|/\*(?![!+]).*?\*/\s*)*/\*[!+].*(?i:delimiter)", before, re.DOTALL
            ):
                return "DELIMITER in a statement that begins with a hint or an executable comment"
    return ""


def _of_executable_comments(tokens: Sequence[Token], delimiters: Sequence[str]) -> str:
    executable = False
    inside = ""
    for token in tokens:
        if token.kind is TokenKind.SYMBOL and (token.text.startswith("/*!") or token.text == "*/"):
            executable, inside = token.text != "*/", ""
        elif executable and token.kind in (TokenKind.COMMENT, TokenKind.HINT):
            return "a comment in an executable comment"
        elif executable and token.kind not in (TokenKind.STRING, TokenKind.IDENTIFIER):
            inside += token.text
            if any(delimiter in inside for delimiter in delimiters):
                return "a delimiter in an executable comment"
    return ""


def _of_neighbours(tokens: Sequence[Token]) -> str:
    for before, token in pairwise(tokens):
        if before.kind is not TokenKind.COMMENT and before.text.endswith("*/") and token.text.startswith("*"):
            return "an asterisk behind an executable comment or a hint"
        if before.kind in (TokenKind.SYMBOL, TokenKind.HINT) and before.text.endswith("*/") and token.text[0] == "/":
            return "a slash behind an executable comment or a hint"
        if token.text.startswith("$") and before.kind in (TokenKind.STRING, TokenKind.COMMENT):
            return "a dollar sign behind a dollar quote or a comment"
    return ""


@dataclass
class Sample:
    """Random texts that can be compared, each with the delimiter that is active at its end."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, text: str) -> None:
        try:
            tokens = list(tokenize(text))
        except SqlSyntaxError as error:
            self.left_out[type(error).__name__] += 1
            return
        commands = [_ARGUMENT.split(token.text)[1] for token in tokens if token.kind is TokenKind.CLIENT_COMMAND]
        difference = difference_on_purpose(tokens, [";", *commands])
        if difference:
            self.left_out[difference] += 1
        else:
            self.texts.append((text, [";", *commands][-1]))


@dataclass
class Outcome:
    """What came of comparing one way of cutting with the client's."""

    texts: int = 0
    statements: int = 0
    differences: list[str] = field(default_factory=list)


def compare(server: Server, root: Root, texts: Sequence[tuple[str, str]], *cuts: Cut) -> list[Outcome]:
    """Compare ways of cutting with what the server receives."""
    outcomes = [Outcome() for _ in cuts]
    with general_log(root):
        for begin in range(0, len(texts), BATCH):
            for text, log in received_each(server, root, texts[begin : begin + BATCH]):
                for cut, outcome in zip(cuts, outcomes, strict=True):
                    outcome.texts += 1
                    outcome.statements += len(log or ())
                    if log is None or not same(cut(text), log):
                        outcome.differences.append(f"{text!r}\n  cut: {cut(text)!r}\n  log: {log!r}")
    return outcomes


def test_random_texts_are_cut_as_the_client_cuts_them(
    own_mysql: Server, root: Root, record_property: Callable[[str, object], None]
) -> None:
    texts = Texts(SEED)
    sample = Sample()
    for _ in range(TEXTS):
        sample.add(texts.one())
    lexer, semicolons = compare(own_mysql, root, sample.texts, ours, naive)

    record_property(
        "texts", f"{lexer.texts} of {TEXTS}, {lexer.statements} statements; left out: {dict(sample.left_out)}"
    )
    assert not lexer.differences, "\n".join([f"{len(lexer.differences)} differences:", *lexer.differences[:10]])
    # The negative control: the comparison sees what a careless splitter does.
    assert len(semicolons.differences) > 0.3 * lexer.texts > 0.1 * TEXTS


def refusals(server: Server, programs: Sequence[str], database: str) -> list[str]:
    """Those that the server does not read as one statement, whether it then finds the database or not."""
    endpoint = replace(root_of(server), database=database)
    refused = []
    with connect(endpoint) as connection, connection.cursor() as cursor:
        for program in programs:
            try:
                with translating(endpoint):
                    cursor.execute(program)
            except BackendOperationError as error:
                if error.number == ER_PARSE_ERROR:
                    refused.append(f"{error.why}\n{program}")
    return refused


def test_random_programs_are_one_statement_to_the_server_and_to_the_lexer(own_mysql: Server) -> None:
    random_programs = Programs(SEED)
    programs = [random_programs.one() for _ in range(TEXTS // 10)]
    assert refusals(own_mysql, programs, "mysql") == []
    for program in programs:
        assert ours(f"{program};\nSELECT 1;\n{program}") == [program, "SELECT 1", program]
    # The negative control: with the semicolons alone they would be in pieces.
    pieces = [naive(program) for program in programs]
    assert sum(len(cut) > 1 for cut in pieces) > 0.5 * len(programs)


def test_the_programs_of_the_unit_tests_are_statements_to_the_server(
    own_mysql: Server, root: Root, scratch_name: Callable[[], str]
) -> None:
    name = scratch_name()
    root(f"CREATE DATABASE {name}")
    refused = refusals(own_mysql, [program for program in PROGRAMS if program != MARIADB_PROGRAM], name)
    assert refused == []
    assert len(refusals(own_mysql, [MARIADB_PROGRAM], name)) == 1
