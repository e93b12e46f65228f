"""The connections of one run: as few as possible, because fifty runs may wait at the same server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ticketctl.infra.mysql import connect, disconnect, translating
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from types import TracebackType

    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


class Connections:
    """At most one idle or waiting connection for each server and account.

    The databases of a run are migrated at the same time, but they take turns in waiting for their
    locks on one connection. Whose lock is won keeps the connection, and the next one is opened.
    """

    def __init__(self) -> None:
        self._rooms: dict[tuple[str, int, str], _Room] = {}
        self._guard = threading.Lock()
        self._open: set[Connection[Cursor]] = set()

    def __enter__(self) -> Connections:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for room in self._rooms.values():
            room.close()

    @contextmanager
    def owned(self, connection: Connection[Cursor]) -> Iterator[Connection[Cursor]]:
        """Close a connection at the end of the block, and let `abort` reach it until then.

        Args:
            connection: It.
        """
        with self._guard:
            self._open.add(connection)
        try:
            with connection:
                yield connection
        finally:
            with self._guard:
                self._open.discard(connection)

    def abort(self) -> None:
        """Make every statement that waits for its answer fail now; the server may go on with it."""
        with self._guard:
            for connection in self._open:
                disconnect(connection)

    @contextmanager
    def turn(self, endpoint: MysqlEndpoint) -> Iterator[Turn]:
        """Have the server's one connection, with no default database, for the block.

        Args:
            endpoint: The server and the account; its database is not looked at.

        Raises:
            BackendError: The server cannot be reached or refuses.
        """
        with self._guard:
            room = self._rooms.setdefault((endpoint.host, endpoint.port, endpoint.user), _Room())
        with room.lock:
            if room.connection is None:
                room.connection = connect(replace(endpoint, database=None))
            turn = Turn(room.connection, endpoint)
            try:
                yield turn
            except BaseException:
                turn.connection.close()
                room.connection = None
                raise
            if turn.kept:
                room.connection = None


class Turn:
    """The right to use the server's one connection.

    Args:
        connection: It.
        endpoint: Where it goes.

    Attributes:
        kept: Whether the connection is not given back.
    """

    def __init__(self, connection: Connection[Cursor], endpoint: MysqlEndpoint) -> None:
        self.connection = connection
        self.kept = False
        self._endpoint = endpoint

    def use_database(self) -> None:
        """Make the endpoint's database the default one.

        Raises:
            BackendError: It does not exist, or the account may not use it.
        """
        with translating(self._endpoint):
            self.connection.select_db(self._endpoint.database or "")

    def keep(self) -> Connection[Cursor]:
        """Take the connection away from the others; who keeps it closes it."""
        self.kept = True
        return self.connection


class _Room:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connection: Connection[Cursor] | None = None

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
