"""What the server says that a table, view, routine or trigger is.

A definition is the text of SHOW CREATE, which the server makes from its own dictionary, and for what
has a body also the settings that it was made under, in a comment before it. Only the AUTO_INCREMENT
counter is left out: it says how many rows there were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ticketctl.errors import BackendError, BackendUnreachableError
from ticketctl.infra.mysql import answered, connect, quote_identifier, translating
from ticketctl.provision.migrate.execution.statistics import innodb_name
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.syntax.comparable import comparable
from ticketctl.provision.migrate.syntax.footprint import SchemaObject
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

UNREADABLE = "-- unreadable: "
LOCK_WAIT = 5  # seconds; MySQL's default is a year

_ABSENT = {1146, 1305, 1360, 1539}
_CONTEXT = ("sql_mode", "character_set_client", "collation_connection", "Database Collation")
# Newlines inside quotes are shown as \n, so that only the options begin a line with a parenthesis.
_COUNTER = re.compile(r"^(\)(?: /\*!50100 TABLESPACE [^\n]*? \*/)? ENGINE=\w+) AUTO_INCREMENT=\d+", re.MULTILINE)
_DEFINER = re.compile(r"\A((?:-- [^\n]*\n)?CREATE (?:ALGORITHM=\w+ )?)DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*` ")
# SHOW CREATE depends on the first two; the last two let a definition be repeated as it is.
_NEUTRAL = (
    "SET SESSION sql_quote_show_create = 1,"
    " sql_mode = 'STRICT_TRANS_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION',"
    " NAMES utf8mb4, lock_wait_timeout = %s, foreign_key_checks = 0"
)


@contextmanager
def neutral_connection(endpoint: MysqlEndpoint) -> Iterator[Connection[Cursor]]:
    """Open a connection whose settings are those that definitions are read and copied under.

    It has no temporary tables, which would hide the tables of the same name.

    Args:
        endpoint: The database.

    Raises:
        BackendError: The server cannot be reached or refuses.
    """
    with connect(endpoint) as connection:
        with translating(endpoint), connection.cursor() as cursor:
            make_neutral(cursor)
        yield connection


def make_neutral(cursor: Cursor) -> None:
    """Give a connection the settings that definitions are read under.

    Args:
        cursor: A cursor of the connection.
    """
    cursor.execute(_NEUTRAL, (LOCK_WAIT,))


def read_definitions(
    cursor: Cursor, endpoint: MysqlEndpoint, objects: Iterable[SchemaObject]
) -> dict[SchemaObject, str | None]:
    """Return the definitions of some objects of the connection's database; one question for each.

    Args:
        cursor: A cursor of a neutral connection.
        endpoint: Where it goes, for messages.
        objects: What to look at.

    Returns:
        For each object its definition, None when it does not exist, and a text that begins with
        `UNREADABLE` when the server does not show it.

    Raises:
        BackendUnreachableError: The server is gone.
    """
    return {wanted: _definition(cursor, endpoint, wanted) for wanted in objects}


def schema_definitions(cursor: Cursor, endpoint: MysqlEndpoint) -> dict[SchemaObject, str]:
    """Return the definitions of everything in the connection's database but for the journal's and yoyo's tables.

    They can be compared with those of another database: what is the same reads the same.

    Args:
        cursor: A cursor of a neutral connection.
        endpoint: Where it goes, for messages.

    Raises:
        BackendError: The server is gone or refuses.
    """
    with translating(endpoint):
        objects = schema_objects(cursor)
        default_collations = read_default_collations(cursor)
    found = read_definitions(cursor, endpoint, objects)
    return {one: comparable(text, default_collations) for one, text in found.items() if text is not None}


def schema_objects(cursor: Cursor) -> list[SchemaObject]:
    """Return what is in the connection's database, but for the journal's and yoyo's tables, sorted.

    Args:
        cursor: Any cursor.
    """
    cursor.execute(query("execution", "schema_objects"))
    return sorted(SchemaObject.from_key(f"{kind}:{name}") for kind, name in cursor.fetchall())


def read_default_collations(cursor: Cursor) -> dict[str, str]:
    """Return the server's default collation of each character set.

    Args:
        cursor: Any cursor.
    """
    cursor.execute("SELECT character_set_name, default_collate_name FROM information_schema.character_sets")
    return {str(charset): str(collation) for charset, collation in cursor.fetchall()}


def is_readable(definition: str | None) -> bool:
    """Tell whether the server has shown a definition, or that there is none.

    Args:
        definition: What `read_definitions` returned.
    """
    return definition is None or not definition.startswith(UNREADABLE)


def context_and_sql(definition: str) -> tuple[dict[str, str], str]:
    """Return the settings that a definition was made under, and the statement that makes it.

    Args:
        definition: What `read_definitions` returned.
    """
    if not definition.startswith("-- "):
        return {}, definition
    first, _, sql = definition.partition("\n")
    settings = (part.partition("=") for part in first.removeprefix("-- ").split("; "))
    return {name: value for name, _, value in settings}, sql


def without_definer(definition: str) -> str:
    """Return a definition without the account whose rights it has.

    Args:
        definition: What `read_definitions` returned, or its statement alone.
    """
    return _DEFINER.sub(r"\1", definition)


def _definition(cursor: Cursor, endpoint: MysqlEndpoint, wanted: SchemaObject) -> str | None:
    if wanted.kind == "contents":
        return _identity(cursor, endpoint, wanted.name)
    try:
        with translating(endpoint):
            cursor.execute(f"SHOW CREATE {wanted.kind} {quote_identifier(wanted.name)}")
            row = cursor.fetchone()
    except BackendUnreachableError:
        raise
    except BackendError as error:
        number, message = answered(error)
        return None if number in _ABSENT else f"{UNREADABLE}error {number}: {message}"
    columns = [str(column[0]) for column in cursor.description or ()]
    shown = dict(zip(columns, row or (), strict=True))
    text = next((shown[name] for name in columns if name.startswith(("Create ", "SQL Original"))), None)
    if text is None:
        return f"{UNREADABLE}this account may not see what it is"
    if str(text).startswith("CREATE TEMPORARY"):
        return f"{UNREADABLE}a temporary table of the connection hides it"
    context = "; ".join(f"{name.replace(' ', '_').lower()}={shown[name]}" for name in _CONTEXT if name in shown)
    return f"-- {context}\n{text}" if context else _COUNTER.sub(r"\1", str(text))


def _identity(cursor: Cursor, endpoint: MysqlEndpoint, table: str) -> str | None:
    """What InnoDB calls a table; TRUNCATE makes a new one.

    https://dev.mysql.com/doc/refman/8.4/en/truncate-table.html
    """
    name = innodb_name(endpoint.database or "", table)
    if not name:
        return f"{UNREADABLE}what InnoDB calls a table is looked for by ASCII names only"
    try:
        with translating(endpoint):
            cursor.execute(query("execution", "table_identity"), {"name": name})
            row = cursor.fetchone()
    except BackendUnreachableError:
        raise
    except BackendError as error:
        return "{}error {}: {}".format(UNREADABLE, *answered(error))
    return f"table {row[0]}" if row and row[0] else None
