"""What a statement is to the runner: how its outcome is made certain, and may it stand in a migration at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from ticketctl.provision.migrate.syntax.tokens import Statement

EXCERPT_LENGTH = 120


class StatementKind(Enum):
    """How it is made certain whether a statement was carried out."""

    TRANSACTIONAL = "transactional"
    """Reads or writes rows, and commits together with its journal entry."""
    DEFINITION = "definition"
    """Commits by itself and changes a definition, which can be looked for."""
    OPAQUE = "opaque"
    """Commits by itself, and nothing that could be looked at says whether it has."""
    SESSION = "session"
    """Sets up the connection only, so it is repeated whenever a migration is resumed."""
    TEMPORARY = "temporary"
    """Makes or drops a temporary table, which ends with the connection."""
    REPEATABLE = "repeatable"
    """Commits by itself, and a second time it does no harm."""


_TRANSACTIONAL_VERBS = {"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "SELECT", "TABLE", "VALUES", "LOAD", "DO"}
_TRANSACTIONAL_VERBS |= {"SHOW", "EXPLAIN", "DESCRIBE", "DESC"}
_REPEATABLE = {("ANALYZE", "TABLE"), ("CHECK", "TABLE"), ("CHECKSUM", "TABLE")}
_COUNTER = re.compile(r"ALTER TABLE \S+(?: \. \S+)? AUTO_INCREMENT (?:= )?[0-9]+")
_LOOKED_FOR = {"TABLE", "VIEW", "PROCEDURE", "FUNCTION", "TRIGGER", "INDEX", "EVENT"}
_OBJECTS = _LOOKED_FOR | {"DATABASE", "SCHEMA", "USER", "ROLE", "SERVER", "TABLESPACE", "RESOURCE"}
_WRITES_A_FILE = {"OUTFILE", "DUMPFILE"}
_OF_THE_SERVER = {"GLOBAL", "PERSIST", "PERSIST_ONLY"}
_OF_ACCOUNTS = {"PASSWORD", "ROLE", "DEFAULT", "RESOURCE"}
_TRANSACTION_CONTROL = "each statement is journaled and committed by itself; leave it out"
_REFUSED = {
    "USE": "a migration belongs to one database; put the statement into that database's folder",
    "LOCK TABLES": "locked tables would shut out the journal; leave it out",
    "LOCK TABLE": "locked tables would shut out the journal; leave it out",
    "UNLOCK TABLES": "locked tables would shut out the journal; leave it out",
    "START TRANSACTION": _TRANSACTION_CONTROL,
    "BEGIN": _TRANSACTION_CONTROL,
    "COMMIT": _TRANSACTION_CONTROL,
    "ROLLBACK": _TRANSACTION_CONTROL,
    "SAVEPOINT": _TRANSACTION_CONTROL,
    "RELEASE SAVEPOINT": _TRANSACTION_CONTROL,
    "XA": _TRANSACTION_CONTROL,
}


def kind_of(statement: Statement) -> StatementKind:
    """Return how it is made certain whether a statement was carried out.

    Args:
        statement: Any statement.
    """
    said = statement.words
    verb = said[0] if said else ""
    if verb in _TRANSACTIONAL_VERBS:
        return StatementKind.OPAQUE if _WRITES_A_FILE & set(said) else StatementKind.TRANSACTIONAL
    if verb in ("PREPARE", "DEALLOCATE") or said[:2] == ("DROP", "PREPARE"):
        return StatementKind.SESSION
    if verb == "SET":
        lasting = _OF_THE_SERVER & set(said) or _OF_ACCOUNTS & set(said[1:2])
        return StatementKind.OPAQUE if lasting else StatementKind.SESSION
    if said[:2] in _REPEATABLE or _sets_a_counter(statement) or _alters_an_event(said):
        return StatementKind.REPEATABLE
    if verb == "TRUNCATE":
        return StatementKind.DEFINITION
    if verb in ("CREATE", "DROP", "ALTER", "RENAME"):
        return _kind_of_definition(said)
    return StatementKind.OPAQUE


def changes_connection(statements: Iterable[Statement]) -> bool:
    """Tell whether the connection is another after some statements than before: settings, temporary tables.

    Args:
        statements: The statements of a file.
    """
    return any(kind_of(one) in (StatementKind.SESSION, StatementKind.TEMPORARY) for one in statements)


def _sets_a_counter(statement: Statement) -> bool:
    """Whether it is `ALTER TABLE t AUTO_INCREMENT = n` and nothing else."""
    if statement.words[:2] != ("ALTER", "TABLE") or "AUTO_INCREMENT" not in statement.words:
        return False
    return _COUNTER.fullmatch(" ".join(token.text.upper() for token in statement.tokens)) is not None


def _alters_an_event(said: tuple[str, ...]) -> bool:
    what = next((word for word in said if word in _OBJECTS), "")
    return said[:1] == ("ALTER",) and what == "EVENT" and "RENAME" not in said


def refusal(statement: Statement) -> str:
    """Return why a statement may not stand in a migration, or an empty string.

    Args:
        statement: Any statement.
    """
    said = statement.words
    if said[:1] == ("SET",) and "AUTOCOMMIT" in said:
        return f"SET autocommit: {_TRANSACTION_CONTROL}"
    for length in (2, 1):
        reason = _REFUSED.get(" ".join(said[:length]))
        if reason:
            return f"{' '.join(said[:length])}: {reason}"
    return ""


def excerpt(statement: Statement) -> str:
    """Return the beginning of a statement on one line, for messages.

    Args:
        statement: Any statement.
    """
    line = re.sub(r"\s+", " ", statement.text)
    return line if len(line) <= EXCERPT_LENGTH else line[: EXCERPT_LENGTH - 2] + " …"


def _kind_of_definition(said: tuple[str, ...]) -> StatementKind:
    if said[1:2] == ("TEMPORARY",):
        return StatementKind.TEMPORARY
    what = next((word for word in said if word in _OBJECTS), "")
    return StatementKind.DEFINITION if what in _LOOKED_FOR else StatementKind.OPAQUE
