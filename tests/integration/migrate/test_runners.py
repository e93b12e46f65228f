"""Several runners at once, and runners that are killed."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from integration.eventually import eventually
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.server import PATIENT, running, slow
from ticketctl.errors import BackendUnreachableError, MigrationLockedError
from ticketctl.events import ignore
from ticketctl.infra.mysql import connect
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.execution.lock import lock_name
from ticketctl.provision.migrate.planning.results import ApplyResult
from ticketctl.provision.migrate.source.targets import find_targets
from ticketctl.settings.model import DatabaseSettings

pytestmark = pytest.mark.integration


def test_runners_at_once_do_everything_once(bench: Bench) -> None:
    bench.write(
        _001_a="CREATE TABLE a (x INT);\nDO SLEEP(1.5);\nINSERT INTO a VALUES (1);",
        **{
            f"_{number:03}_x": f"CREATE TABLE t{number} (x INT);\nINSERT INTO a VALUES ({number});"
            for number in range(2, 8)
        },
    )
    runners = [Bench(bench.endpoint, bench.root) for _ in range(8)]

    def run(one: Bench) -> ApplyResult:
        return one.apply()

    with ThreadPoolExecutor(len(runners)) as pool:
        results = list(pool.map(run, runners))

    applied = [migration.name for result in results for migration in result.databases[0].applied]
    assert sorted(applied) == ["001_a", *(f"{number:03}_x" for number in range(2, 8))]
    assert bench.query("SELECT x FROM a ORDER BY x") == [(number,) for number in range(1, 8)]
    waited = [line for one in runners for line in one.progress("waiting")]
    assert any("held by ticketctl_migrate from" in line and "DO SLEEP(1.5)" in line for line in waited), waited


def test_who_waits_too_long_is_told_for_whom(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);")
    with connect(bench.endpoint) as holder:
        holder.cursor().execute("SELECT GET_LOCK(%s, 0)", (lock_name(bench.endpoint.database or ""),))
        began = time.monotonic()
        with pytest.raises(MigrationLockedError) as raised:
            bench.apply(lock_timeout=1)
    assert time.monotonic() - began < 4
    assert re.search(r"waited 1 s for ticketctl_migrate from .*, idle for \d+ s", raised.value.why)
    assert bench.tables() == []
    bench.apply()


def test_the_lock_of_one_database_does_not_stop_another(bench: Bench, scratch_name: Callable[..., str]) -> None:
    other = bench.on(scratch_name()).write(_001_a="CREATE TABLE a (x INT);")
    with connect(bench.endpoint) as holder:
        holder.cursor().execute("SELECT GET_LOCK(%s, 0)", (lock_name(bench.endpoint.database or ""),))
        assert other.apply(lock_timeout=0).changed


def test_names_of_locks_fit_any_database() -> None:
    names = {lock_name(database) for database in ("a", "A", "a" * 64, "é`;")}
    assert len({name.lower() for name in names}) == 4
    assert max(map(len, names)) <= 64


def test_without_the_lock_nothing_more_is_executed(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);\nSELECT RELEASE_ALL_LOCKS();\nCREATE TABLE b (x INT);")
    with pytest.raises(MigrationLockedError, match="was lost"):
        bench.apply()
    assert bench.tables() == ["a"]
    bench.apply()
    assert bench.tables() == ["a", "b"]


def kill_connection_of(bench: Bench, root: Root) -> None:
    root("KILL %s", root("SELECT IS_USED_LOCK(%s)", lock_name(bench.endpoint.database or ""))[0][0])


def test_a_lost_connection_is_not_taken_for_a_refused_statement(bench: Bench, root: Root) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);\nINSERT INTO a SELECT SLEEP(30);")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(bench.apply)
        eventually(lambda: running(root, "INSERT INTO a SELECT SLEEP(30)"), bool, 60)
        kill_connection_of(bench, root)
        with pytest.raises(BackendUnreachableError, match=r"001_a\.sql:2:1: the connection was lost"):
            future.result()
    assert [state for *_, state in bench.journal()] == ["done"], "rows are journaled inside their own transaction"
    assert bench.states() == {"001_a": "partial"}


def killed_inside(bench: Bench, root: Root, beginning: str) -> None:
    """Start a runner and kill it while the server executes a statement that begins like this."""
    with bench.runner_process() as process:
        eventually(lambda: running(root, beginning) or process.poll() is not None, bool, 60)
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_rows_that_a_killed_runner_wrote_are_there_once(bench: Bench, root: Root) -> None:
    """The server goes on with the statement; the next runner waits for it, and does it again."""
    bench.write(_001_a=f"CREATE TABLE a (x INT);\nINSERT INTO a SELECT {slow(root)};\nINSERT INTO a VALUES (2);")
    killed_inside(bench, root, "INSERT INTO a SELECT BENCHMARK")
    assert running(root, "INSERT INTO a SELECT BENCHMARK"), "the server should still be at it"

    bench.apply(lock_timeout=PATIENT)

    assert bench.query("SELECT x FROM a ORDER BY x") == [(0,), (2,)]
    assert any("BENCHMARK" in line for line in bench.progress("waiting"))


def test_a_guarded_definition_of_a_killed_runner_is_simply_made_again(bench: Bench, root: Root) -> None:
    bench.write(_001_a=f"CREATE TABLE IF NOT EXISTS a AS SELECT {slow(root)} AS x;\nINSERT INTO a VALUES (2);")
    killed_inside(bench, root, "CREATE TABLE IF NOT EXISTS a")

    bench.apply(lock_timeout=PATIENT)

    assert bench.query("SELECT x FROM a ORDER BY x") == [(0,), (2,)]


def test_a_definition_of_a_killed_runner_is_looked_for_and_found(bench: Bench, root: Root) -> None:
    bench.write(_001_a=f"CREATE TABLE a AS SELECT {slow(root)} AS x;\nINSERT INTO a VALUES (2);")
    killed_inside(bench, root, "CREATE TABLE a AS")
    assert bench.states() == {"001_a": "running"}, "the server is still at it, so it is not in doubt yet"
    assert "in the hands of ticketctl_migrate from" in str(bench.plan())

    bench.apply(lock_timeout=PATIENT)

    assert bench.query("SELECT x FROM a ORDER BY x") == [(0,), (2,)]


def test_a_definition_of_a_killed_runner_is_looked_for_and_made_when_it_is_not_there(bench: Bench, root: Root) -> None:
    bench.query("CREATE TABLE a (x INT)")
    bench.write(_001_a="CREATE TABLE b (x INT);\nALTER TABLE a ADD COLUMN y INT;")
    root("BEGIN")
    root(f"SELECT * FROM `{bench.endpoint.database}`.a")  # the ALTER waits for this transaction
    killed_inside(bench, root, "ALTER TABLE a")
    kill_connection_of(bench, root)
    root("ROLLBACK")
    assert bench.query("SHOW COLUMNS FROM a LIKE 'y'") == []
    assert "looks first whether it landed" in str(bench.plan())

    bench.apply()

    assert len(bench.query("SHOW COLUMNS FROM a LIKE 'y'")) == 1
    assert bench.tables() == ["a", "b"]


def test_a_statement_that_another_runner_executes_is_not_in_doubt(bench: Bench, root: Root) -> None:
    bench.write(_001_a=f"CREATE TABLE a AS SELECT {slow(root)} AS x;\nINSERT INTO a VALUES (2);")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(Bench(bench.endpoint, bench.root).apply)
        eventually(lambda: running(root, "CREATE TABLE a AS"), bool, 60)
        second = bench.apply(lock_timeout=PATIENT)
        assert first.result().databases[0].applied
    assert second.databases[0].applied == ()
    assert bench.query("SELECT x FROM a ORDER BY x") == [(0,), (2,)]


def test_killed_again_and_again_it_converges(bench: Bench) -> None:
    """Guarded definitions and rows, killed at whatever moment a growing delay hits."""
    statements = [
        f"CREATE TABLE IF NOT EXISTS t{number} (x INT);\nINSERT INTO t0 VALUES ({number});" for number in range(60)
    ]
    bench.write(_001_a="\n".join(statements[:30]), _002_b="\n".join(statements[30:]))
    kills, delay = 0, 0.25
    for _ in range(60):
        with bench.runner_process() as process:
            try:
                output, errors = process.communicate(timeout=delay)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
                delay *= 1.1
                continue
        assert (process.returncode, errors) == (0, ""), errors
        assert output.startswith("applied")
        break
    else:
        pytest.fail("it never came to an end")

    assert kills >= 2
    assert bench.query("SELECT x FROM t0 ORDER BY x") == [(number,) for number in range(60)]
    assert len(bench.tables()) == 60
    assert bench.states() == {"001_a": "applied", "002_b": "applied"}


def test_fifty_runners_of_three_databases_fit_on_a_server(
    bench: Bench, scratch_name: Callable[..., str], root: Root
) -> None:
    """Who waits holds one connection, whatever number of databases: fifty stay below the default limit of 151."""
    bench.write(_001_a="CREATE TABLE a (x INT);\nDO SLEEP(2);\nINSERT INTO a VALUES (1);", _002_b="DO SLEEP(1);")
    endpoints = {"one": bench.endpoint}
    endpoints |= {key: replace(bench.endpoint, database=scratch_name()) for key in ("two", "three")}
    databases = {key: DatabaseSettings(item.database or "", "migrations") for key, item in endpoints.items()}
    assert root("SELECT @@GLOBAL.max_connections") == [(151,)]
    root("FLUSH STATUS")  # it begins to count the most connections anew

    def run(_: int) -> ApplyResult:
        return runner.apply(find_targets(bench.root, databases, endpoints), emit=ignore).raise_failed()

    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(run, range(50)))

    applied = [
        (database.key, one.name) for result in results for database in result.databases for one in database.applied
    ]
    assert sorted(applied) == sorted((key, name) for key in endpoints for name in ("001_a", "002_b"))
    for item in endpoints.values():
        assert bench.on(item.database or "").query("SELECT x FROM a") == [(1,)]
    ((_, most),) = root("SHOW STATUS LIKE 'Max_used_connections'")
    assert int(most) < 80
