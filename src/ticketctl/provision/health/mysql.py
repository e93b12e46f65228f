"""Is each MySQL server what the services and the migrations rely on?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError, BackendPermissionError
from ticketctl.infra.mysql import connect, quote_identifier, translating
from ticketctl.provision.health.model import Finding, fail, ok, skipped, warn
from ticketctl.provision.health.mysql_write import write_and_remove
from ticketctl.provision.health.size import percent
from ticketctl.provision.health.target import Check, Target
from ticketctl.provision.health.version import parse_version
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

OLDEST_VERSION = (8, 4)
ANSWER_SECONDS = 10.0
CONNECTIONS_WARNING = 0.8
CONNECTIONS_FAILURE = 0.95
STRICT_MODES = frozenset({"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"})
UTC = frozenset({"UTC", "+00:00", "Etc/UTC"})
CHARACTER_SET = "utf8mb4"


@dataclass(frozen=True, slots=True)
class MysqlSession:
    """A connection, logged in.

    Attributes:
        endpoint: Where it goes, for messages.
        connection: The connection.
        version: What the server calls itself.
        unusable: Names of databases that turned out not to be usable; what needs them is not checked.
    """

    endpoint: MysqlEndpoint
    connection: Connection[Cursor]
    version: str
    unusable: set[str] = field(default_factory=set)

    def row(self, statement: str) -> tuple[object, ...]:
        """Run a statement and return its first row."""
        with translating(self.endpoint), self.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() or ()

    def variable(self, name: str) -> str:
        """Return a global variable as text."""
        return str(self.row(f"SELECT @@GLOBAL.{quote_identifier(name)}")[0])


def mysql_targets(
    endpoints: Mapping[str, MysqlEndpoint], more: Mapping[str, tuple[Check[MysqlSession], ...]]
) -> tuple[Target[MysqlSession], ...]:
    """Return the checks of each server, those of its databases included.

    Args:
        endpoints: Key of the database to its endpoint; databases of one address share a server.
        more: Key of the database to further checks of it.
    """
    servers: dict[str, list[str]] = {}
    for key, endpoint in endpoints.items():
        servers.setdefault(endpoint.address, []).append(key)
    return tuple(
        _target(
            "mysql" if len(servers) == 1 else f"mysql-{'+'.join(keys)}",
            {key: endpoints[key] for key in keys},
            tuple(check for key in keys for check in more.get(key, ())),
        )
        for keys in servers.values()
    )


def _target(
    name: str, endpoints: Mapping[str, MysqlEndpoint], more: tuple[Check[MysqlSession], ...]
) -> Target[MysqlSession]:
    databases = tuple(endpoint.database for endpoint in endpoints.values() if endpoint.database)
    server = replace(next(iter(endpoints.values())), database=None)

    @contextmanager
    def opened() -> Iterator[MysqlSession]:
        with closing(connect(server, read_timeout=ANSWER_SECONDS)) as connection:
            session = MysqlSession(server, connection, "")
            yield replace(session, version=str(session.row("SELECT VERSION()")[0]))

    checks = (
        Check("version", version),
        *(Check(f"database {database}", _database_check(database)) for database in databases),
        *more,
        Check("writable", lambda session: writable(session, databases)),
        Check("sql_mode", sql_mode),
        Check("time zone", time_zone),
        Check("durability", durability),
        Check("connections", connections),
    )
    return Target("mysql", name, server.address, server.user, opened, checks, "pymysql")


def version(session: MysqlSession) -> Finding:
    """MySQL 8.4 or newer, and not one of its relatives."""
    if "mariadb" in session.version.lower():
        return fail(f"{session.version} is not MySQL", "use MySQL 8.4 or newer: its locks and DDL are other ones")
    if parse_version(session.version) < OLDEST_VERSION:
        return fail(f"MySQL {session.version}, 8.4 is the oldest that works", "set images.mysql to mysql:9.7")
    return ok(f"MySQL {session.version}")


def writable(session: MysqlSession, databases: tuple[str, ...]) -> Finding:
    """Write a row that is on disk when the server says so, and remove all of it."""
    usable = [name for name in databases if name not in session.unusable]
    where = write_and_remove(session.endpoint, session.connection, usable)
    return ok(f"a row was written and removed in {where}") if where else skipped("no database to write to")


def sql_mode(session: MysqlSession) -> Finding:
    """Without strict mode values that do not fit are cut off silently."""
    modes = session.variable("sql_mode").split(",")
    if STRICT_MODES.isdisjoint(modes):
        return fail(
            "not strict: values that do not fit are cut off silently",
            "SET GLOBAL sql_mode with STRICT_TRANS_TABLES, and in the server's configuration",
        )
    return ok("strict")


def time_zone(session: MysqlSession) -> Finding:
    """Times are compared on the server's clock, so all must mean UTC by it."""
    name = session.variable("time_zone")
    meant = session.variable("system_time_zone") if name == "SYSTEM" else name
    if meant not in UTC:
        return warn(
            f"{meant}: NOW() and DEFAULT CURRENT_TIMESTAMP are not UTC in sessions that do not say so",
            "SET GLOBAL time_zone = '+00:00', and in the server's configuration",
        )
    return ok(meant if name == meant else f"{meant} by the system")


def durability(session: MysqlSession) -> Finding:
    """Does a commit that was confirmed survive a crash?"""
    flush = session.variable("innodb_flush_log_at_trx_commit")
    logged, synced = session.variable("log_bin"), session.variable("sync_binlog")
    advice = "SET GLOBAL innodb_flush_log_at_trx_commit = 1, sync_binlog = 1, and in the server's configuration"
    if flush == "0":
        return fail("innodb_flush_log_at_trx_commit = 0: a crash loses a second of confirmed commits", advice)
    if flush != "1":
        return warn(
            f"innodb_flush_log_at_trx_commit = {flush}: a power failure loses a second of confirmed commits", advice
        )
    if logged == "1" and synced != "1":
        return warn(f"sync_binlog = {synced}: after a power failure replicas may miss confirmed commits", advice)
    return ok("each commit is on disk when it is confirmed")


def connections(session: MysqlSession) -> Finding:
    """How many more clients can connect?"""
    limit = int(session.variable("max_connections"))
    used = int(str(session.row("SHOW GLOBAL STATUS LIKE 'Threads_connected'")[1]))
    text = f"{used} of {limit} in use ({percent(used, limit)})"
    advice = "SHOW PROCESSLIST says who is connected; raise max_connections, or lower the pools of the services"
    if used > CONNECTIONS_FAILURE * limit:
        return fail(text, advice)
    return warn(text, advice) if used > CONNECTIONS_WARNING * limit else ok(text)


def _database_check(name: str) -> Callable[[MysqlSession], Finding]:
    def check(session: MysqlSession) -> Finding:
        endpoint = replace(session.endpoint, database=name)
        try:
            with translating(endpoint):
                session.connection.select_db(name)
        except (BackendOperationError, BackendPermissionError):
            session.unusable.add(name)
            raise
        found = session.row("SELECT @@character_set_database, @@collation_database")
        if found[0] != CHARACTER_SET:
            return warn(
                f"default character set {found[0]}: new tables cannot hold every name",
                f"ALTER DATABASE {quote_identifier(name)} CHARACTER SET {CHARACTER_SET}",
            )
        return ok(str(found[1]))

    return check
