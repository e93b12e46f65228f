"""One database of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ticketctl.infra.mysql import connect, translating
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_PATIENCE = 120.0  # seconds without an answer after which a connection counts as lost; a statement takes less than one


class Database:
    """A database with its connection, on which nothing is kept before it is committed.

    Args:
        endpoint: Where it is, and the account that works there.
        connection: An open connection without autocommit.

    Attributes:
        name: Its name, for messages.
    """

    def __init__(self, endpoint: MysqlEndpoint, connection: Connection[Cursor]) -> None:
        self.name = endpoint.database or ""
        self._endpoint = endpoint
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, endpoint: MysqlEndpoint) -> Iterator[Database]:
        """Open a connection for the block; what is not committed at its end is lost.

        Args:
            endpoint: The database, and the account to log in with.

        Raises:
            BackendError: The server cannot be reached or refuses.
        """
        connection = connect(endpoint, autocommit=False, read_timeout=_PATIENCE)
        try:
            yield cls(endpoint, connection)
        finally:
            if connection.open:
                connection.close()

    def rows(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Return what a statement answers.

        Args:
            statement: It, with a `%s` for each argument.
            arguments: The arguments.

        Raises:
            BackendError: The server refuses or is gone.
        """
        with translating(self._endpoint), self._connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())

    def send(self, statement: str, *arguments: object) -> int:
        """Run a statement, and return the id that it gave to its first row, if it gave any.

        Args:
            statement: It, with a `%s` for each argument.
            arguments: The arguments.

        Raises:
            BackendError: The server refuses or is gone.
        """
        with translating(self._endpoint), self._connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.lastrowid or 0

    def changed(self, statement: str, *arguments: object) -> int:
        """Run a statement, and return how many rows it has changed.

        Args:
            statement: It, with a `%s` for each argument.
            arguments: The arguments.

        Raises:
            BackendError: The server refuses or is gone.
        """
        with translating(self._endpoint), self._connection.cursor() as cursor:
            return cursor.execute(statement, arguments)

    def prepared(self, statement: str, *arguments: object) -> str:
        """Return a statement with its arguments in it, quoted by the driver; asks no server.

        Args:
            statement: It, with a `%s` for each argument.
            arguments: The arguments.
        """
        with self._connection.cursor() as cursor:
            return cursor.mogrify(statement, arguments)

    def send_prepared(self, statement: str) -> None:
        """Run what `prepared` has returned.

        Args:
            statement: It.

        Raises:
            BackendError: The server refuses or is gone.
        """
        with translating(self._endpoint), self._connection.cursor() as cursor:
            cursor.execute(statement)

    def commit(self) -> None:
        """Keep what was done since the last time.

        Raises:
            BackendError: The server is gone; it may have kept it or not.
        """
        with translating(self._endpoint):
            self._connection.commit()

    def abandon(self) -> None:
        """Keep nothing of it, without waiting: the server notices the lost connection and takes everything back."""
        self._connection.close()
