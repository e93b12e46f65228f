"""Statements of a database, turned so that they can only touch another schema (pure).

What names the own database is made to name the other. What cannot be turned is refused: anything of
another database, of the server, of accounts, and files. Statements that a procedure puts together while it
runs are looked at while it runs: each `PREPARE` in its body gets a check before it, which is taken out of
the definition again (`release`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress

from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.syntax.guard import NotConfinedError, guard
from ticketctl.provision.migrate.syntax.lexer import (
    SqlSyntaxError,
    Statement,
    Token,
    TokenKind,
    said_by,
    split,
    tokenize,
    without_marks,
)
from ticketctl.provision.migrate.syntax.names import bare
from ticketctl.provision.migrate.syntax.qualifiers import name_of, qualifiers
from ticketctl.provision.migrate.syntax.reader import CannotBeToldError, StatementReader
from ticketctl.provision.migrate.syntax.rewrite import restore
from ticketctl.provision.migrate.syntax.statements import StatementKind, kind_of

_SERVERS_OWN = ("mysql", "performance_schema", "sys")
_OPEN_TO_ALL = "information_schema"
_SCHEMA_OBJECTS = {"TABLE", "TABLES", "VIEW", "INDEX", "PROCEDURE", "FUNCTION", "TRIGGER"}
_ACCOUNTS = "it changes accounts or rights"
_FILES = "it reads or writes files"
_SERVER = "it changes the server"
_OTHER_OBJECTS = {
    "EVENT": "it changes an event, which would run by itself",
    **dict.fromkeys(("USER", "ROLE"), _ACCOUNTS),
    **dict.fromkeys(("SERVER", "TABLESPACE", "RESOURCE", "REFERENCE", "INSTANCE", "LOGFILE", "LIBRARY"), _SERVER),
    **dict.fromkeys(("DATABASE", "SCHEMA"), "it changes a whole database"),
}
_ROWS = {"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "SELECT", "TABLE", "VALUES", "DO", "SHOW", "EXPLAIN"}
_ROWS |= {"DESCRIBE", "DESC", "CALL", "EXECUTE", "TRUNCATE", "SIGNAL"}
_UPKEEP = {"ANALYZE", "CHECK", "CHECKSUM", "OPTIMIZE", "REPAIR"}
_ELSEWHERE = {"FEDERATED", "FEDERATEDX", "SPIDER", "CONNECT", "S3"}  # engines whose rows are not here
_ENGINE = "ENGINE"
_PROGRAMS = {"PROCEDURE", "FUNCTION", "TRIGGER"}
_BEFORE_THE_OBJECT = {"OR", "REPLACE", "UNDO", "TEMPORARY"}
_STATEMENTS_OF_THE_SERVER = {"GRANT", "REVOKE", "FLUSH", "KILL", "INSTALL", "UNINSTALL", "SHUTDOWN", "RESTART"}
_STATEMENTS_OF_THE_SERVER |= {"PURGE", "RESET", "CHANGE", "STOP", "CLONE", "IMPORT", "LOAD", "BINLOG", "LOCK"}
_BEFORE_A_STATEMENT = {";", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", ":", ")", "", "DATA", "SQL"}
_BEFORE_A_STATEMENT |= {"DETERMINISTIC", "DEFINER", "INVOKER", "ROW"}
_SPEAKS_OF_SCHEMAS = {"SET", "PREPARE", "DO", "CALL", "SELECT"}
_COMPARED_WITH = {"(", ",", "=", "IN", "LIKE", "BINARY", "<", ">", "!", "NOT"}


class Confinement:
    """Turns statements of one database into such of another schema.

    Args:
        own: Name of the database, as the server writes it.
        scratch: Name of the schema; a plain word that occurs for nothing else.
        databases: Names of all databases that the account sees.
        own_is_table: Whether a table or view has the database's name as well.
    """

    def __init__(self, own: str, scratch: str, databases: Collection[str], *, own_is_table: bool = False) -> None:
        self._own = own
        self._scratch = scratch
        self._own_is_table = own_is_table
        others = {*databases, *_SERVERS_OWN} - {own, scratch, _OPEN_TO_ALL}
        self._databases = frozenset({own, *others})
        self._word = re.compile(rf"(?<![\w$]){re.escape(own)}(?![\w$])")
        quote = r"(?:''|\\'|\\\"|\"\"|\")"
        self._in_quotes = re.compile(rf"(?:_SCHEMA|SCHEMA_NAME)\s*=\s*{quote}({re.escape(own)}){quote}", re.IGNORECASE)
        self._guards: dict[str, str] = {}

    def confine(self, statement: Statement) -> str:
        """Return what to send instead of a statement, with the schema as the default database.

        Args:
            statement: Any statement but a PREPARE, whose text is not known yet.

        Raises:
            NotConfinedError: It cannot be kept from touching something else.
        """
        _refuse_kind(statement, self._own)
        tokens = statement.code
        said = said_by(tokens)
        edits = self._qualified(tokens)
        edits += _definer(tokens, said)
        if said[:1] == ["ALTER"] and said[1:2] in (["DATABASE"], ["SCHEMA"]):
            edits += [(token, self._renamed(token)) for token in tokens[2:3] if name_of(token) == self._own]
        if _holds_texts(statement):
            edits += self._texts(tokens, said, everywhere=_speaks(said))
        text = _edited(statement, edits)
        if "PROCEDURE" not in said[:20] or not {"PREPARE", "IMMEDIATE"} & set(said):
            return text
        text, guards = guard(text, self._databases)
        self._guards |= guards
        return text

    def confine_text(self, text: str) -> str:
        """Return what to send instead of a statement that was put together on the server.

        Args:
            text: The statement.

        Raises:
            NotConfinedError: It cannot be kept from touching something else, or cannot be read.
        """
        try:
            (statement,) = split(text)
        except (SqlSyntaxError, ValueError) as error:
            raise NotConfinedError("the statement that it prepares cannot be read") from error
        return self.confine(statement)

    def release(self, definition: str) -> str:
        """Return a definition read from the schema as it would read in the database.

        Args:
            definition: A definition, as the server shows it.
        """
        for guarded, original in self._guards.items():
            definition = definition.replace(guarded, original)
        return restore(definition, self._scratch, self._own)

    def _qualified(self, tokens: Sequence[Token]) -> list[tuple[Token, str]]:
        edits = []
        for index, place in qualifiers(tokens, self._databases):
            name = name_of(tokens[index])
            if name.casefold() == _OPEN_TO_ALL or name == self._scratch:
                continue
            if place == "unclear":
                raise NotConfinedError(f"it cannot be told whether {name} is a database or a table here")
            if name != self._own:
                raise NotConfinedError(f"it names another database, {name}")
            edits.append((tokens[index], self._renamed(tokens[index])))
        return edits

    def _renamed(self, token: Token) -> str:
        return self._scratch if token.kind is TokenKind.WORD else quote_identifier(self._scratch)

    def _texts(self, tokens: Sequence[Token], said: Sequence[str], *, everywhere: bool) -> list[tuple[Token, str]]:
        edits = []
        for index, token in enumerate(tokens):
            dotted = "." in (*said[index + 1 : index + 2], *said[max(index - 1, 0) : index])
            if token.kind is not TokenKind.STRING or dotted or self._own not in token.text:
                continue
            if _content(token) == self._own:
                compared = _compared_with(tokens, said, index)
                of_a_schema = compared.endswith("SCHEMA") or compared == "SCHEMA_NAME"
                perhaps = everywhere and not self._own_is_table and not compared.endswith("_NAME")
                if of_a_schema or perhaps:
                    edits.append((token, self._word.sub(self._scratch, token.text)))
            elif everywhere:
                edits.append((token, self._inner(token.text)))
        return edits

    def _inner(self, text: str) -> str:
        """The text of a string with its own database's name replaced where that stands for the database."""
        content = text[1:-1]
        pieces, done = [text[0]], 0
        for begin, end, quoted in self._names_inside(content):
            pieces += [content[done:begin], quote_identifier(self._scratch) if quoted else self._scratch]
            done = end
        return "".join([*pieces, content[done:], text[-1]])

    def _names_inside(self, content: str) -> list[tuple[int, int, bool]]:
        found = [(*match.span(1), False) for match in self._in_quotes.finditer(content)]
        tokens: list[Token] = []
        with suppress(SqlSyntaxError):  # it may be only a piece of a statement
            tokens.extend(token for token in tokenize(content) if token.kind.is_code)
        tokens = without_marks(tokens)
        for index, _ in qualifiers(tokens, self._databases):
            token = tokens[index]
            if token.kind is not TokenKind.STRING and name_of(token) == self._own:
                found.append((token.start, token.end, token.kind is TokenKind.IDENTIFIER))
        return sorted(set(found))


