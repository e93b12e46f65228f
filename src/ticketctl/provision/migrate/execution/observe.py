"""What a database says of its migrations, without a lock."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import UNKNOWN_DATABASE
from ticketctl.provision.migrate.execution import lock
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.record.history import History, read_history
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

YOYO_PATIENCE = 2.0  # seconds
YOYO_INTERVAL = 0.1


def observe(connections: Connections, endpoint: MysqlEndpoint) -> History:
    """Read what a database says of its migrations, without a lock.

    Args:
        connections: The connections of the run.
        endpoint: The database.

    Raises:
        BackendError: The server cannot be reached or refuses.
    """
    with connections.turn(endpoint) as turn:
        try:
            turn.use_database()
        except BackendOperationError as error:
            if error.number == UNKNOWN_DATABASE:
                return History(exists=False)
            raise
        return _read_unlocked(turn.connection, endpoint)


def _read_unlocked(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> History:
    """Tell a runner at work from one that died: only the dead leave a journal that no longer moves."""
    history = _read_after_yoyo(connection, endpoint)
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


def _read_after_yoyo(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> History:
    """Give a `yoyo list` the moment for which it holds yoyo's lock."""
    history = read_history(connection, endpoint)
    until = time.monotonic() + YOYO_PATIENCE
    while history.ledger.locked_by is not None and time.monotonic() < until:
        time.sleep(YOYO_INTERVAL)
        history = read_history(connection, endpoint)
    return history
