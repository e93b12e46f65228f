"""How callers use locks with threads: read by type checkers, never run.

A line that must be an error says so with `type: ignore`: an ignore that is not needed is an error itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, assert_type

import pymysql.cursors
import redis
import redis.asyncio

from ticketctl.locks import (
    Leader,
    Lock,
    LockBackendError,
    Locker,
    LockError,
    LockLostError,
    LockNotAcquiredError,
    LockNotOwnedError,
    LockObserver,
    RedisClients,
    StaleHolderError,
    fenced,
    key_template,
    redis_clients,
)
from ticketctl.locks.observer import SafeObserver, TemplateLimit
from ticketctl.locks.opentelemetry import OpenTelemetryObserver
from ticketctl.locks.prometheus import PrometheusObserver


def makes_a_locker(client: redis.Redis, asynchronous: redis.asyncio.Redis) -> None:
    Locker(client)
    Locker(client, namespace="lock", service="payments", observer=None, template=key_template, timeout=0.5)
    with Locker(client) as locker:
        assert_type(locker, Locker)
    assert_type(locker.close(), None)
    Locker(asynchronous)  # type: ignore[arg-type]
    Locker(client, "lock")  # type: ignore[call-arg]


def gets_a_lock_or_none(locker: Locker) -> None:
    lock = locker.try_acquire("checkout:42")
    assert_type(lock, Lock | None)
    lock.release()  # type: ignore[union-attr]
    if lock is not None:
        with lock as held:
            assert_type(held, Lock)
    if (other := locker.try_acquire("checkout:42", 5.0, keep_alive=True, max_hold=60.0, min_fence=7)) is not None:
        assert_type(other.release(), None)
    locker.try_acquire("checkout:42", 5.0, True)  # type: ignore[call-arg]


def waits_for_a_lock(locker: Locker, lost: list[str]) -> None:
    def on_lost(lock: Lock) -> None:
        lost.append(lock.name)

    def wrong(name: str) -> None:
        lost.append(name)

    assert_type(locker.acquire("checkout:42"), Lock)
    locker.acquire("checkout:42", 10.0, 2.5, True, max_hold=60, min_fence=7, on_lost=on_lost)
    locker.acquire("checkout:42", on_lost=lambda lock: lost.append(lock.name))
    locker.acquire("checkout:42", on_lost=wrong)  # type: ignore[arg-type]
    locker.acquire(42)  # type: ignore[arg-type]
    with locker.acquire("checkout:42", ttl=5, wait_timeout=0) as lock:
        assert_type(lock, Lock)


def uses_a_lock(lock: Lock) -> None:
    assert_type(lock.name, str)
    assert_type(lock.fence, int)
    assert_type(lock.token, str)
    assert_type(lock.ttl, float)
    assert_type(lock.lost, bool)
    assert_type(lock.remaining(), float)
    assert_type(lock.check(), None)
    assert_type(lock.extend(), None)
    assert_type(lock.extend(30), None)
    assert_type(lock.release(), None)
    lock.lost = True  # type: ignore[misc]


def decorates(locker: Locker) -> None:
    @locker.locked("report:{day}", ttl=5.0, wait_timeout=1.0, keep_alive=True, max_hold=60.0)
    def report(day: str, *, pages: int = 1) -> list[str]:
        return [day] * pages

    class Reports:
        @locker.locked("reports:{year}")
        def of(self, year: int) -> dict[int, str]:
            return {year: ""}

    assert_type(report("2026-05-01"), list[str])
    assert_type(report("2026-05-01", pages=2), list[str])
    assert_type(Reports().of(2026), dict[int, str])
    functions: list[Callable[[str], list[str]]] = [report]
    report(1)  # type: ignore[arg-type]
    report("2026-05-01", pages="2")  # type: ignore[arg-type]
    report("2026-05-01", 2)  # type: ignore[call-arg]
    Reports().of("2026")  # type: ignore[arg-type]
    functions.append(lambda day: report(day, pages=2))
    counts: list[Callable[[str], int]] = [report]  # type: ignore[list-item]
    counts.clear()


def handles_errors(locker: Locker) -> None:
    try:
        locker.acquire("checkout:42").check()
    except LockNotAcquiredError as error:
        assert_type(error.name, str)
        assert_type(error.waited, float)
    except LockLostError as error:
        assert_type(error.fence, int)
        assert_type(error.reason, str)
        also: list[LockNotOwnedError] = [error]
        also.clear()
    except StaleHolderError as error:
        assert_type(error.newer, int | None)
    except LockBackendError as error:
        assert_type(error.name, str | None)
        assert_type(error.outcome, Literal["unknown", "refused"])
    except LockError as error:
        assert_type(error.code, str)


class Silence:
    """The least that an observer is."""

    def attempted(self, template: str, *, acquired: bool, contended: bool, waited: float) -> None: ...
    def released(self, template: str, *, held: float) -> None: ...
    def lost(self, template: str, *, reason: str, held: float) -> None: ...
    def renewed(self, template: str, *, lag: float) -> None: ...


class Deaf:
    """Lacks three methods."""

    def released(self, template: str, *, held: float) -> None: ...


def observes(client: redis.Redis) -> None:
    observers: list[LockObserver] = [
        Silence(),
        SafeObserver(Silence()),
        PrometheusObserver(),
        OpenTelemetryObserver(most_templates=50),
    ]
    limit = TemplateLimit(100)
    Locker(client, observer=observers[0], template=lambda name: limit(key_template(name)))
    Locker(client, observer=Deaf())  # type: ignore[arg-type]


def writes_with_a_fence(lock: Lock, client: redis.Redis, cursor: pymysql.cursors.Cursor) -> None:
    assert_type(fenced.guard(cursor, lock.name, fence=lock.fence), None)
    assert_type(fenced.update(cursor, "seats", {"state": "sold"}, {"id": 7}, fence=lock.fence, rows=1), int)
    assert_type(fenced.write(client, lock.fence, "SET", "stock:42", 3), Any)
    fenced.guard(cursor, lock.name, fence=str(lock.fence))  # type: ignore[arg-type]


def leads(locker: Locker) -> None:
    with Leader(locker, "sweeper", on_lost=lambda: None) as leader:
        assert_type(leader, Leader)
        assert_type(leader.is_leader, bool)
        assert_type(leader.fence, int)
        assert_type(leader.campaign(timeout=1.0), bool)
        assert_type(leader.resign(), None)
    Leader(locker, "sweeper", on_lost=lambda lock: lock)  # type: ignore[arg-type, misc]


def clients() -> None:
    made = redis_clients("redis://127.0.0.1:6379/0", ttl=5.0)
    assert_type(made, RedisClients)
    Locker(made.sync)
    Locker(made.aio)  # type: ignore[arg-type]
