"""How callers use locks with asyncio: read by type checkers, never run; see `locks.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, assert_type

import redis
import redis.asyncio

from ticketctl.locks import AsyncLeader, AsyncLock, AsyncLocker, Lock, Locker, LockObserver, fenced, key_template


async def makes_a_locker(client: redis.asyncio.Redis, synchronous: redis.Redis, observer: LockObserver) -> None:
    AsyncLocker(client)
    AsyncLocker(client, namespace="lock", service="payments", observer=observer, template=key_template, timeout=0.5)
    async with AsyncLocker(client) as locker:
        assert_type(locker, AsyncLocker)
    assert_type(await locker.close(), None)
    AsyncLocker(synchronous)  # type: ignore[arg-type]


async def gets_a_lock_or_none(locker: AsyncLocker) -> None:
    lock = await locker.try_acquire("checkout:42", 5.0, keep_alive=True, max_hold=60.0, min_fence=7)
    assert_type(lock, AsyncLock | None)
    await lock.release()  # type: ignore[union-attr]
    if lock is not None:
        async with lock as held:
            assert_type(held, AsyncLock)


async def waits_for_a_lock(locker: AsyncLocker, lost: list[str]) -> None:
    def on_lost(lock: AsyncLock) -> None:
        lost.append(lock.name)

    def wrong(lock: Lock) -> None:
        lost.append(lock.name)

    lock = await locker.acquire("checkout:42", 10.0, 2.5, True, max_hold=60, min_fence=7, on_lost=on_lost)
    assert_type(lock, AsyncLock)
    async with locker.acquire("checkout:42", ttl=5, wait_timeout=0) as held:
        assert_type(held, AsyncLock)
    await locker.acquire("checkout:42", on_lost=wrong)  # type: ignore[arg-type]
    locker.acquire("checkout:42").release()  # type: ignore[attr-defined]
    with locker.acquire("checkout:42"):  # type: ignore[attr-defined]
        pass


async def uses_a_lock(lock: AsyncLock) -> None:
    assert_type(lock.name, str)
    assert_type(lock.fence, int)
    assert_type(lock.token, str)
    assert_type(lock.ttl, float)
    assert_type(lock.lost, bool)
    assert_type(lock.remaining(), float)
    assert_type(lock.check(), None)
    assert_type(await lock.extend(), None)
    assert_type(await lock.extend(30), None)
    assert_type(await lock.release(), None)


async def decorates(locker: AsyncLocker) -> None:
    @locker.locked("report:{day}", ttl=5.0, wait_timeout=1.0, keep_alive=True, max_hold=60.0)
    async def report(day: str, *, pages: int = 1) -> list[str]:
        return [day] * pages

    class Reports:
        @locker.locked("reports:{year}")
        async def of(self, year: int) -> dict[int, str]:
            return {year: ""}

    report("2026-05-01")  # type: ignore[unused-coroutine]
    waiting: list[Coroutine[Any, Any, list[str]]] = [report("2026-05-01")]
    assert_type(await waiting[0], list[str])
    assert_type(await report("2026-05-01", pages=2), list[str])
    assert_type(await Reports().of(2026), dict[int, str])
    functions: list[Callable[[str], Awaitable[list[str]]]] = [report]
    functions.append(lambda day: report(day, pages=2))
    await report(1)  # type: ignore[arg-type]
    await report("2026-05-01", pages="2")  # type: ignore[arg-type]
    await report("2026-05-01", 2)  # type: ignore[call-arg]
    await Reports().of("2026")  # type: ignore[arg-type]

    @locker.locked("report")  # type: ignore[arg-type]
    def synchronous() -> int:
        return 1

    await synchronous()


async def writes_with_a_fence(lock: AsyncLock, client: redis.asyncio.Redis, cursor: fenced.AsyncCursor) -> None:
    assert_type(await fenced.aguard(cursor, lock.name, fence=lock.fence), None)
    assert_type(await fenced.aupdate(cursor, "seats", {"state": "sold"}, {"id": 7}, fence=lock.fence), int)
    assert_type(await fenced.awrite(client, lock.fence, "SET", "stock:42", 3), Any)


async def leads(locker: AsyncLocker, synchronous: Locker) -> None:
    async with AsyncLeader(locker, "sweeper") as leader:
        assert_type(leader, AsyncLeader)
        assert_type(leader.is_leader, bool)
        assert_type(leader.fence, int)
        assert_type(await leader.campaign(1.0), bool)
        assert_type(await leader.resign(), None)
    AsyncLeader(synchronous, "sweeper")  # type: ignore[arg-type]
