"""The progress of a long ALTER, seen from beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from integration.conftest import ROOT_PASSWORD, root_of
from integration.eventually import eventually
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.servers import Server, docker, running, wait_until
from ticketctl.errors import BackendError, BackendUnreachableError
from ticketctl.infra.mysql import connect, translating
from ticketctl.provision.migrate.execution.stages import AlterWatch, Stage
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

pytestmark = pytest.mark.integration

Alter = Callable[[str], list[Stage]]


@pytest.fixture
def connection(bench: Bench) -> Iterator[Connection[Cursor]]:
    with connect(bench.endpoint) as connection:
        yield connection


def watch(connection: Connection[Cursor], bench: Bench, seen: list[Stage], **options: float) -> AlterWatch:
    number = connection.thread_id()  # type: ignore[no-untyped-call]
    return AlterWatch(bench.endpoint, number, seen.append, **options)


@pytest.fixture
def alter(bench: Bench, connection: Connection[Cursor]) -> Alter:
    """Changes a table of 260,000 rows, and returns what was seen of it."""
    bench.query("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, s CHAR(150) NOT NULL, k INT)")
    bench.query("INSERT INTO t (s, k) VALUES ('x', 1)")
    for _ in range(18):
        bench.query("INSERT INTO t (s, k) SELECT SHA2(id, 256), id * 7919 % 100003 FROM t")
    bench.query("ANALYZE TABLE t")

    def run(sql: str) -> list[Stage]:
        seen: list[Stage] = []
        with connection.cursor() as cursor:
            # What the server does in threads of its own it counts when they are done.
            cursor.execute("SET SESSION innodb_ddl_threads = 1, SESSION innodb_parallel_read_threads = 1")
            with watch(connection, bench, seen, patience=0.05, interval=0.05):
                cursor.execute(sql)
        return seen

    return run


@pytest.mark.parametrize(
    ("sql", "stages"),
    [
        ("ALTER TABLE t FORCE, ALGORITHM=COPY", {"copying rows"}),
        ("ALTER TABLE t ADD INDEX (s, k), ALGORITHM=INPLACE, LOCK=NONE", {"reading the table", "building"}),
    ],
)
def test_a_long_alter_moves_from_stage_to_stage(alter: Alter, sql: str, stages: set[str]) -> None:
    seen = alter(sql)
    assert stages <= {stage.name for stage in seen}
    parts = [stage.done / stage.total for stage in seen if stage.done is not None and stage.total]
    assert len(parts) >= 3, seen
    assert parts == sorted(parts)
    assert parts[0] < 0.6
    assert 0.6 < parts[-1] <= 1


def test_waiting_for_others_is_a_stage(bench: Bench, connection: Connection[Cursor]) -> None:
    bench.query("CREATE TABLE t (id INT PRIMARY KEY)")
    seen: list[Stage] = []
    with connect(bench.endpoint, autocommit=False) as other, other.cursor() as reader:
        reader.execute("SELECT * FROM t")
        with watch(connection, bench, seen, patience=0.05, interval=0.05), connection.cursor() as cursor:
            threading.Timer(1.0, other.rollback).start()
            cursor.execute("ALTER TABLE t ADD x INT")
    assert Stage("waiting for other sessions to leave the table") in seen


def connections_of(root: Root, endpoint: MysqlEndpoint) -> int:
    found = root("SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_USER = %s", endpoint.user)
    return int(found[0][0])


def test_a_quick_statement_costs_no_connection(bench: Bench, connection: Connection[Cursor], root: Root) -> None:
    seen: list[Stage] = []
    began = time.monotonic()
    for _ in range(20):
        with watch(connection, bench, seen), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert connections_of(root, bench.endpoint) == 1
    assert time.monotonic() - began < 2
    assert seen == []
    assert watchers() == []


def test_it_ends_with_the_statement(bench: Bench, connection: Connection[Cursor], root: Root) -> None:
    seen: list[Stage] = []
    with watch(connection, bench, seen, patience=0.05, interval=60), connection.cursor() as cursor:
        cursor.execute("DO SLEEP(0.5)")
        began = time.monotonic()
    assert time.monotonic() - began < 0.5
    assert seen == [Stage("user sleep")]
    eventually(lambda: connections_of(root, bench.endpoint), lambda count: count == 1)


def test_it_never_disturbs_the_statement(bench: Bench, connection: Connection[Cursor]) -> None:
    def fail(stage: Stage) -> None:
        raise RuntimeError(stage.name)

    wrong = replace(bench.endpoint, user="nobody")
    number = connection.thread_id()  # type: ignore[no-untyped-call]
    for one in (AlterWatch(bench.endpoint, number, fail, patience=0), AlterWatch(wrong, number, fail, patience=0)):
        with one, connection.cursor() as cursor:
            cursor.execute("SELECT SLEEP(0.3)")
            assert cursor.fetchall() == ((0,),)


def test_the_error_of_the_statement_comes_through(bench: Bench, connection: Connection[Cursor]) -> None:
    seen: list[Stage] = []
    with (
        pytest.raises(BackendError, match="refused"),
        translating(bench.endpoint),
        watch(connection, bench, seen),
        connection.cursor() as cursor,
    ):
        cursor.execute("NONSENSE")


@pytest.fixture(scope="module")
def breakable() -> Iterator[Server]:
    """A server that the last two tests may break."""
    with running("mysql", 3306, environ={"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD.reveal()}, memory="1g") as server:
        wait_until(lambda: connect(root_of(server)).close(), server)
        yield server


def watchers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ticketctl-alter-watch"]


def test_a_server_that_goes_away_is_not_waited_for(breakable: Server) -> None:
    seen: list[Stage] = []
    endpoint = root_of(breakable)
    with connect(endpoint) as connection:
        number = connection.thread_id()  # type: ignore[no-untyped-call]
        with AlterWatch(endpoint, number, seen.append, patience=0.05, interval=0.05), connection.cursor() as cursor:
            cursor.execute("DO SLEEP(1)")
            breakable.pause()
            time.sleep(0.3)  # long enough for a look that gets no answer
            began = time.monotonic()
        took = time.monotonic() - began
        breakable.unpause()
    assert took < 0.5, "it waited for a server that does not answer"
    assert Stage("user sleep") in seen
    eventually(watchers, lambda names: not names, 20)


def test_a_server_that_ends_ends_the_watching_too(breakable: Server) -> None:
    seen: list[Stage] = []
    endpoint = root_of(breakable)

    def statement() -> None:
        with connect(endpoint) as connection, translating(endpoint), connection.cursor() as cursor:
            number = connection.thread_id()  # type: ignore[no-untyped-call]
            with AlterWatch(endpoint, number, seen.append, patience=0.05, interval=0.05):
                cursor.execute("DO SLEEP(60)")

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(statement)
        eventually(lambda: list(seen), bool)
        docker("kill", breakable.name)
        assert isinstance(future.exception(), BackendUnreachableError)
    eventually(watchers, lambda names: not names, 20)
