"""L9: waiters take no connections away from the rest of the program, however many there are."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from conformance.locks.history import leaked
from conformance.locks.servers import HOST, RedisServer
from conformance.locks.workers import Crew, Worker
from ticketctl.locks import AsyncLocker, Locker
from ticketctl.locks.clients import RedisClients, redis_clients

pytestmark = pytest.mark.integration
POOL = 10  # connections, as the specification has it
AT_MOST = POOL + 2
WAITERS = 1000
CALLERS = 20  # twice as many as the pool has connections
NAMES = [f"seat-{number}" for number in range(20)]


class Watch:
    """Looks at a server again and again.

    Attributes:
        most: The most connections that were seen, but for those that were there before.
        looks: How often it looked.
        queues: The most locks that were waited for at the same time.
    """

    def __init__(self, server: RedisServer) -> None:
        self.most = self.looks = self.queues = 0
        self._server = server
        self._before = {row["id"] for row in server.connections()}
        self._over = threading.Event()

    @contextmanager
    def looking(self) -> Iterator[None]:
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _look(self) -> None:
        with closing(self._server.client()) as client:
            known = {*self._before, str(client.client_id())}
            while not self._over.wait(0.02):
                self.most = max(self.most, len([row for row in client.client_list() if row["id"] not in known]))
                self.queues = max(self.queues, len(list(client.scan_iter("*:queue"))))
                self.looks += 1


class Use:
    """What a program does with its pool.

    Attributes:
        passed: The locks that its waiters had, one for each of them.
        slowest: Seconds that the slowest of its other calls took.
        calls: How many of those there were.
    """

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.slowest = 0.0
        self.calls = 0
        self.over = False

    def called(self, began: float) -> None:
        self.calls += 1
        self.slowest = max(self.slowest, time.monotonic() - began)


@pytest.fixture
def holder(crew: Crew, redis_server: RedisServer) -> Worker:
    """Another process that holds all the locks."""
    worker = crew.start("threads", redis_server.port)
    for name in NAMES:
        worker.ask("acquire", name=name, ttl=60)
    return worker


def release_all(holder: Worker, use: Use) -> None:
    """Wait until everybody waits, and let them in."""
    time.sleep(1.0)
    assert not use.passed
    for name in NAMES:
        holder.ask("release", name=name)


def judge(watch: Watch, use: Use, server: RedisServer) -> None:
    assert sorted(use.passed) == sorted(NAMES * (WAITERS // len(NAMES)))
    assert use.calls >= CALLERS * 5
    assert use.slowest < 5, "calls waited for those who wait"
    assert watch.looks >= 10
    assert watch.queues >= len(NAMES) / 2, "nobody waited at Redis"
    # Fewer than the pool may have would say that the calls were not many enough.
    assert POOL <= watch.most <= AT_MOST
    assert [key for key in leaked(server.keys()) if key.startswith("lock:")] == []


def clients_of(server: RedisServer) -> RedisClients:
    return redis_clients(f"redis://{HOST}:{server.port}", ttl=30, max_connections=POOL, wait=30)


def test_a_thousand_threads_wait_beside_a_pool_of_ten(redis_server: RedisServer, holder: Worker) -> None:
    watch, use, client = Watch(redis_server), Use(), clients_of(redis_server).sync
    locker = Locker(client)

    def wait(name: str) -> None:
        with locker.acquire(name, 30, 60):
            use.passed.append(name)

    def call(number: int) -> None:
        while not use.over:
            began = time.monotonic()
            client.incr(f"calls:{number}")
            use.called(began)
            time.sleep(0.01)

    waiters = [threading.Thread(target=wait, args=(NAMES[number % len(NAMES)],)) for number in range(WAITERS)]
    callers = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    with client, locker, watch.looking():
        for thread in (*callers, *waiters):
            thread.start()
        release_all(holder, use)
        for thread in waiters:
            thread.join()
        use.over = True
        for thread in callers:
            thread.join()
    judge(watch, use, redis_server)


def test_a_thousand_tasks_wait_beside_a_pool_of_ten(redis_server: RedisServer, holder: Worker) -> None:
    watch, use, client = Watch(redis_server), Use(), clients_of(redis_server).aio
    locker = AsyncLocker(client)

    async def wait(name: str) -> None:
        async with locker.acquire(name, 30, 60):
            use.passed.append(name)

    async def call(number: int) -> None:
        while not use.over:
            began = time.monotonic()
            await client.incr(f"calls:{number}")
            use.called(began)
            await asyncio.sleep(0.01)

    async def run() -> None:
        async with client, locker:
            callers = [asyncio.create_task(call(number)) for number in range(CALLERS)]
            waiters = [asyncio.create_task(wait(NAMES[number % len(NAMES)])) for number in range(WAITERS)]
            await asyncio.to_thread(release_all, holder, use)
            await asyncio.gather(*waiters)
            use.over = True
            await asyncio.gather(*callers)

    with watch.looking():
        asyncio.run(run())
    judge(watch, use, redis_server)
