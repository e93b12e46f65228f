"""One connection of a MySQL client, passed on to the server as a plan says."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from conformance.reservations.mysql_faults import Cut, Ending, Fault, Plan
from conformance.reservations.mysql_wire import Answer, Packets, answers_without_eof, query_text, without_offers

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is unsent is thrown away, and the other side told so


class Link:
    """A connection of a client with its continuation to the server.

    Args:
        number: Which connection of the proxy.
        client: Where the client listens.
        plan: What goes wrong.

    Attributes:
        failures: What has ended the connection and should not have.
    """

    def __init__(self, number: int, client: asyncio.StreamWriter, plan: Plan) -> None:
        self.failures: list[Exception] = []
        self._number = number
        self._client = client
        self._server: asyncio.StreamWriter | None = None
        self._plan = plan
        self._without_eof: bool | None = None  # None until the client has logged in
        self._answer: Answer | None = None
        self._answered: asyncio.Future[bytes | None] | None = None
        self._idle = asyncio.Event()  # no query is being carried out
        self._idle.set()

    @property
    def is_open(self) -> bool:
        """Whether the client has its connection."""
        return not self._client.is_closing()

    async def serve(self, from_client: asyncio.StreamReader, host: str, port: int) -> None:
        """Connect to the server, and pass on until the connection is over."""
        try:
            await self._plan.passing.wait()
            from_server, self._server = await asyncio.open_connection(host, port)
            await asyncio.gather(
                self._kept(partial(self._to_server, self._server, Packets(from_client))),
                self._kept(partial(self._to_client, Packets(from_server))),
            )
        except OSError:  # a server that is not there is not there through the proxy either
            self._client.transport.abort()
        finally:
            self.close()

    def close(self, ending: Ending = "close") -> None:
        """Hang up on both."""
        self._close_client(ending)
        if self._server is not None:
            self._server.close()
        self._ask_no_more()

    async def abort(self) -> None:
        """Hang up on both, and return when it is done: not even what the other side does not read keeps it."""
        for writer in (self._client, self._server):
            if writer is not None:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    def _close_client(self, ending: Ending) -> None:
        if ending == "reset":
            self._client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._client.transport.abort()
        self._client.close()

    # --- the two directions -----------------------------------------------------------------------

    async def _kept(self, direction: Callable[[], Awaitable[None]]) -> None:
        """One direction; when it ends, the other one does."""
        try:
            await direction()
        except ConnectionError:  # nothing that a proxy has to report
            pass
        except Exception as error:
            self.failures.append(error)
        finally:
            self.close()

    async def _to_server(self, server: asyncio.StreamWriter, packets: Packets) -> None:
        while self.is_open and (packet := await packets.next()) is not None:
            text = query_text(packet)
            if text is not None:
                await self._ask(server, packet, self._plan.meet(self._number, text))
                continue
            if self._without_eof is None:
                self._without_eof = answers_without_eof(packet)
            await self._plan.passing.wait()
            server.write(packet)
            await server.drain()
        await self._plan.passing.wait()

    async def _to_client(self, packets: Packets) -> None:
        greeting = True
        while (packet := await packets.next()) is not None:
            if self._answer is not None:
                self._collect(packet)
                continue
            await self._plan.passing.wait()
            self._client.write(without_offers(packet) if greeting else packet)
            greeting = False
            await self._client.drain()
        self._ask_no_more()
        await self._idle.wait()  # the last words come first
        await self._plan.passing.wait()

    # --- a query ----------------------------------------------------------------------------------

    async def _ask(self, server: asyncio.StreamWriter, packet: bytes, faults: Sequence[Fault]) -> None:
        cut = next((fault for fault in faults if isinstance(fault, Cut)), None)
        self._idle.clear()
        try:
            await self._plan.stand_still("query", faults)
            if cut is not None and cut.moment == "before":
                self._cut(cut)
                return
            self._answer = Answer(bool(self._without_eof))
            self._answered = asyncio.get_running_loop().create_future()
            server.write(packet)
            if cut is not None and cut.moment == "sent":
                await self._leave(cut, self._answered)
            else:
                await self._reply(faults, cut, await self._answered)
        finally:
            self._idle.set()

    def _collect(self, packet: bytes) -> None:
        assert self._answer is not None
        if self._answer.take(packet):
            whole, self._answer = bytes(self._answer.raw), None
            if self._answered is not None and not self._answered.done():
                self._answered.set_result(whole)

    def _ask_no_more(self) -> None:
        """Have whoever waits for an answer know that none comes."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    async def _leave(self, cut: Cut, answered: asyncio.Future[bytes | None]) -> None:
        """Cut the client now, and the server later."""
        answered.add_done_callback(lambda whole: None if whole.result() is None else cut.answered.set())
        cut.happened.set()
        self._close_client(cut.ending)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(cut.linger):
                await cut.released.wait()
        self.close()

    async def _reply(self, faults: Sequence[Fault], cut: Cut | None, answer: bytes | None) -> None:
        if answer is None:  # the server has hung up
            return
        for fault in faults:
            fault.answered.set()
        await self._plan.stand_still("answer", faults)
        if cut is not None:
            if cut.moment == "mid":
                self._client.write(answer[: len(answer) // 2])
            self._cut(cut)
            return
        self._client.write(answer)
        await self._client.drain()

    def _cut(self, cut: Cut) -> None:
        cut.happened.set()  # first: whoever sees the cut may look
        self.close(cut.ending)
