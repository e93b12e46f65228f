"""python-redis-lock: waiters block in BLPOP. Variants: `plain` and `auto_renewal`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from locks.adapters.contract import TTL, Address, Held, Unfenced
from locks.adapters.redis_py import CONNECTIONS


class PythonRedisLock(Unfenced):
    """A new Lock object for each time, as its README shows it."""

    def __init__(self, address: Address, variant: str) -> None:
        import redis

        self._client: Any = redis.Redis(host=address.host, port=address.port, max_connections=CONNECTIONS)
        self._lock: Any = import_module("redis_lock").Lock
        self._renew = variant == "auto_renewal"

    def acquire(self, name: str) -> Held:
        lock = self._lock(self._client, name, expire=int(TTL), auto_renewal=self._renew)
        assert lock.acquire()
        return lock

    def release(self, held: Held) -> None:
        held.release()


def connect(address: Address, variant: str) -> PythonRedisLock:
    return PythonRedisLock(address, variant)


class Renewing:
    """Every lock renewed by a thread of its own, after two thirds of its time; how late is not told.

    Attributes:
        lags: Empty.
        lost: Always 0: it does not tell.
    """

    def __init__(self, locks: PythonRedisLock) -> None:
        self._locks = locks
        self.lags: list[float] = []
        self.lost = 0

    def keep(self, name: str) -> object:
        return self._locks.acquire(name)

    def key(self, name: str) -> str:
        return f"lock:{name}"


def connect_keeping(address: Address, variant: str) -> Renewing:
    return Renewing(PythonRedisLock(address, variant))
