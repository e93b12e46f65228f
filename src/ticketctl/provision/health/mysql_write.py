"""A write that is real (created, committed, on disk) and leaves nothing behind."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketctl.errors import BackendPermissionError
from ticketctl.infra.mysql import quote_identifier, translating
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

# The account that migrates may make databases of such names, and schema comparisons pass them over.
SCRATCH_PREFIX = "ticketctl_scratch_health_"
STALE_SECONDS = 60
"""Age after which a database of this prefix belongs to a check that was killed."""


def write_and_remove(endpoint: MysqlEndpoint, connection: Connection[Cursor], databases: Sequence[str]) -> str:
    """Create a table, write a row, remove everything.

    Args:
        endpoint: Where the connection goes, for messages.
        connection: An open connection with autocommit.
        databases: Where to write if the account may not make a scratch database.

    Returns:
        Where it was written; empty when the account may not make a scratch database and there is no other.

    Raises:
        BackendReadOnlyError: The server refuses writes.
        BackendError: Anything else.
    """
    with translating(endpoint), connection.cursor() as cursor:
        scratch = f"{SCRATCH_PREFIX}{int(time.time())}_{secrets.token_hex(4)}"
        if _created(endpoint, cursor, scratch):
            try:
                _write_row(cursor, f"{quote_identifier(scratch)}.`written`")
            finally:
                cursor.execute(f"DROP DATABASE {quote_identifier(scratch)}")
            _drop_stale(cursor)
            return "a scratch database"
        if not databases:
            return ""
        table = f"{quote_identifier(databases[0])}.{quote_identifier(scratch)}"
        try:
            _write_row(cursor, table)
        finally:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
        return databases[0]


def _created(endpoint: MysqlEndpoint, cursor: Cursor, name: str) -> bool:
    try:
        with translating(endpoint):
            cursor.execute(f"CREATE DATABASE {quote_identifier(name)}")
    except BackendPermissionError:
        return False
    return True


def _write_row(cursor: Cursor, table: str) -> None:
    cursor.execute(f"CREATE TABLE {table} (id INT PRIMARY KEY) ENGINE = InnoDB")
    cursor.execute(f"INSERT INTO {table} VALUES (1)")  # noqa: S608  # quoted by the caller


def _drop_stale(cursor: Cursor) -> None:
    pattern = SCRATCH_PREFIX.replace("_", "\\_") + "%"
    cursor.execute("SHOW DATABASES LIKE %s", (pattern,))
    for (name,) in cursor.fetchall():
        made = str(name).removeprefix(SCRATCH_PREFIX).partition("_")[0]
        if made.isdigit() and int(made) < time.time() - STALE_SECONDS:
            cursor.execute(f"DROP DATABASE IF EXISTS {quote_identifier(str(name))}")
