"""How to reach the server as the caller's client does: what is used of the driver."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol, TypeAlias

Reply: TypeAlias = Any
"""What a server may answer: a number, bytes, None, a list of them."""

# Not for connections that this library makes for itself.
_NOT_OURS = ("maint_notifications_", "orig_", "himport_", "health_check_")
# What every client has one of, and what we set ourselves.
_ONE_FOR_EACH_CLIENT = {
    "decode_responses",
    "driver_info",
    "protocol",
    "retry",
    "retry_on_error",
    "socket_keepalive_options",
    "socket_timeout",
}


class Connection(Protocol):
    """A connection of redis-py."""

    def connect(self) -> None: ...
    def disconnect(self) -> None: ...


class AsyncConnection(Protocol):
    """A connection of redis-py for asyncio."""

    async def connect(self) -> None: ...
    async def disconnect(self, nowait: bool = ...) -> None: ...


class Pool(Protocol):
    """A pool of redis-py, as far as it tells how connections are made."""

    connection_class: Callable[..., Any]
    connection_kwargs: Mapping[str, Any]


def connection_settings(pool: Pool, timeout: float, retry: object) -> dict[str, object]:
    """Return how the caller's pool makes connections, with the few settings that locks need otherwise.

    Args:
        pool: The pool of a redis-py client.
        timeout: Seconds that connecting may take, and an answer.
        retry: What never repeats: a command whose answer was lost is repeated by those who know whether it may be.
    """
    given = pool.connection_kwargs
    kept = {name: value for name, value in given.items() if not name.startswith(_NOT_OURS)}
    return {
        **kept,
        "protocol": 2,
        "retry": retry,
        "retry_on_error": [],
        "socket_timeout": timeout,
        "socket_connect_timeout": min(timeout, given.get("socket_connect_timeout") or timeout),
        "decode_responses": False,
    }


def server_key(pool: Pool) -> Hashable:
    """Return what two pools have in common that lead to the same server by the same account."""
    described = {
        name: value if isinstance(value, (str, bytes, int, float, type(None))) else id(value)
        for name, value in pool.connection_kwargs.items()
        if not name.startswith(_NOT_OURS) and name not in _ONE_FOR_EACH_CLIENT
    }
    return (pool.connection_class, frozenset(described.items()))


def pool_of(client: object, wanted: type) -> Pool:
    """Return the pool of a client.

    Raises:
        TypeError: It is no client of the kind wanted.
    """
    if not isinstance(client, wanted):
        hint = ""
        if type(client).__name__ == "RedisCluster":
            hint = ": a cluster is not supported yet"
        elif type(client).__module__.startswith("redis."):
            hint = ": AsyncLocker takes redis.asyncio.Redis, Locker takes redis.Redis"
        kind = f"{wanted.__module__.removesuffix('.client')}.{wanted.__name__}"
        raise TypeError(f"{kind} is wanted, not {type(client).__qualname__}{hint}")
    pool: Pool = client.connection_pool  # type: ignore[attr-defined]  # not known of `wanted`
    return pool


def socket_of(connection: Connection) -> socket.socket:
    """Return the socket of a connection that is open and logged in.

    Commands and answers go through it as they are: what the driver does around each of them takes longer than all
    that is done for a lock here.
    """
    opened: socket.socket = connection._sock  # type: ignore[attr-defined]
    return opened


def streams_of(connection: AsyncConnection) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the streams of a connection that is open and logged in; see `socket_of`."""
    return connection._reader, connection._writer  # type: ignore[attr-defined]
