"""Where connections to MySQL come from in these tests: as a program makes them, and with somebody looking over them.

A source is what `Reservations` or `AsyncReservations` is given as `connect`. `Watch` sees each statement that passes,
may change its text, and may do something before and after it; neither library nor driver is patched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncmy
import pymysql

from conformance.locks.either import Kind
from conformance.reservations.inventory import Inventory

CONNECTING = {"connect_timeout": 20}
# Reading the machine's certificates for each new connection takes longer than most tests; servers here need none.
PLAIN: dict[str, Any] = {"ssl_disabled": True}
Step = Callable[[int, str], object]
"""What is done at a statement: its number, counted from 0, and its text."""


class CrashError(BaseException):
    """A process ends here, for all that its servers can tell: nobody catches this."""


def source_of(kind: Kind, inventory: Inventory, port: int | None = None, **options: Any) -> Callable[[], Any]:
    """Return what makes connections as the service."""
    arguments = {**inventory.arguments(port), **CONNECTING, **options}
    if kind == "threads":
        return lambda: pymysql.connect(**{**PLAIN, **arguments})

    async def connect() -> Any:
        return await asyncmy.connect(**arguments)

    return connect


@dataclass
class Watch:
    """Looks at all statements of the connections that it has wrapped.

    Attributes:
        before: Called before a statement is sent.
        after: Called when its answer is there, and nobody has seen it.
        rewrite: Returns the text that is sent in place of one.
        texts: What was sent, but for the settings of new connections.
        parameters: The values that went with it.
        opened: How many connections were made.
        open: How many of them are.
        most: How many were open at one time at most.
        connections: All that were made, the driver's own.
    """

    before: Step | None = None
    after: Step | None = None
    rewrite: Callable[[str], str] = str
    texts: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)
    opened: int = 0
    open: int = 0
    most: int = 0
    connections: list[Any] = field(default_factory=list, repr=False)

    def over(self, kind: Kind, source: Callable[[], Any]) -> Callable[[], Any]:
        """Return a source whose connections are watched."""
        if kind == "threads":
            return lambda: _Watched(self, source())

        async def connect() -> Any:
            return _AsyncWatched(self, await source())

        return connect

    def begin(self) -> None:
        """Count statements from here."""
        self.texts.clear()

    def crash(self, number: int, _text: str = "") -> None:
        """Have whatever is at work end here."""
        raise CrashError(number)

    def vanish(self) -> None:
        """Close all connections, as the end of a process does."""
        for connection in self.connections:
            with suppress(Exception):
                connection.close()

    def numbers(self) -> set[int]:
        """Return the server's numbers of the connections."""
        return {int(connection.thread_id()) for connection in self.connections}

    def made(self, connection: Any) -> None:
        self.connections.append(connection)
        self.opened += 1
        self.open += 1
        self.most = max(self.most, self.open)

    def closed(self) -> None:
        self.open -= 1

    def sending(self, text: str, arguments: Any) -> tuple[int, str]:
        number = len(self.texts)
        if not _is_setting(text):
            self.texts.append(text)
            self.parameters.extend(arguments or ())
            if self.before is not None:
                self.before(number, text)
        return number, self.rewrite(text)

    def answered(self, number: int, text: str) -> None:
        if self.after is not None and not _is_setting(text):
            self.after(number, text)


def _is_setting(text: str) -> bool:
    return text.startswith("SET SESSION")


class _Watched:
    def __init__(self, watch: Watch, connection: Any) -> None:
        self._watch, self._connection = watch, connection
        self._is_open = True
        watch.made(connection)

    def cursor(self) -> _Cursor:
        return _Cursor(self._watch, self._connection.cursor())

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._watch.closed()
        self._connection.close()


class _Cursor:
    def __init__(self, watch: Watch, cursor: Any) -> None:
        self._watch, self._cursor = watch, cursor

    @property
    def rowcount(self) -> int:
        count: int = self._cursor.rowcount
        return count

    def execute(self, text: str, arguments: Any, /) -> object:
        number, rewritten = self._watch.sending(text, arguments)
        result: object = self._cursor.execute(rewritten, arguments)
        self._watch.answered(number, text)
        return result

    def fetchall(self) -> Any:
        return self._cursor.fetchall()


class _AsyncWatched(_Watched):
    def cursor(self) -> _AsyncCursor:  # type: ignore[override]  # its methods are awaited
        return _AsyncCursor(self._watch, self._connection.cursor())


class _AsyncCursor:
    def __init__(self, watch: Watch, cursor: Any) -> None:
        self._watch, self._cursor = watch, cursor

    @property
    def rowcount(self) -> int:
        count: int = self._cursor.rowcount
        return count

    async def execute(self, text: str, arguments: Any, /) -> object:
        number, rewritten = self._watch.sending(text, arguments)
        result: object = await self._cursor.execute(rewritten, arguments)
        self._watch.answered(number, text)
        return result

    def fetchall(self) -> Awaitable[Any]:
        rows: Awaitable[Any] = self._cursor.fetchall()
        return rows
