"""redlock-ng with one master. Its waiters try again after 0.1 to 0.3 s."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from locks.adapters.contract import TTL, Address, Held, Unfenced
from locks.adapters.redis_py import ASYNC_CONNECTIONS

TTL_MS = int(TTL * 1000)


class RedlockNg(Unfenced):
    """One Redlock object for the process, as it holds the connections."""

    def __init__(self, address: Address) -> None:
        self._redlock: Any = import_module("redlock").Redlock(_config(address))

    def acquire(self, name: str) -> Held:
        held = self._redlock.acquire(name, TTL_MS, blocking=True)
        assert held is not None
        return held

    def release(self, held: Held) -> None:
        self._redlock.release(held)


class AsyncRedlockNg(Unfenced):
    """The same for asyncio; its own unlimited pool is replaced by one of 50 connections, as the others have it."""

    def __init__(self, address: Address) -> None:
        import redis.asyncio

        self._redlock: Any = import_module("redlock").AsyncRedlock(_config(address))
        pool: Any = redis.asyncio.BlockingConnectionPool(
            host=address.host, port=address.port, max_connections=ASYNC_CONNECTIONS, timeout=60
        )
        self._redlock.client.instances = [redis.asyncio.Redis(connection_pool=pool)]

    async def acquire(self, name: str) -> Held:
        held = await self._redlock.acquire(name, TTL_MS, blocking=True)
        assert held is not None
        return held

    async def release(self, held: Held) -> None:
        await self._redlock.release(held)


def _config(address: Address) -> object:
    # Its default of 0.1 s turns a busy machine into silently failed tries.
    return import_module("redlock").RedlockConfig(
        masters=[f"redis://{address.host}:{address.port}/0"], socket_timeout=5, socket_connect_timeout=5
    )


def connect(address: Address, variant: str) -> RedlockNg:  # noqa: ARG001  # there is one only
    return RedlockNg(address)


def connect_async(address: Address, variant: str) -> AsyncRedlockNg:  # noqa: ARG001  # there is one only
    return AsyncRedlockNg(address)