def _refuse_kind(statement: Statement, own: str) -> None:
    said = statement.words
    verb = said[0] if said else ""
    if {"OUTFILE", "DUMPFILE"} & set(said) or verb in ("LOAD", "IMPORT"):
        raise NotConfinedError(_FILES)
    if verb in ("GRANT", "REVOKE"):
        raise NotConfinedError(_ACCOUNTS)
    if verb == "EXECUTE" and said[1:2] == ("IMMEDIATE",):
        raise NotConfinedError("it executes a statement that it puts together itself")
    if verb in ("CREATE", "ALTER", "DROP", "RENAME"):
        _refuse_definition(statement, own)
    elif verb == "SET" and kind_of(statement) is not StatementKind.SESSION:
        raise NotConfinedError("it sets something that outlasts the connection")
    elif verb not in (*_ROWS, *_UPKEEP, "SET", "DEALLOCATE", ""):  # no word at all: an empty executable comment
        raise NotConfinedError(_SERVER)


def _refuse_definition(statement: Statement, own: str) -> None:
    reader = StatementReader(statement, own)
    reader.take_word()
    try:
        word = reader.skip_to({*_SCHEMA_OBJECTS, *_OTHER_OBJECTS, "PREPARE"})
    except CannotBeToldError as error:
        raise NotConfinedError(_SERVER) from error
    said = said_by(statement.code)
    own_defaults = said[0] == "ALTER" and word in ("DATABASE", "SCHEMA") and _is_own_or_default(statement, own)
    if word in _OTHER_OBJECTS and not own_defaults:
        raise NotConfinedError(_OTHER_OBJECTS[word])
    if "SONAME" in said:
        raise NotConfinedError(_SERVER)
    if word in _PROGRAMS and said[0] == "CREATE":
        _refuse_program(said)
    if any(_ELSEWHERE & set(said[place + 1 : place + 3]) for place, word in enumerate(said) if word == _ENGINE):
        raise NotConfinedError("the rows of this table are on another server")
    if "TABLESPACE" in said and {"DISCARD", "IMPORT"} & set(said):
        raise NotConfinedError(_FILES)


