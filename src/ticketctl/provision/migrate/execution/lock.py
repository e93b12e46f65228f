"""The migration lock: one runner at a time in each database.

The lock is MySQL's own `GET_LOCK`, on the very connection that executes the statements. When a runner
dies, the server still finishes its statement, and only then closes the connection and frees the lock:
the next runner therefore never sees a statement half-way. DDL does not release it.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketctl.errors import BackendError, MigrationLockedError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.queries import query
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

PREFIX = "ticketctl-migrate-"
SLICE = 1  # seconds of waiting before the next database of the run has its turn
PATIENCE = 1  # seconds before the first news: most runs are over by then
TELLING = 2  # seconds between two news
BETWEEN_TURNS = 0.002  # seconds in which the run's other databases can have the connection
GRACE = 10  # seconds beyond the timeout, as long as nobody holds the lock whenever it is looked at
LONGEST_INFO = 100


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock.

    Attributes:
        user: MySQL account, empty when it could not be read.
        host: Address of the client.
        command: `Query` while a statement runs, `Sleep` between two.
        seconds: For how long it has been doing that.
        statement: Beginning of the statement, empty between two.
    """

    user: str
    host: str
    command: str
    seconds: int
    statement: str

    def __str__(self) -> str:
        if not self.user:
            return "another connection (this account may not see which)"
        doing = f"running for {self.seconds} s: {self.statement}" if self.statement else f"idle for {self.seconds} s"
        return f"{self.user} from {self.host}, {doing}"


UNKNOWN_HOLDER = Holder("", "", "", 0, "")


def lock_name(database: str) -> str:
    """Return the name of a database's lock.

    Lock names are valid for the whole server, ignore case and end at 64 characters; a hash of the
    database's name fits whatever it is.

    Args:
        database: Name of the database.
    """
    return PREFIX + hashlib.sha256(database.encode()).hexdigest()[:40]


def acquire(
    connections: Connections,
    endpoint: MysqlEndpoint,
    *,
    timeout: float,
    waiting: Callable[[Holder, float], None],
) -> Connection[Cursor]:
    """Take the lock of a database, waiting for its holder to finish.

    Args:
        connections: The connections of the run, whose databases take turns in waiting.
        endpoint: The database.
        timeout: Seconds to wait at most.
        waiting: Called about every two seconds with the holder and the seconds waited so far.

    Returns:
        The connection that holds the lock and will execute the statements; the lock ends with it.

    Raises:
        MigrationLockedError: The holder did not finish in time.
        BackendError: The server refuses or is gone.
    """
    name = lock_name(endpoint.database or "")
    began = time.monotonic()
    told = began + PATIENCE
    patience = 0
    while True:
        with connections.turn(endpoint) as turn:
            turn.use_database()
            if _get_lock(turn.connection, endpoint, name, patience):
                return turn.keep()
            holder = read_holder(turn.connection, endpoint, name)
        now = time.monotonic()
        patience = max(0, min(SLICE, math.ceil(timeout - (now - began))))
        if holder is not None and now >= told:
            waiting(holder, now - began)
            told = now + TELLING
        if now - began >= timeout and holder is not None:
            raise MigrationLockedError(
                f"another runner is migrating {endpoint.database}",
                why=f"waited {now - began:.0f} s for {holder}",
                next_step="wait for it and run the command again; a runner that died frees the lock by itself. "
                "`--lock-timeout SECONDS` waits longer",
            )
        if now - began >= timeout + GRACE:
            raise MigrationLockedError(
                f"other runners are migrating {endpoint.database}",
                why=f"waited {now - began:.0f} s; each time another was quicker",
                next_step="run the command again",
            )
        time.sleep(BETWEEN_TURNS)


def connection_id(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> int:
    """Return the number by which the server knows a connection; a proxy may have greeted with another.

    Args:
        connection: Any connection.
        endpoint: Where it goes, for messages.

    Raises:
        BackendError: The server is gone.
    """
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID(), @@hostname")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def read_holder(connection: Connection[Cursor], endpoint: MysqlEndpoint, name: str) -> Holder | None:
    """Return who holds a lock, None when it is free.

    Args:
        connection: Any connection to the server.
        endpoint: Where it goes, for messages.
        name: The lock's name.

    Raises:
        BackendError: The server is gone.
    """
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute("SELECT IS_USED_LOCK(%s)", (name,))
        row = cursor.fetchone()
        if row is None or row[0] is None:
            return None
    try:
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute(query("execution", "lock_holder"), {"lock": name})
            row = cursor.fetchone()
    except BackendError:
        return UNKNOWN_HOLDER  # without the right to look, waiting works just as well
    if row is None:
        return UNKNOWN_HOLDER
    user, host, command, seconds, info = row
    statement = " ".join(str(info or "").split())[:LONGEST_INFO]
    return Holder(str(user or "?"), str(host or "?"), str(command or ""), int(seconds or 0), statement)


def _get_lock(connection: Connection[Cursor], endpoint: MysqlEndpoint, name: str, wait: int) -> bool:
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", (name, wait))
        row = cursor.fetchone()
    return row is not None and row[0] == 1
