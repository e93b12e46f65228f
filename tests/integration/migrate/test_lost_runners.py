"""Runners that end, or lose their network, while another one waits for their lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from integration.eventually import eventually
from integration.migrate import runners
from integration.migrate.cutting_proxy import Cut, CuttingProxy
from integration.migrate.sweep import SECONDS, Blow, Stage
from integration.migrate.sweep_reference import PLAIN, SLOW, Reference
from integration.migrate.sweep_server import SweepServer, sweep_server
from integration.migrate.warm_process import Outcome, WarmProcess

pytestmark = pytest.mark.integration
HOLDING_A_LOCK = (
    "SELECT COUNT(*) FROM performance_schema.metadata_locks"
    " WHERE object_type = 'USER LEVEL LOCK' AND lock_status = 'GRANTED'"
)
WAITING_FOR_A_LOCK = (
    "SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_STATE = 'User lock' OR"
    " PROCESSLIST_INFO LIKE 'SELECT GET_LOCK(%%'"
)
ALTERING = "SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_INFO LIKE 'ALTER TABLE big%%'"
TIMES_ALTERED = (
    "SELECT COALESCE(SUM(count_star), 0) FROM performance_schema.events_statements_summary_by_digest"
    " WHERE schema_name = %s AND digest_text LIKE 'ALTER TABLE `big`%%'"
)


@pytest.fixture(scope="module")
def server() -> Iterator[SweepServer]:
    with sweep_server() as running:
        yield running


@pytest.fixture(scope="module")
def stage(server: SweepServer) -> Iterator[Stage]:
    with WarmProcess() as warm:
        yield Stage(server, warm)


@pytest.fixture
def second() -> Iterator[WarmProcess]:
    """A process for the runner that waits."""
    with WarmProcess() as warm:
        yield warm


def count(server: SweepServer, query: str, *arguments: object) -> int:
    with server.as_root() as cursor:
        cursor.execute(query, arguments)
        return int(cursor.fetchone()[0])


def altering(reference: Reference) -> int:
    return next(number for number in reference.statements if reference.packets[number - 1].text.startswith("ALTER"))


def test_the_next_goes_on_within_a_second_of_the_end_of_an_idle_holder(
    stage: Stage, second: WarmProcess, server: SweepServer
) -> None:
    reference = stage.reference(PLAIN)
    released = threading.Event()
    cut = Cut(altering(reference), lambda: released.wait(SECONDS), moment="before")
    with (
        stage.task(PLAIN) as task,
        CuttingProxy(server.port, cut=cut) as proxy,
        stage.warm.start(replace(task, port=proxy.port)) as holder,
    ):
        eventually(lambda: count(server, HOLDING_A_LOCK), bool)
        with second.start(task) as waiter:
            eventually(lambda: count(server, WAITING_FOR_A_LOCK), bool)
            time.sleep(0.5)  # it waits, and would wait on
            assert not waiter.has_ended()

            runners.kill(holder.pid)
            released.set()
            began = time.monotonic()
            outcome = waiter.outcome(SECONDS)
            seconds = time.monotonic() - began

        assert outcome == Outcome(changed=True)
        stage.compare(task, reference)
    assert seconds < 1.0, "waiting for the lock and all that was left to do"


def test_the_next_waits_for_the_statement_of_a_killed_runner_and_skips_it(stage: Stage, server: SweepServer) -> None:
    reference = stage.reference(SLOW)
    with stage.task(SLOW) as task:
        with stage.struck(task, Blow(altering(reference))):
            pass
        assert count(server, ALTERING), "the server should still be at it"
        assert stage.warm.run(task, SECONDS) == Outcome(changed=True)
        stage.compare(task, reference)
        assert count(server, TIMES_ALTERED, task.database) == 1


def test_a_reset_network_is_as_good_as_a_death(stage: Stage, server: SweepServer) -> None:
    reference = stage.reference(SLOW)
    with stage.task(SLOW) as task:
        with stage.struck(task, Blow(altering(reference), "network", ending="reset")):
            pass
        assert stage.warm.run(task, SECONDS) == Outcome(changed=True)
        stage.compare(task, reference)
        assert count(server, TIMES_ALTERED, task.database) == 1
