"""pottery's Redlock with one master. Its waiters try again after a random time of up to 0.2 s."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from locks.adapters.contract import TTL, Address, Held, Unfenced
from locks.adapters.redis_py import ASYNC_CONNECTIONS, CONNECTIONS


class Pottery(Unfenced):
    """A new Redlock object for each time."""

    def __init__(self, address: Address) -> None:
        import redis

        client = redis.Redis(host=address.host, port=address.port, max_connections=CONNECTIONS)
        self._masters = {client}
        self._redlock: Any = import_module("pottery").Redlock

    def acquire(self, name: str) -> Held:
        lock = self._redlock(key=name, masters=self._masters, auto_release_time=TTL)
        assert lock.acquire()
        return lock

    def release(self, held: Held) -> None:
        held.release()


class AsyncPottery(Unfenced):
    """The same for asyncio, with a pool of 50 connections whose users wait for one."""

    def __init__(self, address: Address) -> None:
        import redis.asyncio

        pool: Any = redis.asyncio.BlockingConnectionPool(
            host=address.host, port=address.port, max_connections=ASYNC_CONNECTIONS, timeout=60
        )
        self._masters: Any = {redis.asyncio.Redis(connection_pool=pool)}
        self._redlock: Any = import_module("pottery").AIORedlock

    async def acquire(self, name: str) -> Held:
        lock = self._redlock(key=name, masters=self._masters, auto_release_time=TTL)
        assert await lock.acquire()
        return lock

    async def release(self, held: Held) -> None:
        await held.release()


def connect(address: Address, variant: str) -> Pottery:  # noqa: ARG001  # there is one only
    return Pottery(address)


def connect_async(address: Address, variant: str) -> AsyncPottery:  # noqa: ARG001  # there is one only
    return AsyncPottery(address)
