"""A runner's connections to one database: one executes and holds the lock, the other journals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError
from ticketctl.events import Emit, Progress
from ticketctl.infra.mysql import UNKNOWN_DATABASE, connect, quote_identifier, translating
from ticketctl.provision.migrate.execution import lock
from ticketctl.provision.migrate.execution.lock import Holder
from ticketctl.provision.migrate.record.history import History, read_history
from ticketctl.provision.migrate.record.journal import Journal
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

STEP = "migrate"  # the step's name in progress events
# MySQL's default is a year, during which every other user of the table would queue up behind the
# waiting statement.
LOCK_WAIT_TIMEOUT = 5


@dataclass(frozen=True, slots=True)
class Session:
    """The right to change one database's schema, for as long as it is open.

    Attributes:
        endpoint: The database.
        connection: Executes the statements and holds the lock.
        journal: Notes them, on a connection of its own.
        history: What the database said after the lock was won.
    """

    endpoint: MysqlEndpoint
    connection: Connection[Cursor]
    journal: Journal
    history: History


def observe(endpoint: MysqlEndpoint) -> History:
    """Read what a database says of its migrations, without a lock.

    Args:
        endpoint: The database.

    Raises:
        BackendError: The server cannot be reached or refuses.
    """
    try:
        connection = connect(endpoint)
    except BackendOperationError as error:
        if error.number == UNKNOWN_DATABASE:
            return History(exists=False)
        raise
    with connection:
        return _read_unlocked(connection, endpoint)


def _read_unlocked(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> History:
    """Tell a runner at work from one that died: only the dead leave a journal that no longer moves."""
    history = read_history(connection, endpoint)
    while history.in_the_middle:
        holder = lock.read_holder(connection, endpoint, lock.lock_name(endpoint.database or ""))
        if holder is not None:
            return replace(history, held_by=str(holder))
        # The holder may have finished between the two reads, and the first is then out of date.
        again = read_history(connection, endpoint)
        if again == history:
            break
        history = again
    return history


def create_database(endpoint: MysqlEndpoint) -> None:
    """Create the endpoint's database, unless it exists.

    Args:
        endpoint: The database.

    Raises:
        BackendPermissionError: The account may not.
    """
    name = quote_identifier(endpoint.database or "")
    server = replace(endpoint, database=None)
    with connect(server) as connection, translating(server), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4")


@contextmanager
def open_session(target: Target, *, lock_timeout: float, emit: Emit) -> Iterator[Session]:
    """Win the migration lock of a database and read its history; the lock ends with the block.

    Args:
        target: The database, which exists.
        lock_timeout: Seconds to wait for another runner.
        emit: Takes the news of the wait.

    Raises:
        MigrationLockedError: The other runner did not finish in time.
        BackendError: The server cannot be reached or refuses.
    """

    def waiting(holder: Holder, seconds: float) -> None:
        emit(Progress(STEP, target.key, "waiting", f"{seconds:.0f} s for the lock held by {holder}"))

    endpoint = target.endpoint
    with connect(endpoint) as connection:
        name = lock.acquire(connection, endpoint, timeout=lock_timeout, waiting=waiting)
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute("SET SESSION lock_wait_timeout = %s", (LOCK_WAIT_TIMEOUT,))
        # Only now: fifty runners that wait hold fifty connections, not a hundred.
        with connect(endpoint) as second:
            owner = connection.thread_id()  # type: ignore[no-untyped-call]
            journal = Journal(second, endpoint, lock=name, owner=owner)
            journal.create_tables()
            yield Session(endpoint, connection, journal, read_history(second, endpoint))
