"""The same sweep where it has to fail: on yoyo, and on ourselves without what makes us converge.

If these pass for converging, the sweep sees nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from integration.migrate.cutting_proxy import CuttingProxy
from integration.migrate.sweep import SECONDS, Blow, NotConvergedError, Stage, difference
from integration.migrate.sweep_reference import PLAIN, SLOW, Group, Reference
from integration.migrate.sweep_server import SweepServer, sweep_server
from integration.migrate.warm_process import Outcome, Task, WarmProcess
from ticketctl.infra.mysql import quote_identifier

pytestmark = pytest.mark.integration
FULL = os.environ.get("TICKETCTL_TEST_SWEEP") == "full"
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def server() -> Iterator[SweepServer]:
    with sweep_server() as running:
        yield running


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess() as process:
        yield process


@pytest.fixture
def stage(server: SweepServer, warm: WarmProcess) -> Stage:
    return Stage(server, warm)


class YoyoStage:
    """Runs of yoyo, disturbed in the same way."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with stage.task(PLAIN, "yoyo apply") as task:
            self._create_database(task)
            with CuttingProxy(stage.server.port) as proxy:
                outcome = stage.warm.run(replace(task, port=proxy.port), SECONDS)
            assert outcome == Outcome(changed=True), outcome
            self.packets = tuple(proxy.packets)
            self.snapshot = stage.snapshot(task, PLAIN)

    def killed_at(self, packet: int) -> tuple[str, str]:
        """Kill it at a packet; why its repetition fails, and why it fails once more after `yoyo break-lock`."""
        with self.stage.task(PLAIN, "yoyo apply") as task:
            self._create_database(task)
            with self.stage.struck(task, Blow(packet)):
                pass
            first = self._repeat(task)
            if not first:
                return "", ""
            self.stage.warm.run(replace(task, action="yoyo break-lock"), SECONDS)
            return first, self._repeat(task)

    def _repeat(self, task: Task) -> str:
        outcome = self.stage.warm.run(task, SECONDS)
        return outcome.error or difference(self.snapshot, self.stage.snapshot(task, PLAIN))

    def _create_database(self, task: Task) -> None:
        with self.stage.server.as_root() as cursor:
            cursor.execute(f"CREATE DATABASE {quote_identifier(task.database)} CHARACTER SET utf8mb4")


def test_yoyo_does_not_converge(stage: Stage, record_testsuite_property: Record) -> None:
    """Its lock row stays behind; and when that is removed, what has landed is in the way."""
    yoyo = YoyoStage(stage)
    ours = stage.reference(PLAIN)
    assert difference(ours.snapshot, yoyo.snapshot) == ""
    packets = range(1, len(yoyo.packets) + 1, 1 if FULL else 12)
    results = [yoyo.killed_at(packet) for packet in packets]
    locked_out = sum(first == "LockTimeout" for first, _ in results)
    stuck = [second for _, second in results if second]
    record_testsuite_property("yoyo: packets", len(results))
    record_testsuite_property("yoyo: repetitions that fail at the lock row", locked_out)
    record_testsuite_property("yoyo: repetitions that fail without it", len(stuck))
    assert locked_out
    assert stuck, "without its lock row yoyo would converge: then it is no control"


def test_where_yoyo_does_not_we_do(stage: Stage) -> None:
    ours = stage.reference(PLAIN)
    problems = [stage.disturb(ours, Blow(packet)).problem for packet in ours.statements]
    assert problems == [""] * len(ours.statements)


def altering(reference: Reference) -> int:
    """Number of the packet with the ALTER."""
    return next(number for number in reference.statements if reference.packets[number - 1].text.startswith("ALTER"))


@pytest.mark.parametrize(
    ("change", "moment"),
    [("believe it landed", "before"), ("believe it did not", "sent")],
)
def test_without_looking_it_does_not_converge(server: SweepServer, warm: WarmProcess, change: str, moment: str) -> None:
    reference = Stage(server, warm).reference(PLAIN)
    blind = Stage(server, warm, (change,))
    verdict = blind.disturb(reference, Blow(altering(reference), moment="before" if moment == "before" else "sent"))
    assert verdict.problem
    other = Stage(server, warm).disturb(reference, verdict.blow)
    assert other.problem == ""


def test_with_its_lock_on_another_connection_it_does_not_converge(
    stage: Stage, server: SweepServer, warm: WarmProcess
) -> None:
    """The statement outlives the runner that was killed, and the next runner does not wait for it."""
    reference = stage.reference(SLOW)
    apart = Stage(server, warm, ("lock apart",))
    undisturbed = apart.reference(SLOW)
    assert undisturbed.snapshot == reference.snapshot

    verdict = apart.disturb(undisturbed, Blow(altering(undisturbed)))

    assert "Duplicate column name" in verdict.problem, verdict
    assert stage.disturb(reference, Blow(altering(reference))).problem == ""


def test_a_difference_is_seen(stage: Stage, warm: WarmProcess) -> None:
    """One row, one default, one statement in the journal: the comparison is not blind."""
    reference = stage.reference(PLAIN)
    spoiling = (
        "UPDATE booking SET amount = amount + 1 WHERE id = 2",
        "ALTER TABLE booking ALTER COLUMN currency SET DEFAULT 'USD'",
        "UPDATE ticketctl_migration SET state = 'applying'",
        "CREATE TABLE one_more (id INT)",
    )
    for statement in spoiling:
        with stage.task(Group("plain")) as task:
            assert warm.run(task, SECONDS) == Outcome(changed=True)
            with stage.server.as_root() as cursor:
                cursor.execute(f"USE {quote_identifier(task.database)}")
                cursor.execute(statement)
            with pytest.raises(NotConvergedError):
                stage.compare(task, reference)
