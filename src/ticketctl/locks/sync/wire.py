"""One connection for the commands of all threads: each sends when it likes, answers come in order."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Sequence

from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoScriptError, ReadOnlyError
from redis.exceptions import ConnectionError as LostConnection
from redis.retry import Retry

from ticketctl.locks._connection import Connection, Pool, Reply, connection_settings, socket_of
from ticketctl.locks._replies import NOT_YET, LoginRefusedError, Replies
from ticketctl.locks._scripts import LOAD
from ticketctl.locks.sync.turns import Turns

_RECEIVED_AT_ONCE = 8_192


class Stream:
    """The answers that come on a socket.

    Args:
        opened: The socket; its time-out is how long an answer may take.
    """

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._replies = Replies()

    def next(self) -> Reply:
        """Wait for an answer; what the server refused is returned as an exception.

        Raises:
            redis.exceptions.RedisError: The connection was lost.
            OSError: The connection was lost.
        """
        while (answer := self._replies.next()) is NOT_YET:
            self.receive()
        return answer

    def ready(self) -> Reply:
        """Return an answer that has been received, `NOT_YET` if there is none."""
        return self._replies.next()

    def receive(self) -> None:
        """Wait for more to come in.

        Raises:
            redis.exceptions.RedisError: The connection was lost.
            OSError: The connection was lost.
        """
        data = self._socket.recv(_RECEIVED_AT_ONCE)
        if not data:
            raise LostConnection("the server closed the connection")
        self._replies.feed(data)


class _Line:
    """A connection while it works; the first fault ends it for all who wait for an answer."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failure: BaseException | None = None
        self._socket = socket_of(connection)
        self._stream = Stream(self._socket)
        self._sending = threading.Lock()
        self._reading = threading.Lock()
        # Of each answer that is to come, in order, where it goes.
        self._expected: deque[list[Reply]] = deque()

    def send(self, packed: bytes, count: int = 1) -> list[Reply]:
        """Send so many commands, and return where their answers will be."""
        answers: list[Reply] = []
        with self._sending:
            if self.failure is None:
                try:
                    self._expected.extend([answers] * count)
                    self._socket.sendall(packed)
                except BaseException as error:
                    self._end(error)
                    raise
        return answers

    def wait(self, answers: list[Reply], count: int = 1) -> None:
        """Wait until as many answers are there."""
        with self._reading:
            while len(answers) < count:
                if self.failure is not None:
                    raise LostConnection(str(self.failure)) from self.failure
                self._read()

    def _read(self) -> None:
        """Give whoever waits longest an answer."""
        try:
            answer = self._stream.next()
            if self._expected:  # another thread may have closed it
                self._expected.popleft().append(answer)
        except BaseException as error:
            self.close(error)
            raise

    def close(self, error: BaseException) -> None:
        with self._sending:
            self._end(error)

    def _end(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
        self._expected.clear()
        self.connection.disconnect()


class Wire:
    """The way to the server.

    Args:
        pool: The pool of the caller's client; its settings are used, its connections are left alone.
        timeout: Seconds that an answer may take.
        scripts: Commands that make a server know the scripts, sent when it says that it does not.
    """

    def __init__(self, pool: Pool, timeout: float, scripts: Sequence[bytes] = LOAD) -> None:
        self._pool = pool
        self._timeout = timeout
        self._scripts = scripts
        self._connecting = Turns()
        self._line: _Line | None = None

    def connection(self) -> Connection:
        """Return a new connection that is open and logged in."""
        settings = connection_settings(self._pool, self._timeout, Retry(NoBackoff(), 0))
        connection: Connection = self._pool.connection_class(**settings)
        try:
            connection.connect()
        except AuthenticationError as error:
            raise LoginRefusedError(str(error)) from error
        return connection

    def call(self, packed: bytes) -> Reply:
        """Send a command and return its answer.

        Raises:
            redis.exceptions.RedisError: The server refused, or the answer was lost.
            OSError: The answer was lost.
        """
        line = self._line
        if line is None or line.failure is not None:
            line = self._connected()
        answers = line.send(packed)
        line.wait(answers)
        answer = answers[0]
        if isinstance(answer, Exception):
            answer = self._unless_refused(line, packed, answer)
            if isinstance(answer, Exception):
                raise answer
        return answer

    def call_all(self, packed: Sequence[bytes]) -> list[Reply]:
        """Send commands in one write and return their answers, exceptions for what was refused.

        Raises:
            redis.exceptions.RedisError: The answers were lost.
            OSError: The answers were lost.
        """
        line = self._connected()
        answers = line.send(b"".join(packed), len(packed))
        line.wait(answers, len(packed))
        return [
            self._unless_refused(line, one, answer) if isinstance(answer, Exception) else answer
            for one, answer in zip(packed, answers, strict=True)
        ]

    def post(self, packed: Sequence[bytes]) -> None:
        """Send commands in one write and wait for nothing: whoever waits for an answer next reads theirs as well.

        Raises:
            redis.exceptions.RedisError: The connection was lost.
            OSError: The connection was lost.
        """
        self._connected().send(b"".join(packed), len(packed))

    def _unless_refused(self, line: _Line, packed: bytes, refusal: Exception) -> Reply:
        """Return the answer of a second try where that can help."""
        if isinstance(refusal, NoScriptError):
            count = len(self._scripts) + 1
            answers = line.send(b"".join((*self._scripts, packed)), count)
            line.wait(answers, count)
            return answers[-1]
        if isinstance(refusal, ReadOnlyError):
            line.close(refusal)  # a replica now; its name may lead to another server
        return refusal

    def _connected(self) -> _Line:
        with self._connecting.turn():
            if self._line is None or self._line.failure is not None:
                self._line = _Line(self.connection())
            return self._line

    def close(self) -> None:
        """Close the connection; a later command makes a new one."""
        line, self._line = self._line, None
        if line is not None:
            line.close(LostConnection("closed"))
