"""ticketctl's locks. Variants: `plain` and `keep_alive`."""

from __future__ import annotations

from locks.adapters.contract import PATIENCE, TTL, Address
from ticketctl.locks import AsyncLock, AsyncLocker, Lock, Locker, RedisClients, redis_clients

CONNECTIONS = 10
"""Of the client's pool, as the services configure it."""
KEEP_ALIVE = "keep_alive"


class Threads:
    """One Locker for the process."""

    def __init__(self, address: Address, variant: str) -> None:
        self._locker = Locker(_clients(address).sync)
        self._keep_alive = variant == KEEP_ALIVE

    def acquire(self, name: str) -> Lock:
        return self._locker.acquire(name, TTL, PATIENCE, self._keep_alive)

    def release(self, held: Lock) -> None:
        held.release()

    def fence(self, held: Lock) -> int | None:
        return held.fence


class Tasks:
    """One AsyncLocker for the process."""

    def __init__(self, address: Address, variant: str) -> None:
        self._locker = AsyncLocker(_clients(address).aio)
        self._keep_alive = variant == KEEP_ALIVE

    async def acquire(self, name: str) -> AsyncLock:
        return await self._locker.acquire(name, TTL, PATIENCE, self._keep_alive)

    async def release(self, held: AsyncLock) -> None:
        await held.release()

    def fence(self, held: AsyncLock) -> int | None:
        return held.fence


class Watch:
    """Notes how late renewals are, and counts what is lost.

    Attributes:
        lags: Seconds that each renewal was late.
        lost: How many locks were lost.
    """

    def __init__(self) -> None:
        self.lags: list[float] = []
        self.losses = 0

    def attempted(self, template: str, *, acquired: bool, contended: bool, waited: float) -> None:
        """Nothing is made of it."""

    def released(self, template: str, *, held: float) -> None:
        """Nothing is made of it."""

    def lost(self, template: str, *, reason: str, held: float) -> None:  # noqa: ARG002  # that it is lost is enough
        self.losses += 1

    def renewed(self, template: str, *, lag: float) -> None:  # noqa: ARG002  # all are alike
        self.lags.append(lag)


class Keeping:
    """What was noted of locks that are renewed.

    Args:
        watch: Notes it.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @property
    def lags(self) -> list[float]:
        return self._watch.lags

    @property
    def lost(self) -> int:
        return self._watch.losses

    def key(self, name: str) -> str:
        return f"lock:{{{name}}}"


class KeepingThreads(Keeping):
    """Locks that a thread renews."""

    def __init__(self, address: Address) -> None:
        super().__init__(Watch())
        self._locker = Locker(_clients(address).sync, observer=self._watch)

    def keep(self, name: str) -> Lock:
        return self._locker.acquire(name, TTL, keep_alive=True)


class KeepingTasks(Keeping):
    """Locks that the loop renews."""

    def __init__(self, address: Address) -> None:
        super().__init__(Watch())
        self._locker = AsyncLocker(_clients(address).aio, observer=self._watch)

    async def keep(self, name: str) -> AsyncLock:
        return await self._locker.acquire(name, TTL, keep_alive=True)


def _clients(address: Address) -> RedisClients:
    return redis_clients(f"redis://{address.host}:{address.port}", ttl=TTL, max_connections=CONNECTIONS)


def connect(address: Address, variant: str) -> Threads:
    return Threads(address, variant)


def connect_async(address: Address, variant: str) -> Tasks:
    return Tasks(address, variant)


def connect_keeping(address: Address, variant: str) -> KeepingThreads:  # noqa: ARG001  # there is one only
    return KeepingThreads(address)


def connect_async_keeping(address: Address, variant: str) -> KeepingTasks:  # noqa: ARG001  # there is one only
    return KeepingTasks(address)
