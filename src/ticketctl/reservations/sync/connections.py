"""A few connections of the caller's source, kept open and handed from one operation to the next."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ticketctl.reservations._sessions import SESSION
from ticketctl.reservations._steps import Answer, Statement, answer_of


class Cursor(Protocol):
    """What is needed of a DB-API cursor whose placeholders are `%s`."""

    @property
    def rowcount(self) -> int: ...  # noqa: D102
    def execute(self, query: str, args: Any, /) -> object: ...  # noqa: ANN401, D102  # drivers do not agree on its type
    def fetchall(self) -> Sequence[Any]: ...  # noqa: D102


class Connection(Protocol):
    """What is needed of a DB-API connection: PyMySQL, mysqlclient, MySQL Connector, a raw connection of SQLAlchemy."""

    def cursor(self) -> Any: ...  # noqa: ANN401, D102  # drivers do not agree on its parameters
    def close(self) -> object: ...  # noqa: D102


Source = Callable[[], Connection]
"""Makes a connection to the inventory database, or takes one from a pool: `engine.raw_connection`."""


class Session:
    """A connection while it works.

    Args:
        connection: It.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor: Cursor = connection.cursor()
        for statement in SESSION:
            self._cursor.execute(statement, None)

    def run(self, statement: Statement) -> Answer:
        """Send a statement and wait for its answer; raises what the driver raises."""
        sent = time.monotonic()
        self._cursor.execute(statement.sql, statement.parameters or None)
        if not statement.reads:
            return Answer(self._cursor.rowcount, sent)
        return answer_of(self._cursor.fetchall(), sent)

    def close(self) -> None:
        """Close it; it never goes back to a pool that it came from: its settings are others, or its state unknown."""
        with contextlib.suppress(Exception):
            getattr(self._connection, "invalidate", self._connection.close)()  # `invalidate` is SQLAlchemy's


class Connections:
    """At most so many sessions; who needs one when all are in use waits.

    Args:
        source: Makes connections.
        most: How many.
    """

    def __init__(self, source: Source, most: int) -> None:
        self._source = source
        self._idle: list[Session] = []
        self._permits = threading.BoundedSemaphore(most)
        self._closed = False

    def take(self) -> Session | None:
        """Return the session that was used last, None if one has to be made; `give` ends the use."""
        self._permits.acquire()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def made(self) -> Session:
        """Make a session; raises what the driver raises."""
        return Session(self._source())

    def give(self, session: Session | None) -> None:
        """End a use; None if the session was lost and closed."""
        if session is not None:
            if self._closed:
                session.close()
            else:
                self._idle.append(session)
        self._permits.release()

    def close(self) -> None:
        """Close what is not in use, and the rest when its use ends."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
