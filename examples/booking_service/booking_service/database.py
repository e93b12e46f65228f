"""A few connections to a database, and work that is done again where one of them broke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from asyncmy.errors import MySQLError

from booking_service.connection import PATIENCE, Connection, Cursor, connect
from booking_service.settings import Mysql

_T = TypeVar("_T")

_DUPLICATE = 1062
# Others had the row for too long, or waited in a circle; the server is full, ends, or has ended the connection.
_PASSING = frozenset({1040, 1053, 1077, 1203, 1205, 1213, 1927, 3169, 4031})
_TRIES = 2  # at least: a connection that had been idle may be found closed
_PAUSE = 0.05  # seconds


class DatabaseError(Exception):
    """The database did not answer, or refused; whether the last change was made is unknown.

    Attributes:
        what: What was wanted of it.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Database:
    """Transactions on a database.

    Args:
        where: The database.
        connections: How many are open at most.
    """

    def __init__(self, where: Mysql, connections: int) -> None:
        self._where = where
        self._idle: list[Connection] = []
        self._permits = asyncio.BoundedSemaphore(connections)

    async def run(self, work: Callable[[Cursor], Awaitable[_T]], what: str) -> _T:
        """Do work in a transaction and commit it.

        It is done again where the connection broke, also when that was during COMMIT: work must find by itself what
        an earlier try has left.

        Args:
            work: It.
            what: What it is, for messages.

        Raises:
            DatabaseError: The server did not answer, or refused.
        """
        async with self._permits:
            began, tries = time.monotonic(), 0
            while True:
                tries += 1
                try:
                    return await self._once(work)
                except (MySQLError, OSError) as error:
                    is_over = tries >= _TRIES and time.monotonic() - began >= PATIENCE
                    if is_over or not _is_passing(error):
                        raise DatabaseError(what) from error
                await asyncio.sleep(_PAUSE * tries)

    async def close(self) -> None:
        """Close what is open."""
        while self._idle:
            await self._idle.pop().end()

    async def _once(self, work: Callable[[Cursor], Awaitable[_T]]) -> _T:
        connection = self._idle.pop() if self._idle else await connect(self._where)
        try:
            result = await work(connection.cursor())
            await connection.commit()
        except BaseException:  # whatever is in the middle of something is of no use any more
            connection.close()
            raise
        self._idle.append(connection)
        return result


def is_duplicate(error: MySQLError) -> bool:
    """Tell whether a row was refused because its key is there already."""
    return _number(error) == _DUPLICATE


def _is_passing(error: Exception) -> bool:
    """Tell whether another try may go better; what a connection says that is lost has no number, or a client's."""
    number = _number(error)
    return isinstance(error, OSError) or number == 0 or 2000 <= number < 3000 or number in _PASSING


def _number(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
