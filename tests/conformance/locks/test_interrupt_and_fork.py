"""What happens to a process of threads: Ctrl-C while it waits, and forks while it holds or waits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from conformance.locks.history import leaked
from conformance.locks.servers import HOST, RedisServer
from integration.eventually import eventually
from ticketctl.errors import LockLostError, LockNotAcquiredError
from ticketctl.locks import Locker

pytestmark = [
    pytest.mark.integration,
    # Python says since 3.12 that forking beside threads is dangerous: it is, and programs do it.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]
QUEUE = "lock:{seat}:queue"
ROUNDS = 6


@pytest.fixture
def locker(redis_server: RedisServer) -> Iterator[Locker]:
    with closing(redis.Redis(host=HOST, port=redis_server.port)) as client, Locker(client, service="parent") as made:
        yield made


@pytest.fixture
def other(redis_server: RedisServer) -> Iterator[Locker]:
    """Another process, as the server sees it."""
    with closing(redis.Redis(host=HOST, port=redis_server.port)) as client, Locker(client, service="other") as made:
        yield made


# --- Ctrl-C -----------------------------------------------------------------------------------------

WAITING = """
    import sys, redis
    from ticketctl.locks import Locker

    locker = Locker(redis.Redis(port=int(sys.argv[1])))
    locker.acquire("warm-up").release()
    print("ready", flush=True)
    try:
        lock = locker.acquire("seat", ttl=60, wait_timeout=60)
        print("acquired", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    # It is as good as before.
    locker.acquire("another").release()
    print("done", flush=True)
"""


def interrupted(redis_server: RedisServer, pause: Callable[[], object]) -> list[str]:
    """Press Ctrl-C while a process waits for a lock, and return what it says."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WAITING), str(redis_server.port)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        pause()
        process.send_signal(signal.SIGINT)
        said = process.stdout.read().split()
        assert process.wait(20) == 0
    return said


def test_an_interrupted_waiter_leaves_the_queue(redis_server: RedisServer, other: Locker) -> None:
    with other.acquire("seat"), redis_server.client() as client:

        def until_queued() -> None:
            eventually(lambda: client.llen(QUEUE), bool)

        assert interrupted(redis_server, until_queued) == ["interrupted", "done"]
        assert client.llen(QUEUE) == 0
    assert leaked(redis_server.keys()) == []


def test_an_interrupt_anywhere_leaves_nothing(redis_server: RedisServer, other: Locker) -> None:
    """Spread over the first steps: asking, listening, asking again, being handed the lock."""
    for number in range(ROUNDS):
        lock = other.acquire("seat")

        def pause(number: int = number) -> None:
            time.sleep(number * 0.0008)
            if number % 2:
                threading.Timer(0.001, lock.release).start()  # noqa: B023  # awaited below

        said = interrupted(redis_server, pause)
        assert said in (["interrupted", "done"], ["acquired", "done"])
        with redis_server.client() as client:
            if number % 2:
                eventually(lock.remaining, lambda left: left == 0)
            else:
                lock.release()
            if said[0] == "interrupted":
                eventually(lambda: leaked(redis_server.keys()), lambda keys: keys == [], 2)
            client.flushall()


# --- forks ------------------------------------------------------------------------------------------


def in_child(do: Callable[[], Any]) -> Any:
    """Return what a forked process says that a function returned."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover  # measured in the parent alone
        os.close(reading)
        try:
            said: object = do()
        except BaseException as error:  # nothing of the test may run twice
            said = f"{type(error).__name__}: {error}"
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = json.loads(pipe.read() or "null")
    os.waitpid(pid, 0)
    return said


def test_a_child_does_not_hold_what_its_parent_holds(redis_server: RedisServer, locker: Locker) -> None:
    told = list[object]()
    lock = locker.acquire("seat", ttl=2, keep_alive=True, on_lost=told.append)
    value = redis_server.client().get("lock:{seat}")

    def child() -> dict[str, object]:
        errors = []
        for act in (lock.check, lock.extend, lock.release, lock.release):
            try:
                act()
            except LockLostError as error:
                errors.append(error.reason)
        try:
            with lock:
                errors.append("entered")
        except LockLostError as error:
            errors.append(error.reason)
        return {"lost": lock.lost, "remaining": lock.remaining(), "errors": errors}

    assert in_child(child) == {"lost": True, "remaining": 0.0, "errors": ["forked"] * 5}
    with redis_server.client() as client:
        assert client.get("lock:{seat}") == value
    time.sleep(2.2)  # it is still renewed
    lock.check()
    assert (lock.lost, told) == (False, [])
    lock.release()
    assert leaked(redis_server.keys()) == []


def test_a_child_that_is_forked_inside_a_block_leaves_the_lock_alone(redis_server: RedisServer, locker: Locker) -> None:
    with locker.acquire("seat") as lock:

        def child() -> str:
            """The end of the block, as the child comes to it."""
            try:
                lock.__exit__(None, None, None)
            except LockLostError as error:
                return error.reason
            return "released"

        assert in_child(child) == "forked"
        with redis_server.client() as client:
            assert client.exists("lock:{seat}")
        lock.check()
    assert leaked(redis_server.keys()) == []


def test_a_child_wins_locks_of_its_own(redis_server: RedisServer, locker: Locker) -> None:
    lock = locker.acquire("seat")

    def child() -> list[object]:
        with locker.acquire("another", keep_alive=True) as mine:
            return [locker.try_acquire("seat") is None, mine.fence]

    refused, fence = in_child(child)
    assert refused
    assert fence > 0
    # Both go on, each on its own connection: what is read by one is not missing to the other.
    lock.extend()
    lock.release()
    locker.acquire("another").release()
    assert leaked(redis_server.keys()) == []


def test_a_child_waits_for_its_parent(redis_server: RedisServer, locker: Locker) -> None:
    lock = locker.acquire("seat")

    def child() -> int:
        with locker.acquire("seat", wait_timeout=10) as mine:
            return mine.fence

    with redis_server.client() as client:

        def release() -> None:
            eventually(lambda: client.llen(QUEUE), bool)
            lock.release()

        releasing = threading.Thread(target=release)
        releasing.start()
        assert in_child(child) > lock.fence
        releasing.join()
    assert leaked(redis_server.keys()) == []


def test_a_fork_while_threads_wait(redis_server: RedisServer, locker: Locker, other: Locker) -> None:
    """The child has none of the threads, and none of their places in the queue."""
    holder = other.acquire("seat")
    won = list[int]()

    def wait() -> None:
        with locker.acquire("seat", wait_timeout=20) as mine:
            won.append(mine.fence)

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    with redis_server.client() as client:
        eventually(lambda: client.llen(QUEUE), bool)

        def child() -> str:
            locker.acquire("another").release()
            try:
                locker.acquire("seat", wait_timeout=0.3)
            except LockNotAcquiredError:
                return "waited"
            return "acquired"

        for _ in range(3):
            assert in_child(child) == "waited"
        assert client.llen(QUEUE) == 1
    holder.release()
    for thread in waiting:
        thread.join(10)
    assert len(set(won)) == 3
    assert leaked(redis_server.keys()) == []


def test_forks_at_any_moment(redis_server: RedisServer, locker: Locker) -> None:
    """While other threads are in the middle of everything: no lock of this library is inherited locked."""
    ended = threading.Event()

    def use() -> None:
        while not ended.is_set():
            locker.acquire("seat", wait_timeout=20).release()

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):

            def child(number: int = number) -> int:
                signal.alarm(10)
                with locker.acquire(f"child:{number}"), locker.acquire("seat", wait_timeout=5) as mine:
                    return mine.fence

            assert isinstance(in_child(child), int)
    finally:
        ended.set()
        for thread in threads:
            thread.join(20)
    assert leaked(redis_server.keys()) == []
