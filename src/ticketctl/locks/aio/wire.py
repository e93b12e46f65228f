"""One connection for the commands of all tasks: what is sent in one turn of the loop leaves in one write."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoScriptError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import TimeoutError as NoAnswer

from ticketctl.locks._clock import now
from ticketctl.locks._connection import AsyncConnection, Pool, Reply, connection_settings, streams_of
from ticketctl.locks._replies import NOT_YET, LoginRefusedError, Replies
from ticketctl.locks._scripts import LOAD

Answer = asyncio.Future[Reply]


_RECEIVED_AT_ONCE = 262_144


class _Sent:
    """A command, and where its answer goes."""

    __slots__ = ("answer", "at", "packed", "repeated")

    def __init__(self, packed: bytes, answer: Answer | None, *, repeated: bool = False) -> None:
        self.packed = packed
        self.answer = answer
        self.at = now()
        self.repeated = repeated

    def answered(self, value: Reply) -> None:
        # Who was cancelled has left a future that is done.
        if self.answer is None or self.answer.done():
            return
        if isinstance(value, BaseException):
            self.answer.set_exception(value)
        else:
            self.answer.set_result(value)

    @property
    def abandoned(self) -> bool:
        return self.answer is None or self.answer.done()


class _Line:
    """A connection while it works; the first fault ends it for all who wait for an answer."""

    def __init__(self, connection: AsyncConnection, timeout: float, scripts: Sequence[bytes]) -> None:
        self.open = True
        self._scripts = scripts
        self._connection = connection
        self._reader, self._writer = streams_of(connection)
        self._timeout = timeout
        self._outgoing: list[_Sent] = []
        self._expected: deque[_Sent] = deque()
        self._to_send = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._write()), loop.create_task(self._read())]
        self._timer = loop.call_later(timeout, self._watch)

    def send(self, sent: Iterable[_Sent]) -> None:
        self._outgoing.extend(sent)
        self._to_send.set()

    async def _write(self) -> None:
        with self._ending_on_failure():
            while True:
                await self._to_send.wait()
                self._to_send.clear()
                outgoing, self._outgoing = self._outgoing, []
                self._expected.extend(outgoing)
                packed = b"".join([sent.packed for sent in outgoing])
                self._writer.write(packed)
                await self._writer.drain()

    async def _read(self) -> None:
        replies = Replies()
        with self._ending_on_failure():
            while True:
                replies.feed(await self._reader.read(_RECEIVED_AT_ONCE) or _closed())
                while (value := replies.next()) is not NOT_YET:
                    self._answered(self._expected.popleft(), value)

    def _answered(self, sent: _Sent, value: Reply) -> None:
        if isinstance(value, NoScriptError) and not sent.repeated:
            self._repeat(sent)
            return
        sent.answered(value)
        if isinstance(value, ReadOnlyError):
            raise value  # a replica now; its name may lead to another server

    def _repeat(self, sent: _Sent) -> None:
        """Send a script again that the server did not know, unless nobody waits for it: what undoes it has left."""
        if not sent.abandoned:
            again = _Sent(sent.packed, sent.answer, repeated=True)
            self.send([*(_Sent(packed, None) for packed in self._scripts), again])

    def _watch(self) -> None:
        """End a connection on which the oldest answer is overdue."""
        oldest = next(iter(self._expected), None)
        due = now() + self._timeout if oldest is None else oldest.at + self._timeout
        if due <= now():
            self.end(NoAnswer("no answer in time"))
        else:
            self._timer = asyncio.get_running_loop().call_later(due - now(), self._watch)

    @contextlib.contextmanager
    def _ending_on_failure(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError, asyncio.CancelledError) as error:
            self.end(error if not isinstance(error, asyncio.CancelledError) else LostConnection("closed"))
        # A bug must not leave others waiting for ever.
        except BaseException:
            self.end(LostConnection("the reading of answers failed"))
            raise

    def end(self, error: BaseException) -> None:
        if not self.open:
            return
        self.open = False
        self._timer.cancel()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        for sent in (*self._expected, *self._outgoing):
            failure = LostConnection(str(error) or type(error).__name__)
            failure.__cause__ = error
            sent.answered(failure)

    async def closed(self) -> None:
        """Wait until nothing of it is left."""
        await asyncio.wait(self._tasks)
        await self._connection.disconnect(nowait=True)


class Wire:
    """The way to the server. Tasks of its own hold the connection: whoever is cancelled leaves a future, and no more.

    Args:
        pool: The pool of the caller's client; its settings are used, its connections are left alone.
        timeout: Seconds that an answer may take.
        scripts: Commands that make a server know the scripts, sent when it says that it does not.
    """

    def __init__(self, pool: Pool, timeout: float, scripts: Sequence[bytes] = LOAD) -> None:
        self._pool = pool
        self._timeout = timeout
        self._scripts = scripts
        self._line: _Line | None = None
        self._early: list[_Sent] = []
        self._opening: asyncio.Task[None] | None = None

    async def connection(self) -> AsyncConnection:
        """Return a new connection that is open and logged in, and waits for ever for what comes."""
        settings = connection_settings(self._pool, self._timeout, Retry(NoBackoff(), 0))
        settings["socket_timeout"] = None
        connection: AsyncConnection = self._pool.connection_class(**settings)
        try:
            async with asyncio.timeout(self._timeout):
                await connection.connect()
        except AuthenticationError as error:
            raise LoginRefusedError(str(error)) from error
        except TimeoutError as error:
            raise NoAnswer("no connection in time") from error
        return connection

    def send(self, packed: bytes) -> Answer:
        """Send a command after all that was sent before.

        Returns:
            Its answer, or an exception of the driver. It may be abandoned.
        """
        answer: Answer = asyncio.get_running_loop().create_future()
        sent = _Sent(packed, answer)
        if self._line is not None and self._line.open:
            self._line.send([sent])
        else:
            self._early.append(sent)
            if self._opening is None:
                self._opening = asyncio.get_running_loop().create_task(self._open())
        return answer

    async def _open(self) -> None:
        failure: BaseException | None = LostConnection("closed")
        line, self._line = self._line, None
        try:
            if line is not None:
                await line.closed()
            self._line = _Line(await self.connection(), self._timeout, self._scripts)
            failure = None
        except (RedisError, OSError) as error:
            failure = error
        finally:
            self._opening = None
            early, self._early = self._early, []
            if failure is None and self._line is not None:
                self._line.send(early)
            else:
                for sent in early:
                    sent.answered(failure)

    async def close(self) -> None:
        """Close the connection; a later command makes a new one."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        line, self._line = self._line, None
        if line is not None:
            line.end(LostConnection("closed"))
            await line.closed()


def _closed() -> bytes:
    raise LostConnection("the server closed the connection")
