"""`ticketctl.testing` in the test suite of a service, as its developers run it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from integration.eventually import eventually
from integration.migrate.conftest import Root
from ticketctl.migrations import MysqlEndpoint
from ticketctl.settings.mysql_url import mysql_url
from ticketctl.testing.databases import PREFIX, ThrowAwayDatabases, _new_name

pytestmark = pytest.mark.integration

OPT_IN = 'pytest_plugins = ["ticketctl.testing"]\n'


@dataclass(frozen=True)
class Suite:
    """A service's own folder with migrations and tests, and the server that it is told of."""

    folder: Path
    server: MysqlEndpoint

    def write(self, tests: str, conftest: str = OPT_IN) -> Suite:
        (self.folder / "conftest.py").write_text(conftest)
        (self.folder / "test_service.py").write_text(dedent(tests))
        return self

    def start(self, *arguments: str, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TICKETCTL_", "PYTEST"))}
        given = {"TICKETCTL_TEST_MYSQL_URL": mysql_url(self.server)} if environ is None else environ
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *arguments],
            cwd=self.folder,
            env={**inherited, **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, environ: dict[str, str] | None = None) -> tuple[int, str]:
        process = self.start(*arguments, environ=environ)
        out, _ = process.communicate(timeout=120)
        return process.returncode, out


@pytest.fixture
def suite(tmp_path: Path, migration_account: MysqlEndpoint, root: Root) -> Suite:
    folder = tmp_path / "migrations" / "orders"
    folder.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (folder / "001_orders.sql").write_text(
        "CREATE TABLE orders (id INT PRIMARY KEY);\nINSERT INTO orders VALUES (1);\n"
    )
    assert made(root) == []
    return Suite(tmp_path, migration_account)


def made(root: Root) -> list[str]:
    return [name for (name,) in root("SHOW DATABASES") if name.startswith(PREFIX)]


def test_tests_share_a_migrated_database_or_get_one_of_their_own(suite: Suite, root: Root) -> None:
    suite.write("""
        import pytest
        from pathlib import Path
        from urllib.parse import urlsplit
        from ticketctl.migrations import Migrator

        names = set()

        @pytest.fixture(scope="session")
        def orders(migrated_databases):
            return migrated_databases.shared("migrations/orders")

        def rows(database):
            with database.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT id FROM orders ORDER BY id")
                return [row[0] for row in cursor.fetchall()]

        def test_first(migrated_database, orders):
            database = migrated_database("migrations/orders")
            assert database == orders == migrated_database(Path("migrations", "orders").resolve())
            names.add(database.name)
            assert rows(database) == [1]
            with database.connect(autocommit=True) as connection, connection.cursor() as cursor:
                cursor.execute("INSERT INTO orders VALUES (2)")

        def test_second(migrated_database):
            shared = migrated_database("migrations/orders")
            fresh, other = (migrated_database("migrations/orders", fresh=True) for _ in range(2))
            names.update([shared.name, fresh.name, other.name])
            assert len(names) == 3
            assert rows(shared) == [1, 2]
            assert rows(fresh) == rows(other) == [1]

        def test_what_it_says(migrated_database):
            database = migrated_database("migrations/orders")
            url = urlsplit(database.url)
            assert (url.hostname, url.port, url.username) == (database.host, database.port, database.user)
            assert url.path == f"/{database.name}"
            assert database.password not in repr(database)
            assert Migrator(database.url, "migrations/orders").status().at_head

        def test_the_fresh_ones_are_gone(migrated_database):
            with migrated_database("migrations/orders").connect() as connection, connection.cursor() as cursor:
                cursor.execute("SHOW DATABASES LIKE 'ticketctl\\\\_scratch\\\\_test\\\\_%'")
                assert len(cursor.fetchall()) == 1
        """)

    code, out = suite.run()

    assert (code, "4 passed" in out) == (0, True), out
    assert made(root) == []


