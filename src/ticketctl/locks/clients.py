"""Clients of Redis whose settings go with locks."""

from __future__ import annotations

from typing import NamedTuple

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from ticketctl.locks._arguments import checked_ttl

MOST_TIMEOUT = 2.0
"""Seconds: an answer that takes longer is none, however long the locks last."""


class RedisClients(NamedTuple):
    """A client for threads and one for asyncio; neither has a connection before it is used.

    Attributes:
        sync: For `Locker`, and the calls of threads.
        aio: For `AsyncLocker`, and the calls of tasks.
    """

    sync: redis.Redis
    aio: redis.asyncio.Redis


def redis_clients(url: str, *, ttl: float = 10.0, max_connections: int = 10, wait: float = 1.0) -> RedisClients:
    """Return clients as a service that takes locks wants them.

    They repeat no command by themselves: what was carried out before its answer was lost would be done twice. An answer
    that takes longer than a quarter of a lock's time is none, so that renewing can be tried again. When all
    connections are in use, callers wait for one.

    Args:
        url: `redis://`, `rediss://` or `unix://`, as redis-py reads it.
        ttl: Seconds of the shortest lock.
        max_connections: Connections of each pool.
        wait: Seconds that a caller waits for a connection of the pool.

    Raises:
        ValueError: The address or a number cannot be.
    """
    timeout = min(MOST_TIMEOUT, checked_ttl(ttl) / 4)
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=wait,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )
    aio_pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=wait,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=AsyncRetry(NoBackoff(), 0),
    )
    return RedisClients(redis.Redis.from_pool(pool), redis.asyncio.Redis.from_pool(aio_pool))
