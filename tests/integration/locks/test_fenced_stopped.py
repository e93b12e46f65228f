"""A holder that is stopped past the end of its lease, and goes on: what it writes then changes nothing (L3)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from integration.conftest import REDIS_PASSWORD, ROOT_PASSWORD, redis_of, root_of
from integration.eventually import eventually
from integration.locks import fenced_holder
from integration.servers import Server
from ticketctl.infra import redis
from ticketctl.infra.mysql import connect
from ticketctl.locks import fenced

pytestmark = pytest.mark.integration
DATABASE = "fenced_stopped"
SCHEMA = (
    f"DROP DATABASE IF EXISTS {DATABASE}",
    f"CREATE DATABASE {DATABASE}",
    f"USE {DATABASE}",
    "CREATE TABLE seats (id INT PRIMARY KEY, holder VARCHAR(20), fence BIGINT UNSIGNED NULL)",
    "INSERT INTO seats VALUES (7, 'nobody', NULL)",
    fenced.LOCK_FENCES_TABLE,
)

Seen = Callable[[str], tuple[str, ...]]


@pytest.fixture
def environ(own_mysql: Server, own_redis: Server) -> Iterator[Mapping[str, str]]:
    """Where a holder writes: one seat in MySQL, one key in Redis, both nobody's."""
    with (
        closing(connect(root_of(own_mysql))) as connection,
        connection.cursor() as cursor,
        closing(redis.connect(redis_of(own_redis))) as keys,
    ):
        for statement in SCHEMA:
            cursor.execute(statement)
        leftovers = [*keys.scan_iter("*seat:7*")]
        if leftovers:
            keys.delete(*leftovers)
        yield {
            **os.environ,
            "MYSQL_PORT": str(own_mysql.port),
            "MYSQL_PASSWORD": ROOT_PASSWORD.reveal(),
            "MYSQL_DATABASE": DATABASE,
            "REDIS_PORT": str(own_redis.port),
            "REDIS_PASSWORD": REDIS_PASSWORD.reveal(),
        }
        cursor.execute(f"DROP DATABASE {DATABASE}")


@pytest.fixture
def seen(own_mysql: Server, own_redis: Server) -> Seen:
    """Who holds the seat by what is committed."""

    def look(where: str) -> tuple[str, ...]:
        if where == "redis":
            with closing(redis.connect(redis_of(own_redis))) as keys:
                return (str(keys.get("seat:7:holder")),)
        with closing(connect(root_of(own_mysql))) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT holder FROM {DATABASE}.seats")
            return tuple(holder for (holder,) in cursor.fetchall())

    return look


class Holder:
    """A process of `fenced_holder`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        said, _, fence = self._line().partition(" ")
        assert said == "holds"
        self.fence = int(fence)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGSTOP)
        state = Path(f"/proc/{self._process.pid}/stat")
        eventually(lambda: state.read_text().rpartition(")")[2].split()[0], lambda letter: letter == "T")

    def tell(self) -> None:
        """Tell it to write; a stopped process hears it when it goes on."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def outcome(self) -> str:
        """`wrote <rows>` or `stale <newer fence>`."""
        line = self._line()
        assert self._process.wait(timeout=30) == 0
        return line


@contextmanager
def holding(environ: Mapping[str, str], where: str, how: str, name: str) -> Iterator[Holder]:
    """Run a holder; it has the lock when the block begins."""
    process = subprocess.Popen(
        [sys.executable, fenced_holder.__file__, where, how, name],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Holder(process)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("where", "how"),
    [("mysql", "fenced"), ("mysql", "guarded"), ("redis", "fenced"), ("mysql", "plain"), ("redis", "plain")],
)
def test_a_stopped_holder_writes_nothing_after_the_next_one(
    environ: Mapping[str, str], seen: Seen, where: str, how: str
) -> None:
    with holding(environ, where, how, "older") as older:
        older.stop()
        # It gets the lock when the lease of the stopped one has run out.
        with holding(environ, where, how, "newer") as newer:
            assert newer.fence > older.fence
            newer.tell()
            assert newer.outcome() == "wrote 1"
        older.tell()
        older.go_on()
        outcome = older.outcome()

    if how == "plain":  # as it is without the fence
        assert (outcome, seen(where)) == ("wrote 1", ("older",))
    else:
        assert (outcome, seen(where)) == (f"stale {newer.fence}", ("newer",))


@pytest.mark.parametrize(("where", "how"), [("mysql", "fenced"), ("mysql", "guarded"), ("redis", "fenced")])
def test_a_stopped_holder_may_write_while_nobody_came_after_it(
    environ: Mapping[str, str], seen: Seen, own_redis: Server, where: str, how: str
) -> None:
    with holding(environ, where, how, "older") as older, closing(redis.connect(redis_of(own_redis))) as keys:
        older.stop()
        eventually(lambda: keys.exists("lock:{seat:7}"), lambda lease: not lease)
        older.tell()
        older.go_on()

        assert older.outcome() == "wrote 1"
    assert seen(where) == ("older",)
