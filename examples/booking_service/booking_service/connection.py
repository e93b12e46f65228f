"""Connections whose every answer has a clock."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from functools import cache
from typing import Any

import asyncmy
from asyncmy.errors import MySQLError

from booking_service.settings import Mysql

PATIENCE = 3.0
"""Seconds that an answer, or a new connection, may take."""
_FAREWELL = 1.0  # seconds


class Cursor:
    """The cursor of a driver; an answer that does not come is a `TimeoutError`, and the connection is closed.

    Args:
        inner: It.
    """

    def __init__(self, inner: Any) -> None:  # noqa: ANN401  # the driver says nothing of its types
        self._inner = inner

    @property
    def rowcount(self) -> int:
        """Rows that the last statement changed."""
        return int(self._inner.rowcount)

    @property
    def lastrowid(self) -> int:
        """The number that the last row was given."""
        return int(self._inner.lastrowid)

    async def execute(self, query: str, args: Sequence[object] | None = None) -> None:
        """Send a statement; values are parameters, never part of its text."""
        async with asyncio.timeout(PATIENCE):
            await self._inner.execute(query, args)

    async def fetchall(self) -> Sequence[tuple[Any, ...]]:
        """Return the rows of the last statement."""
        rows: Sequence[tuple[Any, ...]] = await self._inner.fetchall()  # they have come with the answer
        return rows


class Connection:
    """A connection of a driver, for this service and for `AsyncReservations`.

    Args:
        inner: It.
    """

    def __init__(self, inner: Any) -> None:  # noqa: ANN401  # as above
        self._inner = inner

    def cursor(self) -> Cursor:
        """Return a cursor."""
        return Cursor(self._inner.cursor())

    async def commit(self) -> None:
        """Commit."""
        async with asyncio.timeout(PATIENCE):
            await self._inner.commit()

    async def end(self) -> None:
        """Say farewell and close it; within a second, whatever the server does."""
        with contextlib.suppress(MySQLError, OSError):
            async with asyncio.timeout(_FAREWELL):
                await self._inner.ensure_closed()

    def close(self) -> None:
        """Close it, without a farewell that might wait for an answer."""
        self._inner.close()


async def connect(where: Mysql) -> Connection:
    """Open a connection; encrypted, as the login of a new account asks for that.

    The driver's own `read_timeout` is not used: when it is over, the driver says farewell to the server, which takes
    half a minute where the connection is encrypted and the server stands still.

    Args:
        where: The database, and as whom.

    Raises:
        TimeoutError: The server did not answer in time.
        MySQLError: It refused, or cannot be reached.
    """
    async with asyncio.timeout(PATIENCE):
        return Connection(
            await asyncmy.connect(
                host=where.host,
                port=where.port,
                user=where.user,
                password=where.password,
                db=where.database,
                connect_timeout=PATIENCE,
                init_command="SET SESSION time_zone = '+00:00'",
                ssl=_encryption(),
            )
        )


@cache
def _encryption() -> ssl.SSLContext:
    """Return how to encrypt: without asking who the server is, as its certificate is signed by itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
