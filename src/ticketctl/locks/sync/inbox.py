"""The messages that tell a process of locks that it was handed: one connection, read by one of those who wait."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import threading
from collections.abc import Callable

from redis.exceptions import RedisError

from ticketctl.locks._clock import now
from ticketctl.locks._connection import Connection, socket_of
from ticketctl.locks._doubts import Doubts
from ticketctl.locks._replies import NOT_YET
from ticketctl.locks._resp import command
from ticketctl.locks.sync.turns import Turns
from ticketctl.locks.sync.wire import Stream


class _Link:
    """A connection that is subscribed, and a bell for whoever waits for its messages.

    Args:
        connection: The connection; closed with this.
        stream: What has come in on it.
    """

    def __init__(self, connection: Connection, stream: Stream) -> None:
        self.stream = stream
        self._connection = connection
        self._socket = socket_of(connection)
        # What TLS has taken from the socket already makes it readable no more.
        self._deciphered: Callable[[], int] = getattr(self._socket, "pending", lambda: 0)
        self._bell, self._button = socket.socketpair()
        self._bell.setblocking(False)
        self._button.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._poll.register(self._bell, select.POLLIN)

    def wait(self, seconds: float) -> None:
        """Wait until something comes in, the bell rings, or the time is over."""
        for descriptor, _ in self._poll.poll(None if seconds == math.inf else math.ceil(max(seconds, 0) * 1000)):
            if descriptor == self._bell.fileno():
                self._bell.recv(64)
            else:
                self.stream.receive()
                while self._deciphered():
                    self.stream.receive()

    def ring(self) -> None:
        """End the waiting, or the next one."""
        with contextlib.suppress(OSError):  # it rings already, or is closed
            self._button.send(b"!")

    def send(self, packed: bytes) -> None:
        """Send what needs no answer in time."""
        self._socket.sendall(packed)

    def close(self) -> None:
        """Close all of it; who waits is told that the connection is lost."""
        self._connection.disconnect()
        self._bell.close()
        self._button.close()

    __del__ = close


class Inbox:
    """A subscription that is opened when it is first needed.

    Args:
        connect: Makes a connection.
        channel: What it listens to.
        timeout: Seconds that an answer may take.
    """

    def __init__(self, connect: Callable[[], Connection], channel: str, timeout: float) -> None:
        self._connect = connect
        self._channel = channel
        self._opening = Turns()
        self._doubting = threading.Lock()
        self._link: _Link | None = None
        self._doubts = Doubts(timeout)

    @property
    def listening(self) -> bool:
        """Whether messages are heard, as far as is known."""
        return self._link is not None

    def listen(self) -> None:
        """Subscribe, and return when the server has confirmed it.

        Raises:
            redis.exceptions.RedisError: It could not be.
            OSError: It could not be.
        """
        with self._opening.turn():
            if self._link is not None:
                return
            self._link = self._subscribed(self._connect())
            self._doubts.heard()

    def _subscribed(self, connection: Connection) -> _Link:
        try:
            opened = socket_of(connection)
            stream = Stream(opened)
            opened.sendall(command("SUBSCRIBE", self._channel))
            if isinstance(answer := stream.next(), Exception):
                raise answer
            return _Link(connection, stream)
        except BaseException:
            connection.disconnect()
            raise

    def read(self, seconds: float) -> list[str]:
        """Wait for messages; for one thread at a time.

        Returns:
            The tokens that were granted a lock; none when the time is over, after `interrupt`, and when the connection
            is lost, which ends the listening.
        """
        link = self._link
        if link is None:
            return []
        try:
            link.wait(seconds)
            return self._tokens(link.stream)
        except (RedisError, OSError):
            self._drop(link)
            return []

    def _tokens(self, stream: Stream) -> list[str]:
        tokens = []
        while (message := stream.ready()) is not NOT_YET:
            self._doubts.heard()
            if message[0] == b"message":
                tokens.append(message[2].decode())
        return tokens

    def interrupt(self) -> None:
        """End the reading of another thread, or the next one."""
        if self._link is not None:
            self._link.ring()

    def doubt(self) -> None:
        """Make sure that the connection still works: a message seems to have been lost."""
        with self._doubting:
            link = self._link
            if link is None:
                return
            if self._doubts.dead(now()):
                self._drop(link)
            else:
                with contextlib.suppress(RedisError, OSError):
                    link.send(command("PING"))

    def close(self) -> None:
        """Stop listening."""
        self._drop(self._link)

    def _drop(self, link: _Link | None) -> None:
        if self._link is link:
            self._link = None
        if link is not None:
            link.close()
