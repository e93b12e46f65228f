"""How large tables are now, as the storage engine knows it."""

from __future__ import annotations

from collections.abc import Collection

from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.statistics import fresh_statistics
from ticketctl.provision.migrate.planning.sizes import TableSize
from ticketctl.provision.migrate.queries import query
from ticketctl.settings.endpoints import MysqlEndpoint


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
        with translating(endpoint), turn.connection.cursor() as cursor, fresh_statistics(cursor, endpoint):
            cursor.execute(query("execution", "table_sizes"), {"names": sorted(names)})
            found = {
                str(name): TableSize(None if rows is None else int(rows), int(size)) for name, rows, size in cursor
            }
    # A server may be told to ignore case; then it answers with names as it keeps them.
    alike = {name.casefold(): size for name, size in found.items()} if set(found) - set(names) else {}
    return {name: size for name in names if (size := found.get(name) or alike.get(name.casefold()))}
