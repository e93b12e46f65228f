"""A proxy between Redis clients and their server that loses, delays and holds back what the test says.

It knows where commands and answers end. It can cut a connection before a command is passed on, or after the server
has answered it and before the client hears so: the command was carried out, and nobody knows. What is held back is
passed on later, even when the client has gone: a network may do so.

It runs in a thread with a loop of its own, so tests with and without asyncio use it, and processes that they start.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, TypeVar

from conformance.locks.resp import Frame, take_frame, words

_T = TypeVar("_T")
Moment = Literal["before", "after"]
"""Before a command is passed on, or after it was carried out: its answer is lost."""
Direction = Literal["requests", "replies", "messages"]
"""From the client, to it, and to it on connections that have subscribed to something."""
DIRECTIONS: tuple[Direction, ...] = ("requests", "replies", "messages")
PATIENCE = 20.0  # seconds that nothing here takes, unless something hangs


@dataclass(frozen=True, slots=True)
class Request:
    """A command that arrived.

    Attributes:
        connection: Number of the client's connection, counted from 1.
        words: The command with its arguments.
        at: When it arrived, on the monotonic clock.
    """

    connection: int
    words: tuple[bytes, ...]
    at: float

    @property
    def name(self) -> str:
        return self.words[0].decode().upper()


def anything(_request: Request) -> bool:
    """Match every command."""
    return True


def named(*names: str) -> Callable[[Request], bool]:
    """Match the commands of those names."""
    return lambda request: request.name in names


@dataclass(eq=False)
class Cut:
    """A connection that will be cut.

    Attributes:
        number: At which of the commands that match, counted from 1.
        moment: When, as seen from that command.
        matching: Which commands count.
        happened: Set once it was cut.
    """

    number: int
    moment: Moment
    matching: Callable[[Request], bool] = anything
    happened: threading.Event = field(default_factory=threading.Event)
    seen: int = 0

    def concerns(self, request: Request) -> bool:
        """Count a command, and tell whether it is the one."""
        if self.happened.is_set() or not self.matching(request):
            return False
        self.seen += 1
        return self.seen == self.number


@dataclass(eq=False)
class _Link:
    """One connection of a client with its continuation to the server."""

    number: int
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    # For each command that will be answered: the cut that its answer is lost by.
    unanswered: deque[Cut | None] = field(default_factory=deque)
    subscribed: bool = False

    def close(self) -> None:
        for writer in (self.client, self.server):
            writer.close()


class RedisProxy:
    """Forwards a port of 127.0.0.1; ends with its block.

    Attributes:
        port: Where it listens.
        server_port: Where it leads to.
        requests: What arrived, in order, over all connections.
        opened: How many connections clients have made.
    """

    def __init__(self, server_port: int) -> None:
        self.requests: list[Request] = []
        self.opened = 0
        self.server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._cuts: list[Cut] = []
        self._delays: dict[Direction, float] = dict.fromkeys(DIRECTIONS, 0.0)
        self._open = {direction: asyncio.Event() for direction in DIRECTIONS}
        self._refusing = False
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="redis proxy", daemon=True)
        self._failures: list[BaseException] = []

    def __enter__(self) -> RedisProxy:
        for passage in self._open.values():
            passage.set()
        self._thread.start()
        self._here(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._here(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        if self._failures and error is None:
            raise self._failures[0]

    # --- what tests say ---------------------------------------------------------------------------

    def cut(self, moment: Moment, number: int = 1, matching: Callable[[Request], bool] = anything) -> Cut:
        """Cut the connection of a command that is still to come: the first, second... of those that match."""
        cut = Cut(number, moment, matching)
        self._cuts.append(cut)
        return cut

    def cut_all(self) -> None:
        """Cut every connection that is open."""

        async def close() -> None:
            for link in list(self._links):
                link.close()

        self._here(close())

    def delay(self, *, requests: float = 0.0, replies: float = 0.0, messages: float = 0.0) -> None:
        """Pass everything on so many seconds after it came; what comes meanwhile waits behind it."""
        self._delays = {"requests": requests, "replies": replies, "messages": messages}

    def silence(self, *directions: Direction) -> None:
        """Hold everything back, in all directions if none is named; connections are accepted as before."""
        for direction in directions or DIRECTIONS:
            self._here(self._turn(direction, False))

    def resume(self) -> None:
        """Pass on what was held back."""
        for direction in DIRECTIONS:
            self._here(self._turn(direction, True))

    def move_to(self, server_port: int) -> None:
        """Lead to another server from now on, and cut what leads to the old one."""
        self.server_port = server_port
        self.cut_all()

    def refuse(self, refusing: bool = True) -> None:
        """Close new connections at once, as if nobody listened; those that are open stay."""
        self._refusing = refusing

    @property
    def connections(self) -> int:
        """How many connections of clients are open."""
        return len(self._links)

    # --- the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _here(self, doing: Coroutine[Any, Any, _T]) -> _T:
        waiting: Future[_T] = asyncio.run_coroutine_threadsafe(doing, self._loop)
        return waiting.result(PATIENCE)

    async def _turn(self, direction: Direction, passing: bool) -> None:
        (self._open[direction].set if passing else self._open[direction].clear)()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=self._listener)

    async def _end(self) -> None:
        self._server.close()
        for link in list(self._links):
            link.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, from_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._refusing:
            client.transport.abort()
            return
        try:
            from_server, server = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:  # a server that is not there is not there through the proxy either
            client.transport.abort()
            return
        self.opened += 1
        link = _Link(self.opened, client, server)
        self._links.add(link)
        try:
            await asyncio.gather(
                self._pass_on(link, from_client, self._to_server),
                self._pass_on(link, from_server, self._to_client),
            )
        except asyncio.CancelledError:
            pass
        except Exception as error:  # raised again where the block ends
            self._failures.append(error)
        finally:
            link.close()
            self._links.discard(link)

    async def _pass_on(self, link: _Link, source: asyncio.StreamReader, send: Callable[[_Link, Frame], bool]) -> None:
        def direction() -> Direction:
            if send == self._to_server:
                return "requests"
            return "messages" if link.subscribed else "replies"

        arrived = bytearray()
        going_on = True
        # A connection that was lost is nothing that this proxy has to report.
        with contextlib.suppress(ConnectionError):
            while going_on and (data := await source.read(65536)):
                due = time.monotonic() + self._delays[direction()]
                arrived += data
                while going_on and (frame := take_frame(arrived)) is not None:
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    await self._open[direction()].wait()
                    going_on = send(link, frame)
        link.close()

    def _to_server(self, link: _Link, frame: Frame) -> bool:
        request = Request(link.number, words(frame.value), time.monotonic())
        self.requests.append(request)
        cut = next((cut for cut in self._cuts if cut.concerns(request)), None)
        if cut is not None and cut.moment == "before":
            link.close()
            cut.happened.set()
            return False
        link.subscribed |= request.name.endswith("SUBSCRIBE")
        link.unanswered.append(cut)
        link.server.write(frame.raw)
        return True

    def _to_client(self, link: _Link, frame: Frame) -> bool:
        # In RESP2 messages look like answers, and they come when nothing is unanswered.
        if link.unanswered and (link.subscribed or frame.kind != b">"):
            cut = link.unanswered.popleft()
            if cut is not None:
                link.close()
                cut.happened.set()
                return False
        link.client.write(frame.raw)
        return True
