"""A runner's connections to one database: one executes and holds the lock, the other journals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketctl.infra.mysql import connect, quote_identifier, translating
from ticketctl.provision.migrate.execution import lock
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.definitions import make_neutral
from ticketctl.provision.migrate.execution.existing import Existing
from ticketctl.provision.migrate.execution.limits import LockWait
from ticketctl.provision.migrate.execution.lock import Holder
from ticketctl.provision.migrate.execution.lock_wait import limit_waits
from ticketctl.provision.migrate.execution.topology import connection_hazards
from ticketctl.provision.migrate.record.corrections import Corrections
from ticketctl.provision.migrate.record.history import History, read_history
from ticketctl.provision.migrate.record.journal import Journal
from ticketctl.provision.migrate.record.packet import Packet
from ticketctl.provision.migrate.record.tables import create_tables
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


@dataclass(slots=True)
class Session:
    """The right to change one database's schema, for as long as it is open.

    Attributes:
        endpoint: The database.
        connection: Executes the statements and holds the lock.
        owner: The connection's number on the server.
        lock: Name of the lock.
        hazards: Why the lock may not be worth what it should be, in sentences.
        journal: Notes them, on a connection of its own.
        corrections: Notes what is not executed; durable together with what is said to the journal.
        existing: Which names the database has.
        history: What the database said after the lock was won.
    """

    endpoint: MysqlEndpoint
    connection: Connection[Cursor]
    owner: int
    lock: str
    hazards: tuple[str, ...]
    journal: Journal
    corrections: Corrections
    existing: Existing
    history: History

    def read_history_again(self) -> None:
        """Look at what the journal says now."""
        self.history = read_history(self.journal.connection, self.endpoint)


def create_database(connections: Connections, endpoint: MysqlEndpoint) -> None:
    """Create the endpoint's database, unless it exists.

    Args:
        connections: The connections of the run.
        endpoint: The database.

    Raises:
        BackendPermissionError: The account may not.
    """
    name = quote_identifier(endpoint.database or "")
    with connections.turn(endpoint) as turn, translating(endpoint), turn.connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4")


def open_record(connection: Connection[Cursor], endpoint: MysqlEndpoint, owner: int) -> Packet:
    """Return what writes into the record of a database, whose tables are made where they are missing.

    Args:
        connection: A new connection to the database that takes several statements at once.
        endpoint: Where it goes.
        owner: Id of the connection that holds the migration lock.

    Raises:
        BackendError: The server refuses or is gone.
    """
    with translating(endpoint), connection.cursor() as cursor:
        make_neutral(cursor)
    create_tables(connection, endpoint)
    return Packet(connection, endpoint, lock=lock.lock_name(endpoint.database or ""), owner=owner)


@contextmanager
def open_session(
    connections: Connections,
    endpoint: MysqlEndpoint,
    *,
    lock_timeout: float,
    wait: LockWait,
    waiting: Callable[[Holder, float], None],
) -> Iterator[Session]:
    """Win the migration lock of a database and read its history; the lock ends with the block.

    What the block says to the journal or to the corrections is durable when it ends without an error.

    Args:
        connections: The connections of the run.
        endpoint: The database, which exists.
        lock_timeout: Seconds to wait for another runner.
        wait: How long statements wait for tables and rows.
        waiting: Takes the news of the wait.

    Raises:
        MigrationLockedError: The other runner did not finish in time.
        BackendError: The server cannot be reached or refuses.
    """
    winner = lock.acquire(connections, endpoint, timeout=lock_timeout, waiting=waiting)
    with connections.owned(winner) as connection:
        limit_waits(connection, endpoint, wait)
        hazards = connection_hazards(connection, endpoint)
        name = lock.lock_name(endpoint.database or "")
        # Only now: fifty runners that wait hold fifty connections, not a hundred.
        with connections.owned(connect(endpoint, multi_statements=True)) as second:
            owner = lock.connection_id(connection, endpoint)
            packet = open_record(second, endpoint, owner)
            journal = Journal(packet)
            existing = Existing(second, endpoint)
            history = read_history(second, endpoint)
            yield Session(endpoint, connection, owner, name, hazards, journal, Corrections(packet), existing, history)
            journal.close()
