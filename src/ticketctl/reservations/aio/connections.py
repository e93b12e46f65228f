"""A few connections of the caller's source, kept open and handed from one operation to the next."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from ticketctl.reservations._sessions import SESSION
from ticketctl.reservations._steps import Answer, Statement, answer_of


class AsyncCursor(Protocol):
    """What is needed of a cursor whose methods are awaited and whose placeholders are `%s`."""

    @property
    def rowcount(self) -> int: ...  # noqa: D102
    def execute(self, query: str, args: Any, /) -> Awaitable[object]: ...  # noqa: ANN401, D102  # drivers differ
    def fetchall(self) -> Awaitable[Sequence[Any]]: ...  # noqa: D102


class AsyncConnection(Protocol):
    """What is needed of a connection: asyncmy's, aiomysql's, the `driver_connection` of an engine of SQLAlchemy."""

    def cursor(self) -> Any: ...  # noqa: ANN401, D102  # drivers do not agree on its parameters
    def close(self) -> object: ...  # noqa: D102


AsyncSource = Callable[[], Awaitable[Any]]
"""Makes a connection to the inventory database: `lambda: asyncmy.connect(...)`."""


class Session:
    """A connection while it works.

    Args:
        connection: It.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._cursor: AsyncCursor = connection.cursor()

    async def begin(self) -> None:
        """Make its settings."""
        for statement in SESSION:
            await self._cursor.execute(statement, None)

    async def run(self, statement: Statement) -> Answer:
        """Send a statement and wait for its answer; raises what the driver raises."""
        sent = time.monotonic()
        await self._cursor.execute(statement.sql, statement.parameters or None)
        if not statement.reads:
            return Answer(self._cursor.rowcount, sent)
        return answer_of(await self._cursor.fetchall(), sent)

    async def close(self) -> None:
        """Close it, without a farewell that might wait for an answer."""
        with contextlib.suppress(Exception):
            closing = self._connection.close()
            if inspect.isawaitable(closing):
                await closing


class Connections:
    """At most so many sessions; who needs one when all are in use waits.

    Args:
        source: Makes connections.
        most: How many.
    """

    def __init__(self, source: AsyncSource, most: int) -> None:
        self._source = source
        self._idle: list[Session] = []
        self._permits = asyncio.BoundedSemaphore(most)
        self._closed = False

    async def take(self) -> Session | None:
        """Return the session that was used last, None if one has to be made; `give` ends the use."""
        await self._permits.acquire()
        return self._idle.pop() if self._idle else None

    async def made(self) -> Session:
        """Make a session; raises what the driver raises."""
        session = Session(await self._source())
        try:
            await session.begin()
        except BaseException:
            await session.close()
            raise
        return session

    async def give(self, session: Session | None) -> None:
        """End a use; None if the session was lost and closed."""
        self._permits.release()
        if session is None:
            return
        if self._closed:
            await session.close()
        else:
            self._idle.append(session)

    async def close(self) -> None:
        """Close what is not in use, and the rest when its use ends."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()