def test_databases_are_dropped_when_tests_fail_and_when_they_leave_transactions_open(suite: Suite, root: Root) -> None:
    suite.write("""
        left = []

        def test_fails(migrated_database):
            for fresh in (False, True):
                connection = migrated_database("migrations/orders", fresh=fresh).connect()
                left.append(connection)
                connection.cursor().execute("UPDATE orders SET id = 3")
            assert False, "on purpose"
        """)

    began = time.monotonic()
    code, out = suite.run("-W", "default")

    assert (code, "1 failed" in out, "on purpose" in out, "error" in out.splitlines()[-1]) == (1, True, True, False), (
        out
    )
    assert made(root) == []
    assert time.monotonic() - began < 30  # without ending the sessions, two drops would wait for 10 s each, and fail


def test_a_migration_that_fails_fails_the_test_and_leaves_nothing(suite: Suite, root: Root) -> None:
    (suite.folder / "migrations" / "orders" / "002_bad.sql").write_text("CREATE TABLE bad (x NOTYPE);\n")
    suite.write("def test_it(migrated_database):\n    migrated_database('migrations/orders')\n")

    code, out = suite.run()

    assert code == 1
    assert "TKT-402" in out
    assert "002_bad.sql:1:1: MySQL refused this statement" in out
    assert "Traceback" not in out
    assert made(root) == []


def test_what_a_killed_run_leaves_is_removed_when_it_is_a_day_old(suite: Suite, root: Root) -> None:
    suite.write("""
        import os, time

        def test_it(migrated_database):
            migrated_database("migrations/orders", fresh=True)
            open("ready", "w").close()
            time.sleep(600)

        def test_other(migrated_database):
            migrated_database("migrations/orders")
        """)
    process = suite.start("-k", "test_it")
    try:
        eventually((suite.folder / "ready").exists, bool, seconds=60)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    (left,) = made(root)

    assert suite.run("-k", "test_other")[0] == 0
    assert made(root) == [left], "what is young may belong to a run that goes on"

    # The same name, as it would be if the run had been a day and an hour ago, and names that are not ours.
    old = _new_name(datetime.now(UTC) - timedelta(hours=25))
    others = [f"{PREFIX}20200230t000000_0123abcd", f"{PREFIX}notours"]
    for name in (old, *others):
        root(f"CREATE DATABASE {name}")
    try:
        assert suite.run("-k", "test_other")[0] == 0
        assert sorted(made(root)) == sorted([left, *others])
    finally:
        for name in (old, left, *others):
            root(f"DROP DATABASE IF EXISTS {name}")


def test_a_run_that_is_interrupted_leaves_nothing(suite: Suite, root: Root) -> None:
    suite.write("""
        import time

        def test_it(migrated_database):
            migrated_database("migrations/orders", fresh=True)
            migrated_database("migrations/orders")
            open("ready", "w").close()
            time.sleep(600)
        """)
    process = suite.start()
    eventually((suite.folder / "ready").exists, bool, seconds=60)
    assert len(made(root)) == 2
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert process.returncode == 2
    assert made(root) == []


def test_runs_at_the_same_time_do_not_meet(suite: Suite, root: Root) -> None:
    """As the workers of pytest-xdist do: each is a session of its own."""
    suite.write("""
        import time
        from pathlib import Path

        def test_it(migrated_database):
            database = migrated_database("migrations/orders")
            Path(f"{database.name}.seen").touch()
            until = time.monotonic() + 60
            while len(list(Path().glob("*.seen"))) < 3:
                assert time.monotonic() < until
                time.sleep(0.05)
            with database.connect(autocommit=True) as connection, connection.cursor() as cursor:
                assert cursor.execute("UPDATE orders SET id = id + 1") == 1
        """)
    processes = [suite.start() for _ in range(3)]
    outs = [process.communicate(timeout=120)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], "\n".join(outs)
    assert made(root) == []


