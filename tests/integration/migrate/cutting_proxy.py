"""A proxy between a MySQL client and its server that can end things after any packet.

It knows where the client's packets end, counts them over all connections in the order in which they arrive, and
at one of them stops passing anything on, does what the test wants done, and then closes, resets or silences
every connection. As a client waits for each answer, packet number N is the same thing in every run.

TLS would hide the packets, so the server's greeting is rewritten to offer none. The account must be able to log
in without: one with an empty password can.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal

from integration.migrate.mysql_packets import Packet, describe, rewrite_greeting, whole_length

Moment = Literal["before", "sent", "answered"]
"""Before the packet is passed on; right after; or once the server has begun to answer it."""
Ending = Literal["close", "reset", "silence", "late"]
"""What becomes of the connections: closed as by a process that ends, reset, left open without a word, or closed
but for the one of the packet, which is held back until `release`."""

PATIENCE = 20.0  # seconds that nothing here takes, unless something hangs


@dataclass(frozen=True, slots=True)
class Cut:
    """Where to end things, and how.

    Attributes:
        packet: Number of the packet, counted from 1.
        action: Done while nothing is passed on.
        moment: When, as seen from the packet.
        ending: What becomes of the connections after the action.
    """

    packet: int
    action: Callable[[], object] = lambda: None
    moment: Moment = "sent"
    ending: Ending = "close"


@dataclass(eq=False)
class _Link:
    """One connection of the client with its continuation to the server."""

    client: socket.socket
    server: socket.socket
    number: int = 0  # until its first packet: a client hangs up on a server without TLS, and comes again
    greeting: bytearray | None = field(default_factory=bytearray)  # None once it is passed on
    pending: bytearray = field(default_factory=bytearray)

    def take_packet(self) -> bytes | None:
        """Return the next whole packet of the client with its header, None while it is incomplete."""
        end = whole_length(self.pending)
        if not end:
            return None
        packet = bytes(self.pending[:end])
        del self.pending[:end]
        return packet


class CuttingProxy:
    """Listens on a port of 127.0.0.1 while its block is open.

    Args:
        port: Port of the server on 127.0.0.1.
        cut: Where to end things; None passes everything on.
        thread_id: Connection id to tell the client instead of its own, as a pooling proxy does.
    """

    def __init__(self, port: int, *, cut: Cut | None = None, thread_id: int | None = None) -> None:
        self.packets: list[Packet] = []
        self.happened = threading.Event()
        self._standing_still = False
        self._server = ("127.0.0.1", port)
        self._cut = cut
        self._thread_id = thread_id
        self._links: list[_Link] = []
        self._unanswered: list[socket.socket] = []
        self._held: tuple[_Link, bytes] | None = None
        self._answer_of: _Link | None = None
        self._failure: BaseException | None = None
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="cutting proxy", daemon=True)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> CuttingProxy:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waker.close()
        self._thread.join(PATIENCE)
        for link in self._links:
            link.client.close()
            link.server.close()
        for stream in (self._listener, self._wake, *self._unanswered):
            stream.close()
        self._selector.close()
        if self._failure is not None and error is None:
            raise self._failure

    def release(self) -> bytes:
        """Let the packet through that was held back, and return the server's answer: empty if it hung up."""
        assert self._held is not None, "nothing is held back"
        (link, packet), self._held = self._held, None
        link.server.settimeout(PATIENCE)
        try:
            link.server.sendall(packet)
            return link.server.recv(65536)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        finally:
            link.server.close()

    # --- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._pass_on():
                pass
        except BaseException as error:  # raised again where the block ends
            self._failure = error

    def _pass_on(self) -> bool:
        for key, _ in self._selector.select():
            if key.fileobj is self._wake:
                return False
            if key.fileobj is self._listener:
                self._accept()
            elif key.data is not None and not self._standing_still:
                self._receive(key.data, key.fileobj is key.data.client)
        return True

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._standing_still:  # after the end nobody gets through
            if self._cut is not None and self._cut.ending == "silence":
                self._unanswered.append(client)
            else:
                client.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = self._connect(client)
        if server is None:
            return
        link = _Link(client, server)
        self._links.append(link)
        for stream in (client, server):
            self._selector.register(stream, selectors.EVENT_READ, link)

    def _connect(self, client: socket.socket) -> socket.socket | None:
        try:
            server = socket.create_connection(self._server, PATIENCE)
        except OSError:  # a server that is not there is not there through the proxy either
            _reset(client)
            return None
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server

    def _receive(self, link: _Link, from_client: bool) -> None:
        source, target = (link.client, link.server) if from_client else (link.server, link.client)
        if source.fileno() < 0:
            return  # closed since this round began
        try:
            data = source.recv(65536)
        except ConnectionResetError:
            data = b""
        if link is self._answer_of:
            self._end(link)
        elif not data:
            self._hang_up(link)
        elif from_client:
            self._take_from_client(link, data)
        else:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                target.sendall(self._greeting(link, data) if link.greeting is not None else data)

    def _greeting(self, link: _Link, data: bytes) -> bytes:
        assert link.greeting is not None
        link.greeting += data
        if not whole_length(link.greeting):
            return b""
        whole, link.greeting = bytes(link.greeting), None
        return rewrite_greeting(whole, self._thread_id)

    def _take_from_client(self, link: _Link, data: bytes) -> None:
        link.pending += data
        while not self._standing_still and (packet := link.take_packet()) is not None:
            link.number = link.number or self._next_number()
            self.packets.append(describe(packet, link.number))
            if self._cut is None or self._answer_of is not None or self._cut.packet != len(self.packets):
                self._send(link, packet)
            elif self._cut.moment == "before":
                self._held = (link, packet)
                self._end(link)
            else:
                self._send(link, packet)
                if self._cut.moment == "sent":
                    self._end(link)
                else:
                    self._answer_of = link

    def _next_number(self) -> int:
        return max(link.number for link in self._links) + 1

    def _send(self, link: _Link, packet: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            link.server.sendall(packet)

    def _hang_up(self, link: _Link) -> None:
        for stream in (link.client, link.server):
            with contextlib.suppress(KeyError):
                self._selector.unregister(stream)
            stream.close()

    def _end(self, at: _Link) -> None:
        """Do what the test wants done, with everything standing still."""
        assert self._cut is not None
        self._standing_still = True
        self._cut.action()
        for link in self._links:
            for stream in (link.client, link.server):
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(stream)
                if self._cut.ending == "reset":
                    _reset(stream)
                elif self._cut.ending == "close" or (self._cut.ending == "late" and stream is not at.server):
                    stream.close()
        self.happened.set()


def _reset(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
