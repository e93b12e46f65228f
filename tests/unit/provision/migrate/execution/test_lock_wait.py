"""How often a statement is tried, and what it does between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ticketctl.errors import BackendOperationError, MigrationBlockedError
from ticketctl.provision.migrate.execution.blockers import Blocker, Blockers
from ticketctl.provision.migrate.execution.limits import LockWait
from ticketctl.provision.migrate.execution.lock_wait import Blocked, try_repeatedly

APP = Blocker("app", "10.0.0.7", 812, "SELECT 1", 95, "t", running=False)


class Tries:
    """Fails with these numbers, then succeeds; notes everything that happens."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)
        self.log: list[str] = []
        self.pauses: list[float] = []

    def attempt(self) -> str:
        self.log.append("try")
        if self.numbers:
            raise BackendOperationError("refused", backend="mysql", number=self.numbers.pop(0))
        return "done"

    def undo(self) -> None:
        self.log.append("undo")

    def blockers(self) -> Blockers:
        self.log.append("look")
        return Blockers((APP,))

    def waiting(self, blocked: Blocked) -> None:
        self.log.append(f"say {blocked.tried}/{blocked.tries}")

    def sleep(self, seconds: float) -> None:
        self.log.append("sleep")
        self.pauses.append(seconds)

    def run(self, *, undo: Callable[[], None] | None = None, wait: LockWait | None = None) -> str:
        return try_repeatedly(
            self.attempt,
            where="001.sql:3",
            wait=wait or LockWait(),
            blockers=self.blockers,
            waiting=self.waiting,
            undo=undo,
            sleep=self.sleep,
        )


def test_a_timeout_is_told_and_tried_again() -> None:
    tries = Tries(1205, 1205)
    assert tries.run() == "done"
    assert tries.log == ["try", "look", "say 1/4", "sleep", "try", "look", "say 2/4", "sleep", "try"]


def test_a_transaction_is_undone_before_anything_else() -> None:
    tries = Tries(1205, 1213)
    assert tries.run(undo=tries.undo) == "done"
    assert tries.log[:5] == ["try", "undo", "look", "say 1/4", "sleep"]
    assert tries.log.count("undo") == 2


def test_a_deadlock_without_a_transaction_is_an_error() -> None:
    tries = Tries(1213)
    with pytest.raises(BackendOperationError):
        tries.run()
    assert tries.log == ["try"]


def test_it_ends_with_the_names_of_the_blockers() -> None:
    tries = Tries(*[1205] * 9)
    with pytest.raises(MigrationBlockedError) as raised:
        tries.run(undo=tries.undo)
    assert tries.log.count("try") == 4
    assert tries.log[-3:] == ["try", "undo", "look"]
    assert raised.value.what == "001.sql:3: other sessions hold what this statement needs"
    assert "4 tries in 0 s; held by\napp@10.0.0.7 (connection 812), idle in a transaction for 95 s" in raised.value.why
    assert raised.value.next_step.startswith("end it (`KILL 812`) or wait, then run the command again")


def test_the_pauses_grow_and_end() -> None:
    waits = []
    for _ in range(200):
        tries = Tries(1205, 1205, 1205)
        tries.run()
        first, second, third = tries.pauses
        assert 1 <= first <= 2 <= second <= 4 <= third <= 8
        waits.append(first + second + third)
    assert len({round(wait, 3) for wait in waits}) > 100, "two runners would meet again and again"
    assert LockWait().tries * LockWait().seconds + max(waits) <= 40


def test_long_work_is_not_repeated() -> None:
    tries = Tries(1205)
    with pytest.raises(MigrationBlockedError, match="undone because the table could not be had at the end"):
        tries.run(wait=LockWait(worth_repeating=-1))
    assert tries.log == ["try", "look"]


def test_blockers_in_words() -> None:
    assert str(APP) == "app@10.0.0.7 (connection 812), idle in a transaction for 95 s, last statement: SELECT 1"
    running = Blocker("app", "db", 3, "SELECT 1", 2, "t", running=True)
    assert str(running) == "app@db (connection 3), running for 2 s: SELECT 1"
    locked = Blocker("app", "db", 3, "LOCK TABLES t READ", 2, "t", running=False, in_transaction=False)
    assert str(locked) == "app@db (connection 3), idle for 2 s, last statement: LOCK TABLES t READ"
    assert str(Blocked(Blockers((APP,)), 1, 4, 1.6)).startswith("try 1 of 4, the next in 2 s; held by app@10.0.0.7")
    assert str(Blockers()) == "whoever it was has gone"
    assert str(Blockers(reason="no right")) == "no right"
