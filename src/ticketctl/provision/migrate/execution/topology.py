"""What stands between a run and the one server that its lock is valid on.

`GET_LOCK` belongs to one connection on one server. A proxy that shares server connections among its
clients takes the first away, a cluster whose nodes all accept writes the second. Neither can be made
safe from here, so both are said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ticketctl.errors import BackendError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.queries import query
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_LOW_32_BITS = 0xFFFF_FFFF  # the greeting has room for no more
_ON = {"ON", "1", "YES"}
_ONE_RUNNER = "make sure that nobody else migrates meanwhile"


def connection_hazards(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> tuple[str, ...]:
    """Return why the migration lock may not be worth what it should be; nothing on a plain server.

    Args:
        connection: The connection that holds the lock or will.
        endpoint: Where it goes, for messages.

    Returns:
        Sentences for the reader.

    Raises:
        BackendError: The server is gone.
    """
    greeted = connection.thread_id()  # type: ignore[no-untyped-call]
    # Not alone: ProxySQL answers a bare `SELECT CONNECTION_ID()` by itself, with its own number.
    seen = _read_topology(connection, endpoint)
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID(), @@hostname")
        row = cursor.fetchone()
    return (
        *proxy_hazards(greeted, int(seen["connection_id"]), int(row[0]) if row else 0),
        *cluster_hazards(seen),
    )


def proxy_hazards(greeted: int, first: int, second: int) -> tuple[str, ...]:
    """Return what the numbers of a connection say of what it goes through (pure).

    Args:
        greeted: The number in the greeting that the client got.
        first: The number of the server connection that answered a query.
        second: The number of the one that answered the next.
    """
    if first != second:
        return (
            f"a proxy stands before the server and changes its connection between two statements ({first}, {second}): "
            f"the migration lock does not hold; connect to the server itself, or {_ONE_RUNNER}",
        )
    if greeted & _LOW_32_BITS != first & _LOW_32_BITS:
        return (
            f"a proxy stands before the server (it greets as connection {greeted}, the server calls it {first}): "
            "if it shares connections, the migration lock and the session's settings may be lost between two "
            f"statements; connect to the server itself, or {_ONE_RUNNER}",
        )
    return ()


def cluster_hazards(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a server's variables say of the others that accept writes beside it (pure).

    Galera knows no lock functions across its nodes:
    https://docs.percona.com/percona-xtradb-cluster/8.4/limitation.html
    https://mariadb.com/kb/en/mariadb-galera-cluster-known-limitations/
    Nor has group replication in multi-primary mode any:
    https://dev.mysql.com/doc/refman/8.4/en/group-replication-limitations.html

    Args:
        variables: Names and values, as the server gives them.
    """
    address = variables.get("wsrep_cluster_address", "")
    size = variables.get("wsrep_cluster_size", "")
    if variables.get("wsrep_on", "").upper() in _ON and ((size.isdigit() and int(size) > 1) or address):
        nodes = f" of {size} nodes" if size.isdigit() and int(size) > 1 else ""
        return (
            f"this is a Galera cluster{nodes}: the migration lock is valid on this node alone; "
            f"send every runner to the same node, or {_ONE_RUNNER}",
        )
    single = variables.get("group_replication_single_primary_mode", "ON").upper() in _ON
    if variables.get("group_replication_group_name") and not single:
        return (
            "this server replicates in a group with several primaries: the migration lock is valid on this one alone; "
            f"send every runner to the same primary, or {_ONE_RUNNER}",
        )
    return ()


def _read_topology(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> dict[str, str]:
    try:
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute(query("execution", "topology_cluster"))
            return {str(name).lower(): _text(value) for name, value in cursor.fetchall()}
    except BackendError:
        return _read_topology_elsewhere(connection, endpoint)


def _read_topology_elsewhere(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> dict[str, str]:
    """MariaDB has the same under other names."""
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID(), @@hostname")
        row = cursor.fetchone()
        found = {"connection_id": str(row[0]) if row else "0"}
        for kind in ("VARIABLES", "STATUS"):
            cursor.execute(f"SHOW GLOBAL {kind} LIKE 'wsrep\\_%'")
            found |= {str(name).lower(): _text(value) for name, value in cursor.fetchall()}
    return found


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
