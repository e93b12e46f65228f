"""What the storage engine says of tables now, instead of what the server has kept of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import translating
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

UNKNOWN_VARIABLE = 1193
_EXPIRY = "information_schema_stats_expiry"


@contextmanager
def fresh_statistics(cursor: Cursor, endpoint: MysqlEndpoint) -> Iterator[None]:
    """Let the block ask the storage engine; the server's own copy may be a day old.

    Args:
        cursor: A cursor of the connection that asks; its settings are as before afterwards.
        endpoint: Where it goes, for messages.

    https://dev.mysql.com/doc/refman/8.4/en/information-schema-optimization.html
    """
    try:
        with translating(endpoint):
            cursor.execute(f"SELECT @@SESSION.{_EXPIRY}")
            row = cursor.fetchone()
    except BackendOperationError as error:
        if error.number != UNKNOWN_VARIABLE:
            raise
        yield  # MariaDB keeps no copy
        return
    cursor.execute(f"SET SESSION {_EXPIRY} = 0")
    try:
        yield
    finally:
        cursor.execute(f"SET SESSION {_EXPIRY} = %s", (row[0] if row else 0,))


def innodb_name(database: str, table: str) -> str:
    """Return the name by which InnoDB knows a table: that of its file; empty for names that are not all ASCII.

    Args:
        database: Bare name of its database.
        table: Its bare name.

    https://dev.mysql.com/doc/refman/8.4/en/identifier-mapping.html
    """
    if not (database.isascii() and table.isascii()):
        return ""
    return "/".join(re.sub(r"[^0-9A-Za-z_]", lambda found: f"@{ord(found[0]):04x}", name) for name in (database, table))
