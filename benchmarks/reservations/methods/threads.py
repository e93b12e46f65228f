"""The methods for threads: PyMySQL and redis-py."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from queue import SimpleQueue
from typing import Any, Protocol

import pymysql
import redis

from reservations.methods import entries
from reservations.methods.recipes import RECIPES, ROLLBACK, Recipe, Steps, Token
from reservations.order import Order
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Hold, Reservations

Cursor = pymysql.cursors.Cursor


class Desk(Protocol):
    """What one worker holds seats at."""

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:
        """Return what `release` takes; None if a seat is taken."""

    def release(self, token: Any) -> object: ...  # noqa: ANN401  # of its own kind


class Method(Protocol):
    """A method, for all workers of a process."""

    def desk(self) -> Desk:
        """Make the desk of the worker whose thread this is."""

    def close(self) -> None: ...


def _connected(order: Order, *, autocommit: bool = False) -> pymysql.Connection[Cursor]:
    # asyncmy makes no TLS unless it is told to.
    return pymysql.connect(**order.mysql, autocommit=autocommit, ssl_disabled=True)


class Sql:
    """A recipe on connections that are kept: one for each worker, or a pool where there are fewer."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._recipe = RECIPES[order.method](order.seats)
        self._opened = ExitStack()
        self._pool: SimpleQueue[Cursor] | None = None
        if order.workers > order.connections:
            self._pool = SimpleQueue()
            for _ in range(order.connections):
                self._pool.put(self._cursor())

    def desk(self) -> Desk:
        return _Own(self._recipe, self._cursor()) if self._pool is None else _Pooled(self._recipe, self._pool)

    def close(self) -> None:
        self._opened.close()

    def _cursor(self) -> Cursor:
        connection = _connected(self._order, autocommit=self._recipe.autocommit)
        return self._opened.enter_context(closing(connection)).cursor()


class _Own:
    def __init__(self, recipe: Recipe, cursor: Cursor) -> None:
        self._recipe = recipe
        self._cursor = cursor

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Token | None:
        return _run(self._cursor, self._recipe.hold(event_id, seat_ids, user))

    def release(self, token: Token) -> None:
        _run(self._cursor, self._recipe.release(token))


class _Pooled:
    def __init__(self, recipe: Recipe, pool: SimpleQueue[Cursor]) -> None:
        self._recipe = recipe
        self._pool = pool

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Token | None:
        return self._with_cursor(self._recipe.hold(event_id, seat_ids, user))

    def release(self, token: Token) -> None:
        self._with_cursor(self._recipe.release(token))

    def _with_cursor(self, steps: Steps) -> Token | None:
        cursor = self._pool.get()
        try:
            return _run(cursor, steps)
        finally:
            self._pool.put(cursor)


def _run(cursor: Cursor, steps: Steps) -> Token | None:
    answer: Any = None
    try:
        while True:
            ask = steps.send(answer)
            changed = cursor.execute(ask.sql, ask.values or None)
            answer = cursor.fetchall() if ask.reads else changed
    except StopIteration as end:
        token: Token | None = end.value
        return token
    except pymysql.MySQLError:
        cursor.execute(ROLLBACK.sql)
        raise


class Lua:
    """A script that takes keys in Redis, through redis-py."""

    def __init__(self, order: Order) -> None:
        self._client = redis.Redis(port=order.redis_port, max_connections=order.workers)
        self._hold = self._client.script_load(entries.HOLD)
        self._release = self._client.script_load(entries.RELEASE)

    def desk(self) -> Desk:
        return self

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> tuple[list[str], str] | None:
        keys = entries.keys(event_id, seat_ids)
        held = self._client.evalsha(self._hold, len(keys), *keys, user, str(entries.MILLISECONDS))
        return (keys, user) if held else None

    def release(self, token: tuple[list[str], str]) -> None:
        keys, user = token
        self._client.evalsha(self._release, len(keys), *keys, user)

    def close(self) -> None:
        self._client.close()


class ExistsThroughClient:
    """EXISTS of the seats' keys, through redis-py."""

    def __init__(self, order: Order) -> None:
        self._client = redis.Redis(port=order.redis_port, max_connections=order.workers)

    def desk(self) -> Desk:
        return self

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> str | None:
        return None if self._client.exists(*entries.keys(event_id, seat_ids)) else user

    def release(self, token: str) -> None:
        raise NotImplementedError("nothing was held")

    def close(self) -> None:
        self._client.close()


class Exists:
    """EXISTS of the seats' keys, each worker on a socket of its own: the least that can be asked of Redis."""

    def __init__(self, order: Order) -> None:
        self._port = order.redis_port
        self._opened = ExitStack()

    def desk(self) -> Desk:
        return _Socket(self._opened.enter_context(closing(socket.create_connection(("127.0.0.1", self._port)))))

    def close(self) -> None:
        self._opened.close()


class _Socket:
    def __init__(self, opened: socket.socket) -> None:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = opened

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> str | None:
        self._socket.sendall(entries.exists(event_id, seat_ids))
        answer = self._socket.recv(64)
        while not answer.endswith(b"\r\n"):
            answer += self._socket.recv(64)
        return None if int(answer[1:-2]) else user

    def release(self, token: str) -> None:
        raise NotImplementedError("nothing was held")


class Ours:
    """ticketctl, one `Reservations` for all."""

    def __init__(self, order: Order, *, filtered: bool = True) -> None:
        self._client = redis.Redis(port=order.redis_port) if filtered else None
        self.reservations = Reservations(lambda: _connected(order), self._client, connections=max(3, order.connections))

    def desk(self) -> Desk:
        return self

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:
        try:
            return self.reservations.hold(event_id, seat_ids, user)
        except SeatsUnavailableError:
            return None

    def release(self, token: Hold) -> None:
        self.reservations.release(token)

    def close(self) -> None:
        self.reservations.close()
        if self._client is not None:
            self._client.close()


class OursBest(Ours):
    """ticketctl, which chooses the seats."""

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:
        try:
            return self.reservations.hold_best(event_id, len(seat_ids), user)
        except SeatsUnavailableError:
            return None


class OursMap(Ours):
    """ticketctl's map of an event."""

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> object | None:  # noqa: ARG002
        return self.reservations.seat_map(event_id)


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