def test_without_a_server_the_tests_that_need_one_fail_with_the_ways_to_get_one(suite: Suite) -> None:
    suite.write("""
        def test_needs_one(migrated_database):
            migrated_database("migrations/orders")

        def test_needs_none():
            pass
        """)

    code, out = suite.run(environ={})
    assert (code, "1 passed, 1 error" in out) == (1, True), out
    assert "no MySQL server is known to test with" in out
    assert "TICKETCTL_TEST_MYSQL_URL=mysql://user:password@host:port" in out
    assert "Traceback" not in out

    code, out = suite.run(environ={"TICKETCTL_TEST_MYSQL_URL": "mysql://u:hidden@127.0.0.1:1"})
    assert (code, "1 passed, 1 error" in out) == (1, True), out
    assert "TKT-301" in out
    assert "hidden" not in out


PROJECT = "databases:\n  main: { name: main_db, migrations: migrations }\n"
PROJECT += "services:\n  one: { description: d, language: python, port: 8080 }\n"


def test_a_project_above_says_where_its_server_is(suite: Suite) -> None:
    (suite.folder / "ticketctl.yaml").write_text(f"runtime: external\n{PROJECT}")
    inside = suite.folder / "services" / "one"
    inside.mkdir(parents=True)
    (inside / "pytest.ini").write_text("[pytest]\n")
    test = "def test_it(migrated_database):\n    assert migrated_database('../../migrations/orders').port == {}\n"
    service = Suite(inside, suite.server).write(test.format(suite.server.port))
    environ = {
        "TICKETCTL_MYSQL__PORT": str(suite.server.port),
        "TICKETCTL_MYSQL__PASSWORD": suite.server.password.reveal(),
    }

    code, out = service.run(environ=environ)
    assert code == 0, out

    # What is said comes before what is found.
    nowhere = {**environ, "TICKETCTL_MYSQL__PORT": "1"}
    assert service.run(environ=nowhere)[0] == 1
    (inside / "pytest.ini").write_text(f"[pytest]\nticketctl_test_mysql_url = {mysql_url(suite.server)}\n")
    assert service.run(environ=nowhere)[0] == 0
    (inside / "pytest.ini").write_text("[pytest]\nticketctl_test_mysql_url = mysql://u@127.0.0.1:1\n")
    assert service.run(environ=nowhere)[0] == 1
    assert service.run()[0] == 0


def test_a_project_whose_stack_was_never_up_says_so(suite: Suite) -> None:
    (suite.folder / "ticketctl.yaml").write_text(PROJECT)
    suite.write("def test_it(migrated_database):\n    pass\n")

    code, out = suite.run(environ={})

    assert code == 1
    assert re.search(r"compose/.env does not exist\s+next: run `ticketctl up`", out), out


def test_an_account_without_the_rights_is_said_and_nothing_else(suite: Suite, root: Root) -> None:
    root("CREATE USER IF NOT EXISTS testing_nobody IDENTIFIED BY 'x'")
    try:
        suite.write("def test_it(migrated_database):\n    migrated_database('migrations/orders')\n")
        url = f"mysql://testing_nobody:x@{suite.server.address}"
        code, out = suite.run(environ={"TICKETCTL_TEST_MYSQL_URL": url})
    finally:
        root("DROP USER testing_nobody")

    assert code == 1
    assert "TKT-303" in out
    assert "1 failed" in out.splitlines()[-1]
    assert "error" not in out.splitlines()[-1]


def test_who_does_not_ask_for_it_does_not_get_it(suite: Suite) -> None:
    suite.write("import sys\n\ndef test_it():\n    assert 'ticketctl' not in sys.modules\n", conftest="")
    assert suite.run()[0] == 0


def test_another_accounts_open_transaction_does_not_keep_the_run_for_ever(
    suite: Suite, root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticketctl.errors import BackendError
    from ticketctl.testing import databases

    monkeypatch.setattr(databases, "DROP_PATIENCE", 1)
    throw_away = ThrowAwayDatabases(suite.server, suite.folder)
    first, second = throw_away.fresh("migrations/orders"), throw_away.fresh("migrations/orders")
    root("BEGIN")
    root(f"UPDATE {first.name}.orders SET id = 2")

    with pytest.raises(BackendError):
        throw_away.drop_all()
    assert made(root) == [first.name]
    assert second.name != first.name
    root("ROLLBACK")
    throw_away.drop_all()
    assert made(root) == []
