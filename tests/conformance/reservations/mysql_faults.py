"""What a test plans to go wrong, and with which query."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Moment = Literal["before", "sent", "after", "mid"]
"""When a connection is cut, as seen from a query: before it is passed on; right after that, while the server carries it
out; once the server has answered and the client has not heard of it; when the client has half of the answer."""
MOMENTS: tuple[Moment, ...] = ("before", "sent", "after", "mid")
Ending = Literal["close", "reset"]
"""How the client sees a cut: as the end of the stream, or as an error."""
Part = Literal["query", "answer"]
PATIENCE = 20.0  # seconds that nothing here takes, unless something hangs


@dataclass(frozen=True, slots=True)
class Query:
    """A COM_QUERY that arrived.

    Attributes:
        number: Which one over all connections, counted from 1.
        connection: Number of the client's connection, counted from 1.
        text: The SQL.
        at: When it arrived, on the monotonic clock.
    """

    number: int
    connection: int
    text: str
    at: float


Matching = Callable[[Query], bool]


def anything(_query: Query) -> bool:
    """Match every query."""
    return True


def starting(*beginnings: str) -> Matching:
    """Match the queries that begin so, in capitals or not, with whatever white space."""
    wanted = tuple(_plain(beginning) for beginning in beginnings)
    return lambda query: _plain(query.text).startswith(wanted)


def like(pattern: str) -> Matching:
    """Match the queries in which a regular expression is found, in capitals or not; `.` is a line's end, too."""
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda query: compiled.search(query.text) is not None


def _plain(text: str) -> str:
    return " ".join(text.upper().split())


@dataclass(eq=False)
class Fault:
    """Something that will go wrong.

    Attributes:
        number: With which of the queries that match, counted from 1; None is each of them.
        matching: Which queries count.
        happened: Set once it went wrong.
        answered: Set once the server has answered such a query.
        met: The queries that it went wrong with.
        armed: Whether queries count; if not, they do from the next `arm` on.
    """

    number: int | None
    matching: Matching
    loop: asyncio.AbstractEventLoop = field(repr=False)
    happened: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)
    met: list[Query] = field(default_factory=list)
    armed: bool = True
    seen: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def concerns(self, query: Query) -> bool:
        """Count a query, and tell whether it is the one."""
        is_over = self.number is not None and bool(self.met)
        if is_over or not self.armed or not self.matching(query):
            return False
        self.seen += 1
        if self.number not in (None, self.seen):
            return False
        self.met.append(query)
        return True

    def wait(self, *, answered: bool = False) -> None:
        """Wait until it happened, or until the server has answered.

        Raises:
            AssertionError: It does not.
        """
        event = self.answered if answered else self.happened
        assert event.wait(PATIENCE), f"{self} is still to come"

    def release(self) -> None:
        """Go on: a hold is over, and the connection to the server that a cut has left open is closed."""
        with contextlib.suppress(RuntimeError):  # the proxy was closed, so nothing stands still
            self.loop.call_soon_threadsafe(self.released.set)


@dataclass(eq=False, kw_only=True)
class Cut(Fault):
    """A connection that will be cut.

    Attributes:
        moment: When.
        ending: How the client sees it.
        linger: For `sent`: for how many seconds at most the server keeps its side.
    """

    moment: Moment
    ending: Ending = "close"
    linger: float = 2.0


@dataclass(eq=False, kw_only=True)
class Hold(Fault):
    """A connection that will stand still, as if one of its ends were stopped.

    Attributes:
        part: Before the query is passed on, or before its answer is.
        seconds: For how long at most; None is until `release`.
    """

    part: Part
    seconds: float | None = None


class Plan:
    """What the connections of a proxy go by; used in the proxy's thread.

    Attributes:
        queries: What arrived.
        faults: What will go wrong, or did.
        delays: Seconds by which each part is late.
        passing: Set while anything is passed on.
    """

    def __init__(self) -> None:
        self.queries: list[Query] = []
        self.faults: list[Fault] = []
        self.delays: dict[Part, float] = {"query": 0.0, "answer": 0.0}
        self.passing = asyncio.Event()
        self.passing.set()

    def meet(self, connection: int, text: str) -> list[Fault]:
        """Write a query down, and return what will go wrong with it."""
        query = Query(len(self.queries) + 1, connection, text, time.monotonic())
        self.queries.append(query)
        return [fault for fault in list(self.faults) if fault.concerns(query)]

    def arm(self) -> None:
        """Count from here."""
        self.queries.clear()
        for fault in self.faults:
            fault.armed, fault.seen = True, 0

    def heal(self) -> None:
        """Let everything pass."""
        self.delays = {"query": 0.0, "answer": 0.0}
        for fault in self.faults:
            fault.released.set()
        self.faults.clear()
        self.passing.set()

    async def stand_still(self, part: Part, faults: Sequence[Fault]) -> None:
        """Return when a query, or its answer, may pass."""
        for hold in faults:
            if isinstance(hold, Hold) and hold.part == part:
                hold.happened.set()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(hold.seconds):
                        await hold.released.wait()
        await asyncio.sleep(self.delays[part])
        await self.passing.wait()
