"""The methods for asyncio tasks: asyncmy and redis.asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import asyncmy
import redis.asyncio
from asyncmy.cursors import Cursor
from asyncmy.errors import MySQLError

from reservations.methods import entries
from reservations.methods.recipes import RECIPES, ROLLBACK, Recipe, Steps, Token
from reservations.order import Order
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import AsyncReservations, Hold


class Desk(Protocol):
    """What one worker holds seats at."""

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:
        """Return what `release` takes; None if a seat is taken."""

    async def release(self, token: Any) -> object: ...  # noqa: ANN401  # of its own kind


class Method(Protocol):
    """A method, for all workers of a process."""

    async def desk(self) -> Desk:
        """Make the desk of the worker whose task this is."""

    async def close(self) -> None: ...


class Sql:
    """A recipe on connections that are kept: one for each worker, or a pool where there are fewer."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._recipe = RECIPES[order.method](order.seats)
        self._opened: list[Any] = []
        self._making = 0
        self._pool: asyncio.Queue[Cursor] = asyncio.Queue()

    async def desk(self) -> Desk:
        order = self._order
        if order.workers <= order.connections:
            return _Own(self._recipe, await self._cursor())
        if self._making < order.connections:
            self._making += 1
            self._pool.put_nowait(await self._cursor())
        return _Pooled(self._recipe, self._pool)

    async def close(self) -> None:
        for connection in self._opened:
            await connection.ensure_closed()

    async def _cursor(self) -> Cursor:
        connection = await asyncmy.connect(**self._order.mysql, autocommit=self._recipe.autocommit)
        self._opened.append(connection)
        return connection.cursor()


class _Own:
    def __init__(self, recipe: Recipe, cursor: Cursor) -> None:
        self._recipe = recipe
        self._cursor = cursor

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Token | None:
        return await _run(self._cursor, self._recipe.hold(event_id, seat_ids, user))

    async def release(self, token: Token) -> None:
        await _run(self._cursor, self._recipe.release(token))


class _Pooled:
    def __init__(self, recipe: Recipe, pool: asyncio.Queue[Cursor]) -> None:
        self._recipe = recipe
        self._pool = pool

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Token | None:
        return await self._with_cursor(self._recipe.hold(event_id, seat_ids, user))

    async def release(self, token: Token) -> None:
        await self._with_cursor(self._recipe.release(token))

    async def _with_cursor(self, steps: Steps) -> Token | None:
        cursor = await self._pool.get()
        try:
            return await _run(cursor, steps)
        finally:
            self._pool.put_nowait(cursor)


async def _run(cursor: Cursor, steps: Steps) -> Token | None:
    answer: Any = None
    try:
        while True:
            ask = steps.send(answer)
            changed = await cursor.execute(ask.sql, ask.values or None)
            answer = await cursor.fetchall() if ask.reads else changed
    except StopIteration as end:
        token: Token | None = end.value
        return token
    except MySQLError:
        await cursor.execute(ROLLBACK.sql)
        raise


def _client(order: Order) -> redis.asyncio.Redis:
    """Return a client whose users wait for one of its connections, as the connections to MySQL are."""
    pool = redis.asyncio.BlockingConnectionPool(port=order.redis_port, max_connections=order.connections, timeout=None)
    return redis.asyncio.Redis.from_pool(pool)


class Lua:
    """A script that takes keys in Redis, through redis.asyncio."""

    def __init__(self, order: Order) -> None:
        self._client = _client(order)
        self._scripts: tuple[str, str] | None = None

    async def desk(self) -> Desk:
        if self._scripts is None:
            hold = await self._client.script_load(entries.HOLD)
            self._scripts = (hold, await self._client.script_load(entries.RELEASE))
        return self

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> tuple[list[str], str] | None:
        assert self._scripts
        keys = entries.keys(event_id, seat_ids)
        held = await self._client.evalsha(self._scripts[0], len(keys), *keys, user, str(entries.MILLISECONDS))
        return (keys, user) if held else None

    async def release(self, token: tuple[list[str], str]) -> None:
        assert self._scripts
        keys, user = token
        await self._client.evalsha(self._scripts[1], len(keys), *keys, user)

    async def close(self) -> None:
        await self._client.aclose()


class ExistsThroughClient:
    """EXISTS of the seats' keys, through redis.asyncio."""

    def __init__(self, order: Order) -> None:
        self._client = _client(order)

    async def desk(self) -> Desk:
        return self

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> str | None:
        return None if await self._client.exists(*entries.keys(event_id, seat_ids)) else user

    async def release(self, token: str) -> None:
        raise NotImplementedError("nothing was held")

    async def close(self) -> None:
        await self._client.aclose()


class Exists:
    """EXISTS of the seats' keys, each worker on a stream of its own: the least that can be asked of Redis."""

    def __init__(self, order: Order) -> None:
        self._port = order.redis_port
        self._writers: list[asyncio.StreamWriter] = []

    async def desk(self) -> Desk:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(writer)
        return _Stream(reader, writer)

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            await writer.wait_closed()


class _Stream:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> str | None:
        self._writer.write(entries.exists(event_id, seat_ids))
        answer = await self._reader.readline()
        return None if int(answer[1:-2]) else user

    async def release(self, token: str) -> None:
        raise NotImplementedError("nothing was held")


class Ours:
    """ticketctl, one `AsyncReservations` for all."""

    def __init__(self, order: Order, *, filtered: bool = True) -> None:
        self._client = redis.asyncio.Redis(port=order.redis_port) if filtered else None
        self.reservations = AsyncReservations(
            lambda: asyncmy.connect(**order.mysql), self._client, connections=max(3, order.connections)
        )

    async def desk(self) -> Desk:
        return self

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:
        try:
            return await self.reservations.hold(event_id, seat_ids, user)
        except SeatsUnavailableError:
            return None

    async def release(self, token: Hold) -> None:
        await self.reservations.release(token)

    async def close(self) -> None:
        await self.reservations.close()
        if self._client is not None:
            await self._client.aclose()


class OursBest(Ours):
    """ticketctl, which chooses the seats."""

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:
        try:
            return await self.reservations.hold_best(event_id, len(seat_ids), user)
        except SeatsUnavailableError:
            return None


class OursMap(Ours):
    """ticketctl's map of an event."""

    async def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:  # noqa: ARG002
        return await self.reservations.seat_map(event_id)


METHODS: Mapping[str, Callable[[Order], Method]] = {
    **dict.fromkeys(RECIPES, Sql),
    "lua": Lua,
    "exists": Exists,
    "exists-client": ExistsThroughClient,
    "ticketctl": Ours,
    "ticketctl-mysql": lambda order: Ours(order, filtered=False),
    "ticketctl-best": OursBest,
    "ticketctl-map": OursMap,
}