def _refuse_program(said: Sequence[str]) -> None:
    """Refuse a stored program that reaches beyond its schema without naming another database."""
    for place, word in enumerate(said[1:], start=1):
        following = said[place + 1 : place + 10]
        if word in ("CREATE", "ALTER", "DROP"):
            what = next((other for other in following if other not in _BEFORE_THE_OBJECT), "")
            if what in _OTHER_OBJECTS or (what == "DEFINER" and "EVENT" in following):
                raise NotConfinedError("what it does reaches beyond the database's tables")
        lasting = word == "SET" and bool({"GLOBAL", "PERSIST", "PERSIST_ONLY", "PASSWORD"} & set(following[:3]))
        if lasting or (word in _STATEMENTS_OF_THE_SERVER and said[place - 1] in _BEFORE_A_STATEMENT):
            raise NotConfinedError("what it does changes the server, accounts or rights")
        if word == "GLOBAL" and said[place - 1] == "@":
            raise NotConfinedError("what it does may change the server")


def _is_own_or_default(statement: Statement, own: str) -> bool:
    named = statement.tokens[2:3]
    options = {"DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "ENCRYPTION", "READ", "COMMENT"}
    return bool(named) and (name_of(named[0]) == own or named[0].text.upper() in options)


def _holds_texts(statement: Statement) -> bool:
    """Whether strings of a statement may name a database."""
    said = statement.words
    names = {bare(token).upper() for token in statement.tokens if token.kind is TokenKind.IDENTIFIER}
    return _speaks(said) or _OPEN_TO_ALL.upper() in {*said, *names}


def _speaks(said: Sequence[str]) -> bool:
    verb = said[0] if said else ""
    return verb in _SPEAKS_OF_SCHEMAS or (verb == "CREATE" and bool(_PROGRAMS & set(said[:20])))


def _content(string: Token) -> str:
    """What stands between the quotes of a string, behind its character set if it has one."""
    return string.text[1 if string.text[0] in "'\"" else 2 : -1]


def _compared_with(tokens: Sequence[Token], said: Sequence[str], index: int) -> str:
    """The name that a string is compared with, in upper case; empty for none."""
    before = index - 1
    while before >= 0 and (tokens[before].kind is TokenKind.STRING or said[before] in _COMPARED_WITH):
        before -= 1
    found = before >= 0 and before < index - 1 and tokens[before].kind in (TokenKind.WORD, TokenKind.IDENTIFIER)
    return bare(tokens[before]).upper() if found else ""


def _definer(tokens: Sequence[Token], said: Sequence[str]) -> list[tuple[Token, str]]:
    """Leave the definer away: another account than the own one takes rights that nobody needs here."""
    if said[:1] != ["CREATE"] or "DEFINER" not in said[:10]:
        return []
    first = said.index("DEFINER")
    if said[first + 1 : first + 2] != ["="]:
        return []
    last = first + 2
    if said[last + 1 : last + 2] == ["@"]:
        last += 2
        while said[last + 1 : last + 2] in (["."], ["-"]):
            last += 2  # more of a host's name
    elif said[last + 1 : last + 3] == ["(", ")"]:
        last += 2
    return [(token, "") for token in tokens[first : last + 1]]


def _edited(statement: Statement, edits: Sequence[tuple[Token, str]]) -> str:
    origin = statement.tokens[0].start
    pieces, done = [], 0
    for token, text in sorted(edits, key=lambda edit: edit[0].start):
        pieces += [statement.text[done : token.start - origin], text]
        done = token.end - origin
    return "".join([*pieces, statement.text[done:]])
