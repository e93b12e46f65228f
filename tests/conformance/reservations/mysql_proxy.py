"""A proxy between MySQL clients and their server that loses and holds back what the test says.

It knows where queries and their answers end. It can cut a connection before a query is passed on, while the server
carries it out, and after the server has answered and before the client hears so: the COMMIT was done, and nobody knows.
Only COM_QUERY is looked at, counted and disturbed; the login, prepared statements and the rest pass as they are.

TLS and compression would hide the queries, so the server's greeting is rewritten to offer neither. The passwords of
caching_sha2_password pass encrypted all the same, with the server's RSA key.

It runs in a thread with a loop of its own, so tests with and without asyncio use it, and processes that they start.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, TypeVar

from conformance.reservations.mysql_faults import (
    MOMENTS,
    PATIENCE,
    Cut,
    Ending,
    Fault,
    Hold,
    Matching,
    Moment,
    Part,
    Plan,
    Query,
    anything,
    like,
    starting,
)
from conformance.reservations.mysql_link import Link
from conformance.reservations.mysql_wire import UnsupportedError

__all__ = [
    "MOMENTS",
    "PATIENCE",
    "Cut",
    "Ending",
    "Fault",
    "Hold",
    "Matching",
    "Moment",
    "MysqlProxy",
    "Part",
    "Query",
    "UnsupportedError",
    "anything",
    "like",
    "starting",
]

_F = TypeVar("_F", bound=Fault)
_T = TypeVar("_T")
HOST = "127.0.0.1"


class MysqlProxy:
    """Forwards a port of 127.0.0.1, from when it is made until `close` or the end of its block.

    Args:
        server_port: Port of the server on 127.0.0.1.

    Attributes:
        port: Where it listens.
        server_port: Where it leads to.
        opened: How many connections clients have made.
    """

    def __init__(self, server_port: int) -> None:
        self.opened = 0
        self.server_port = server_port
        # Keeps the port while nobody listens there.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._place.bind((HOST, 0))
        self.port: int = self._place.getsockname()[1]
        self._listener: asyncio.Server | None = None
        self._plan = Plan()
        self._links: set[Link] = set()
        self._failures: list[Exception] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mysql proxy", daemon=True)
        self._thread.start()
        self._wait_for(self._listen())

    def __enter__(self) -> MysqlProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except UnsupportedError as failure:
            if error is None:
                raise
            error.add_note(f"before that, the proxy failed: {failure!r}")

    def close(self) -> None:
        """End every connection, the listener and the thread.

        Raises:
            UnsupportedError: Something has passed that it does not understand.
        """
        if not self._loop.is_closed():
            self._wait_for(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(PATIENCE)
            self._loop.close()
            self._place.close()
        if self._failures:
            raise self._failures.pop(0)

    # --- what went wrong, and what will -----------------------------------------------------------

    def arm(self) -> None:
        """Count from here: the log is empty, and what is planned is meant for the queries that come now."""
        self._do(self._plan.arm)

    def cut(
        self,
        moment: Moment,
        number: int | None = 1,
        matching: Matching = anything,
        *,
        ending: Ending = "close",
        linger: float = 2.0,
    ) -> Cut:
        """Cut the connection of a query that is still to come.

        Args:
            moment: When, as seen from the query.
            number: The first, second... of those that match; None cuts at each of them.
            matching: Which queries count.
            ending: How the client sees it.
            linger: For `sent`: seconds until the connection to the server is closed as well, unless `release` does it.
        """
        return self._planned(Cut(number, matching, self._loop, moment=moment, ending=ending, linger=linger))

    def hold(
        self, part: Part, number: int | None = 1, matching: Matching = anything, *, seconds: float | None = None
    ) -> Hold:
        """Hold back a query that is still to come, or its answer, until its `release`; its connection stands still.

        What the client does meanwhile, hanging up too, reaches the server afterwards.

        Args:
            part: The query, or the answer, which is complete by then.
            number: The first, second... of those that match; None holds each of them.
            matching: Which queries count.
            seconds: Seconds at most; None is without limit.
        """
        return self._planned(Hold(number, matching, self._loop, part=part, seconds=seconds))

    def delay(self, *, queries: float = 0.0, answers: float = 0.0) -> None:
        """Pass every query, and every answer to one, on so many seconds later, 20 at most; 0 ends it."""
        assert max(queries, answers) <= PATIENCE
        self._plan.delays = {"query": queries, "answer": answers}

    def refuse(self, refusing: bool = True) -> None:
        """Listen no more, or again; connections that are open stay."""
        self._wait_for(self._refuse() if refusing else self._listen())

    def blackhole(self) -> None:
        """Pass nothing on until `heal`, hanging up neither; connections are accepted as before."""
        self._do(self._plan.passing.clear)

    def heal(self) -> None:
        """Pass everything on again, what was held back first; nothing is planned any more."""
        self._do(self._plan.heal)
        self.refuse(False)

    def cut_all(self, ending: Ending = "close") -> None:
        """Cut every connection that is open."""

        def close() -> None:
            for link in list(self._links):
                link.close(ending)

        self._do(close)

    def each_query(
        self, moment: Moment, matching: Matching = anything, *, ending: Ending = "close", at_most: int = 1000
    ) -> Iterator[Cut]:
        """Yield a cut at the first query after `arm`, at the second..., up to one that does not happen.

        The body does the same thing each time: it prepares, calls `arm`, and goes through the operation.

        Raises:
            AssertionError: It never comes to an end, or the body does not call `arm`.
        """
        for number in itertools.count(1):
            assert number <= at_most, "it never comes to an end"
            cut = Cut(number, matching, self._loop, moment=moment, ending=ending, armed=False)
            yield self._planned(cut)
            assert cut.armed, "nothing was cut: `arm` says where the operation begins"
            self.heal()
            if not cut.happened.is_set():
                return

    # --- what passed ------------------------------------------------------------------------------

    @property
    def queries(self) -> list[Query]:
        """What arrived since `arm`, in order, over all connections."""
        return list(self._plan.queries)

    def texts(self, connection: int | None = None) -> list[str]:
        """The SQL that arrived since `arm`, on one connection or on all."""
        return [query.text for query in self.queries if connection in (None, query.connection)]

    @property
    def connections(self) -> int:
        """How many connections of clients are open."""
        return sum(link.is_open for link in list(self._links))

    # --- the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _wait_for(self, doing: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(PATIENCE)

    def _do(self, action: Callable[[], object]) -> None:
        async def act() -> None:
            action()

        self._wait_for(act())

    def _planned(self, fault: _F) -> _F:
        self._plan.faults.append(fault)
        return fault

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, HOST, self.port, reuse_port=True)

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _accept(self, from_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.opened += 1
        link = Link(self.opened, client, self._plan)
        self._links.add(link)
        try:
            await link.serve(from_client, HOST, self.server_port)
        except asyncio.CancelledError:  # by `close` alone; asyncio would report it as an error
            pass
        finally:
            self._failures += link.failures
            self._links.discard(link)

    async def _end(self) -> None:
        await self._refuse()
        links: set[Link] = set()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            links |= self._links
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        for link in links:
            await link.abort()
