"""redis-py's own Lock. Variants: `default` (tries every 0.1 s) and `1ms`."""

from __future__ import annotations

from typing import Any

from locks.adapters.contract import PATIENCE, SPIN, TTL, Address, Held, Unfenced

SLEEPS = {"default": 0.1, "1ms": SPIN}
CONNECTIONS = 2000
ASYNC_CONNECTIONS = 50


class RedisPy(Unfenced):
    """A new Lock object for each time, as `with client.lock(name)` makes one."""

    def __init__(self, address: Address, variant: str) -> None:
        import redis

        self._client: Any = redis.Redis(host=address.host, port=address.port, max_connections=CONNECTIONS)
        self._sleep = SLEEPS[variant]

    def acquire(self, name: str) -> Held:
        lock = self._client.lock(name, timeout=TTL, sleep=self._sleep, blocking_timeout=PATIENCE)
        assert lock.acquire()
        return lock

    def release(self, held: Held) -> None:
        held.release()


class AsyncRedisPy(Unfenced):
    """The same for asyncio, with a pool of 50 connections whose users wait for one."""

    def __init__(self, address: Address, variant: str) -> None:
        import redis.asyncio

        pool: Any = redis.asyncio.BlockingConnectionPool(
            host=address.host, port=address.port, max_connections=ASYNC_CONNECTIONS, timeout=PATIENCE
        )
        self._client: Any = redis.asyncio.Redis(connection_pool=pool)
        self._sleep = SLEEPS[variant]

    async def acquire(self, name: str) -> Held:
        lock = self._client.lock(name, timeout=TTL, sleep=self._sleep, blocking_timeout=PATIENCE)
        assert await lock.acquire()
        return lock

    async def release(self, held: Held) -> None:
        await held.release()


def connect(address: Address, variant: str) -> RedisPy:
    return RedisPy(address, variant)


def connect_async(address: Address, variant: str) -> AsyncRedisPy:
    return AsyncRedisPy(address, variant)
