"""A schema of its own, in which a statement can be tried without touching the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ticketctl.errors import BackendError, BackendUnreachableError
from ticketctl.infra.mysql import answered, quote_identifier, translating
from ticketctl.provision.migrate.execution.definitions import context_and_sql, make_neutral, without_definer
from ticketctl.provision.migrate.syntax.footprint import SchemaObject
from ticketctl.provision.migrate.syntax.rewrite import rename_database
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

PREFIX = "ticketctl_scratch_"  # the migration account has rights on schemas of this name only

_SETTABLE = {"sql_mode", "character_set_client", "collation_connection"}
_RANK = {"table": 0, "function": 2, "procedure": 2, "trigger": 3}


def scratch_name(database: str) -> str:
    """Return the name of a database's scratch schema.

    Args:
        database: Name of the database.
    """
    return PREFIX + hashlib.sha256(database.encode()).hexdigest()[:16]


@contextmanager
def scratch_schema(connection: Connection[Cursor], endpoint: MysqlEndpoint, like: str) -> Iterator[str]:
    """Create an empty schema with a database's own defaults, and drop it at the end.

    What a run that died has left is dropped first; the migration lock keeps two from meeting there.

    Args:
        connection: A connection whose default database is not changed.
        endpoint: Where it goes, for messages.
        like: Name of the database.

    Yields:
        The schema's name.

    Raises:
        BackendPermissionError: The account may not create it.
        BackendError: The server is gone or refuses.
    """
    name = scratch_name(like)
    with translating(endpoint), connection.cursor() as cursor:
        # Its own statement for the database brings character set, collation and encryption along.
        cursor.execute(f"SHOW CREATE DATABASE {quote_identifier(like)}")
        row = cursor.fetchone()
        assert row is not None  # noqa: S101  # SHOW CREATE answers with a row or an error
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(str(row[1]).replace(quote_identifier(like), quote_identifier(name), 1))
    try:
        yield name
    finally:
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")


def copy_into(
    connection: Connection[Cursor],
    endpoint: MysqlEndpoint,
    definitions: Mapping[SchemaObject, str],
    *,
    own_definer: bool = False,
) -> dict[SchemaObject, str]:
    """Create objects by their definitions in the connection's default database.

    Views and routines may need each other, so that what fails is tried again after the others.

    Args:
        connection: A neutral connection; its default database is the scratch schema.
        endpoint: Where it goes; its database is the one that the definitions are from.
        definitions: What to create; without rows.
        own_definer: Whether this account becomes the definer of all, whoever was.

    Returns:
        What could not be created, and the server's message for each.

    Raises:
        BackendUnreachableError: The server is gone.
    """
    scratch = scratch_name(endpoint.database or "")
    waiting = sorted(definitions, key=lambda one: (_rank(one, definitions[one]), one))
    refused: dict[SchemaObject, str] = {}
    with connection.cursor() as cursor:
        while waiting:
            refused = {}
            for one in waiting:
                context, sql = context_and_sql(rename_database(definitions[one], endpoint.database or "", scratch))
                error = _create(cursor, endpoint, context, without_definer(sql) if own_definer else sql)
                if error:
                    refused[one] = error
            if len(refused) == len(waiting):
                break
            waiting = list(refused)
    return refused


def _create(cursor: Cursor, endpoint: MysqlEndpoint, context: Mapping[str, str], sql: str) -> str:
    """Execute a definition under its settings; return the server's message if it refuses."""
    try:
        with translating(endpoint):
            for name in context.keys() & _SETTABLE:
                cursor.execute(f"SET SESSION {name} = %s", (context[name],))
            cursor.execute(sql)
            if context:
                make_neutral(cursor)
    except BackendUnreachableError:
        raise
    except BackendError as error:
        return "error {}: {}".format(*answered(error))
    return ""


def _rank(one: SchemaObject, definition: str) -> int:
    # Of what is called a table only views are made under settings.
    return 1 if one.kind == "table" and context_and_sql(definition)[0] else _RANK[one.kind]
