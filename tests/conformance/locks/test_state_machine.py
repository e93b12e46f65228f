"""Whatever is done with a lock, in any order, comes out as a model of a few lines says: `Locker` on a real Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from conformance.locks.servers import HOST, RedisServer
from integration.eventually import eventually
from ticketctl.errors import LockLostError, LockNotAcquiredError, LockNotOwnedError
from ticketctl.locks import Lock, Locker
from ticketctl.locks.inspection import break_lock, look

pytestmark = pytest.mark.integration
LOCKERS = 3
SHORT, LONG = 0.3, 30.0
UNSURE = 0.12
"""Seconds before the end of a lease in which nobody can say on which side of it a command comes."""
AWAITED = 3.0

lockers = st.integers(0, LOCKERS - 1)
ttls = st.sampled_from([SHORT, LONG, LONG])


@dataclass
class Model:
    """One lock.

    Attributes:
        holder: Whose handle holds it.
        until: When its lease is over.
        waiting: Who waits, in order, and for how long they want it.
        fence: The highest fence that there was.
    """

    holder: int | None = None
    until: float = 0.0
    waiting: list[tuple[int, float]] = field(default_factory=list)
    fence: int = 0

    def take(self, number: int, ttl: float) -> None:
        self.holder, self.until = number, time.monotonic() + ttl

    def free(self) -> tuple[int, float] | None:
        """Let it go, and return who has it next."""
        self.holder = None
        return self.waiting.pop(0) if self.waiting else None

    def over(self) -> bool:
        """Tell whether the lease has run out; where that is about to be so, wait for it."""
        if self.holder is None:
            return False
        if (left := self.until - time.monotonic()) < UNSURE:
            time.sleep(max(0.0, left) + 0.01)
        return time.monotonic() >= self.until


class Locks(RuleBasedStateMachine):
    """Some lockers, each as in a process of its own, and one lock."""

    port: int

    def __init__(self) -> None:
        super().__init__()
        self.client = redis.Redis(host=HOST, port=self.port)
        self.client.flushall()
        self.lockers = [
            # Lockers on the same server with the same settings share a hub, as one process has one.
            Locker(redis.Redis(host=HOST, port=self.port, client_name=f"process-{number}"))
            for number in range(LOCKERS)
        ]
        self.model = Model()
        self.handles: list[Lock] = []
        self.winners: list[int] = []
        self.released: set[int] = set()
        self.threads = ThreadPoolExecutor(LOCKERS)
        self.waits: dict[int, Future[Lock]] = {}

    # --- the model ----------------------------------------------------------------------------

    def won(self, locker: int, lock: Lock, ttl: float, at_least: int = 0) -> None:
        assert lock.fence > self.model.fence
        assert lock.fence >= at_least
        self.model.fence = lock.fence
        self.model.take(len(self.handles), ttl)
        self.handles.append(lock)
        self.winners.append(locker)

    def pass_on(self) -> None:
        """The lock is free: who waits longest has it."""
        following = self.model.free()
        if following is not None:
            locker, ttl = following
            self.won(locker, self.waits.pop(locker).result(AWAITED), ttl)

    def settle(self) -> None:
        while self.model.over():
            self.pass_on()

    def believes(self, locker: int) -> bool:
        """Tell whether a locker thinks that it holds the lock, which may have been broken."""
        return any(
            lock.remaining() > 0 for won_by, lock in zip(self.winners, self.handles, strict=True) if won_by == locker
        )

    def ends_with(self, number: int) -> type[LockNotOwnedError] | None:
        """Return what comes out of using a handle."""
        if number in self.released:
            return LockNotOwnedError
        return None if number == self.model.holder else LockLostError

    @contextmanager
    def using(self, data: st.DataObject) -> Iterator[tuple[int, Lock]]:
        """Choose a handle that was not released, or the last one, and expect what comes of it."""
        self.settle()
        numbers = range(len(self.handles))
        kept = [number for number in numbers if number not in self.released]
        number = data.draw(st.sampled_from([*kept[-3:], numbers[-1]]))
        expected = self.ends_with(number)
        if expected is None:
            yield number, self.handles[number]
            return
        with pytest.raises(LockNotOwnedError) as raised:
            yield number, self.handles[number]
        assert type(raised.value) is expected

    # --- what is done -------------------------------------------------------------------------

    @rule(number=lockers, ttl=ttls, ahead=st.sampled_from([0, 0, 10**6]))
    def try_acquire(self, number: int, ttl: float, ahead: int) -> None:
        self.settle()
        at_least = self.model.fence + ahead if ahead else 0
        lock = self.lockers[number].try_acquire("seat", ttl, min_fence=at_least)
        assert (lock is None) == (self.model.holder is not None)
        if lock is not None:
            self.won(number, lock, ttl, at_least)

    @rule(number=lockers, ttl=ttls)
    def acquire(self, number: int, ttl: float) -> None:
        self.settle()
        if number in self.waits or self.believes(number):
            return  # behind others in the same process
        if self.model.holder is None:
            self.won(number, self.lockers[number].acquire("seat", ttl, wait_timeout=0), ttl)
        else:
            with pytest.raises(LockNotAcquiredError):
                self.lockers[number].acquire("seat", ttl, wait_timeout=0)

    @rule(number=lockers, ttl=ttls)
    def wait(self, number: int, ttl: float) -> None:
        """Stand in the queue, where another process has the lock."""
        self.settle()
        if self.model.holder is None or number in self.waits or self.believes(number):
            return
        before = self.client.llen("lock:{seat}:queue")
        self.model.waiting.append((number, ttl))
        self.waits[number] = self.threads.submit(self.lockers[number].acquire, "seat", ttl, 60.0)
        eventually(lambda: self.client.llen("lock:{seat}:queue"), lambda seen: seen == before + 1, AWAITED)

    @precondition(lambda self: self.handles)
    @rule(data=st.data(), ttl=ttls)
    def extend(self, data: st.DataObject, ttl: float) -> None:
        with self.using(data) as (number, lock):
            lock.extend(ttl)
            self.model.take(number, ttl)

    @precondition(lambda self: self.handles)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        with self.using(data) as (number, lock):
            was_holder = number == self.model.holder
            self.released.add(number)
            lock.release()
            assert was_holder
            self.pass_on()

    @precondition(lambda self: self.model.holder is not None and self.model.until - time.monotonic() < 2 * SHORT)
    @rule()
    def expire(self) -> None:
        time.sleep(max(0.0, self.model.until - time.monotonic()))
        self.settle()

    @rule()
    def break_it(self) -> None:
        self.settle()
        seen = look(self.client, "seat")
        assert (seen is None) == (self.model.holder is None)
        if seen is not None:
            assert break_lock(self.client, seen, by="a test")
            self.pass_on()

    @invariant()
    def handles_know_what_they_can(self) -> None:
        """A handle that holds the lock says so; one that was broken learns of it when it is used."""
        self.settle()
        if self.model.holder is not None:
            lock = self.handles[self.model.holder]
            assert not lock.lost
            assert 0 < lock.remaining() <= self.model.until - time.monotonic() + 0.01
        for number in self.released:
            assert self.handles[number].remaining() == 0

    def teardown(self) -> None:
        while self.model.holder is not None:
            self.handles[self.model.holder].release()
            self.pass_on()
        self.threads.shutdown()
        for locker in self.lockers:
            locker.close()
        assert self.client.exists("lock:{seat}", "lock:{seat}:queue") == 0
        self.client.close()


def test_a_lock_does_what_its_model_does(redis_server: RedisServer) -> None:
    machine = type("Locks", (Locks,), {"port": redis_server.port})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
