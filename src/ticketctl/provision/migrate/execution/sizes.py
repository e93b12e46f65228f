"""How large tables are now, as the storage engine knows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.planning.sizes import TableSize
from ticketctl.provision.migrate.queries import query
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

UNKNOWN_VARIABLE = 1193
_EXPIRY = "information_schema_stats_expiry"


def read_sizes(connections: Connections, endpoint: MysqlEndpoint, names: Collection[str]) -> dict[str, TableSize]:
    """Return the sizes of those tables that exist; one question for all.

    Args:
        connections: The connections of the run; the settings of the one that is used are as before.
        endpoint: The database, which exists.
        names: Names of tables.

    Raises:
        BackendError: The server cannot be reached or refuses.
    """
    with connections.turn(endpoint) as turn:
        turn.use_database()
        with translating(endpoint), turn.connection.cursor() as cursor, _fresh(cursor, endpoint):
            cursor.execute(query("execution", "table_sizes"), {"names": sorted(names)})
            found = {
                str(name): TableSize(None if rows is None else int(rows), int(size)) for name, rows, size in cursor
            }
    # A server may be told to ignore case; then it answers with names as it keeps them.
    alike = {name.casefold(): size for name, size in found.items()} if set(found) - set(names) else {}
    return {name: size for name in names if (size := found.get(name) or alike.get(name.casefold()))}


@contextmanager
def _fresh(cursor: Cursor, endpoint: MysqlEndpoint) -> Iterator[None]:
    """Ask the storage engine; the server's own copy may be a day old.

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
