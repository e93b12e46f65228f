"""The network is gone without a word: no end of the connection, no reset, on neither side.

The server's container loses its network for real. Both ends then have only the keepalive of their kernels:
the client sets its own, the server has its machine's, which is two hours unless somebody sets it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from integration.conftest import ROOT_PASSWORD
from integration.eventually import eventually
from integration.migrate.sweep import LOST, SECONDS
from integration.migrate.sweep_reference import FILES
from integration.migrate.sweep_server import OPTIONS, USER, create_account
from integration.migrate.warm_process import KILLED, Outcome, Task, WarmProcess
from integration.servers import LABEL, PREFIX, Server, docker, running, wait_until
from ticketctl.infra.mysql import connect
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration
FULL = os.environ.get("TICKETCTL_TEST_SWEEP") == "full"
SERVER_KEEPALIVE = {"time": 3, "intvl": 1, "probes": 3}
SERVER_NOTICES = 7.0  # seconds, and a little more
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
SLEEPING = "SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_INFO LIKE 'SELECT SLEEP%%'"


@dataclass(frozen=True)
class Distant:
    """A server that is reached through a network of its own, which can be taken away."""

    server: Server
    network: str

    @property
    def host(self) -> str:
        return docker("inspect", "--format", ADDRESS, self.server.name)

    def task(self, *changes: str) -> Task:
        return Task("apply", str(FILES), "sleeping", 3306, USER, "sweep_sleeping", changes, self.host)

    @contextmanager
    def as_root(self) -> Iterator[Any]:
        endpoint = MysqlEndpoint(self.host, 3306, "root", ROOT_PASSWORD)
        with closing(connect(endpoint)) as connection, connection.cursor() as cursor:
            yield cursor

    def sleep_for(self, seconds: int) -> None:
        """Say how long the statement takes that sleeps."""
        with self.as_root() as cursor:
            cursor.execute("SET GLOBAL long_query_time = %s", (seconds,))

    def sleeps(self) -> bool:
        with self.as_root() as cursor:
            cursor.execute(SLEEPING)
            return bool(cursor.fetchone()[0])

    def disconnect(self) -> None:
        docker("network", "disconnect", self.network, self.server.name)

    def connect(self) -> None:
        docker("network", "connect", self.network, self.server.name)
        wait_until(lambda: eventually(self._answers, bool, 30), self.server)

    def _answers(self) -> bool:
        with self.as_root() as cursor:
            cursor.execute("DO 1")
        return True


@contextmanager
def distant_server(keepalive: Mapping[str, int]) -> Iterator[Distant]:
    """A server of its own, with or without its kernel looking whether anybody is there."""
    network = f"{PREFIX}network-{uuid4().hex[:8]}"
    docker("network", "create", "--label", f"{LABEL}={os.getpid()}", network)
    sysctls = [
        argument
        for name, seconds in keepalive.items()
        for argument in ("--sysctl", f"net.ipv4.tcp_keepalive_{name}={seconds}")
    ]
    environ = {"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD.reveal()}
    options = (*OPTIONS, "--network", network, *sysctls)
    try:
        with running("mysql", 3306, environ=environ, memory="1g", options=options) as server:
            one = Distant(server, network)
            wait_until(one._answers, server)
            with one.as_root() as cursor:
                create_account(cursor)
            one.sleep_for(3600)
            yield one
    finally:
        docker("network", "rm", network, check=False)


@pytest.fixture
def distant() -> Iterator[Distant]:
    with distant_server(SERVER_KEEPALIVE) as one:
        yield one


@pytest.fixture
def trusting() -> Iterator[Distant]:
    """A server that believes for two hours that everybody is there."""
    with distant_server({}) as one:
        yield one


@pytest.fixture
def warm() -> Iterator[WarmProcess]:
    with WarmProcess() as process:
        yield process


def test_the_client_notices(distant: Distant, warm: WarmProcess) -> None:
    """By its keepalive, within 60 s; the settings are shortened here unless the sweep is full."""
    changes, limit = ((), 62.0) if FULL else (("notice soon",), 6.0)
    with warm.start(distant.task(*changes)) as child:
        eventually(distant.sleeps, bool)
        began = time.monotonic()
        distant.disconnect()
        outcome = child.outcome(limit + 30)
        seconds = time.monotonic() - began
    assert outcome.error in LOST, outcome
    assert "the connection was lost while this statement ran" in outcome.message
    assert seconds < limit


def test_a_server_with_keepalive_lets_a_vanished_runner_go(distant: Distant, warm: WarmProcess) -> None:
    task = distant.task()
    with warm.start(task) as child:
        eventually(distant.sleeps, bool)
        distant.disconnect()
        child.kill()
        assert child.outcome(SECONDS) == KILLED
    time.sleep(SERVER_NOTICES)
    distant.connect()
    eventually(distant.sleeps, lambda asleep: not asleep)  # every 5 s a sleeping statement looks after its client
    distant.sleep_for(0)
    assert warm.run(replace(task, host=distant.host), 10.0) == Outcome(changed=True)


def test_any_other_server_gives_up_who_goes_silent(trusting: Distant, warm: WarmProcess) -> None:
    """After 60 s, here 2: it waits that long for the next statement of the connection that holds the lock."""
    trusting.sleep_for(1)
    task = trusting.task("given up soon")
    with warm.start(task) as child:
        eventually(trusting.sleeps, bool)
        trusting.disconnect()
        child.kill()
        assert child.outcome(SECONDS) == KILLED
    trusting.connect()
    eventually(trusting.sleeps, lambda asleep: not asleep)
    trusting.sleep_for(0)
    assert warm.run(replace(task, host=trusting.host), 10.0) == Outcome(changed=True)
