"""The messages that tell a process of locks that it was handed: one connection, one task that reads it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import RedisError

from ticketctl.locks._clock import now
from ticketctl.locks._connection import AsyncConnection, Reply, streams_of
from ticketctl.locks._doubts import Doubts
from ticketctl.locks._replies import NOT_YET, Replies
from ticketctl.locks._resp import command

_RECEIVED_AT_ONCE = 65_536


class Inbox:
    """A subscription that is opened when it is first needed.

    Args:
        connect: Makes a connection.
        channel: What it listens to.
        told: Called with each message.
        timeout: Seconds that subscribing may take.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[AsyncConnection]],
        channel: str,
        told: Callable[[str], None],
        timeout: float,
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._told = told
        self._timeout = timeout
        self._connection: AsyncConnection | None = None
        self._doubts = Doubts(timeout)
        self._reading: asyncio.Task[None] | None = None
        self._opening: asyncio.Future[None] | None = None

    @property
    def listening(self) -> bool:
        """Whether messages are heard."""
        return self._reading is not None and not self._reading.done() and self._opening is None

    async def listen(self) -> None:
        """Subscribe, and return when the server has confirmed it.

        Raises:
            redis.exceptions.RedisError: It could not be.
        """
        if self.listening:
            return
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_future()
            self._opening.add_done_callback(_seen)
            self._reading = asyncio.create_task(self._read(self._opening), name="ticketctl-locks-inbox")
        # Many may wait for it; that one of them is cancelled ends it for nobody else.
        await asyncio.shield(self._opening)

    async def _read(self, opening: asyncio.Future[None]) -> None:
        connection: AsyncConnection | None = None
        failure: BaseException = LostConnection("closed")
        try:
            connection = await self._connect()
            messages = self._messages(connection)
            await self._subscribe(connection, messages)
            self._connection = connection
            self._doubts.heard()
            opening.set_result(None)
            self._opening = None
            async for message in messages:
                self._doubts.heard()
                if message[0] == b"message":
                    self._told(message[2].decode())
        except (RedisError, OSError) as error:
            failure = error  # who waits notices when they ask again
        finally:
            self._connection = None
            if not opening.done():
                self._opening = None
                opening.set_exception(failure)
            if connection is not None:
                await connection.disconnect(nowait=True)

    async def _subscribe(self, connection: AsyncConnection, messages: AsyncIterator[Reply]) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await _send(connection, "SUBSCRIBE", self._channel)
                answer = await anext(messages)
        except TimeoutError as error:
            raise LostConnection("subscribing took too long") from error
        if isinstance(answer, Exception):
            raise answer

    async def _messages(self, connection: AsyncConnection) -> AsyncIterator[Reply]:
        reader, _ = streams_of(connection)
        replies = Replies()
        while data := await reader.read(_RECEIVED_AT_ONCE):
            replies.feed(data)
            while (message := replies.next()) is not NOT_YET:
                yield message
        raise LostConnection("the server closed the connection")

    async def doubt(self) -> None:
        """Make sure that the connection still works: a message seems to have been lost."""
        connection = self._connection
        if connection is None or self._reading is None:
            return
        if self._doubts.dead(now()):
            self._reading.cancel()
        else:
            with contextlib.suppress(RedisError, OSError):
                await _send(connection, "PING")

    async def close(self) -> None:
        """Stop listening."""
        task, self._reading = self._reading, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])


async def _send(connection: AsyncConnection, *words: str) -> None:
    _, writer = streams_of(connection)
    writer.write(command(*words))
    await writer.drain()


def _seen(future: asyncio.Future[None]) -> None:
    """Let a failure be nobody's when all who waited for it were cancelled."""
    if not future.cancelled():
        future.exception()
