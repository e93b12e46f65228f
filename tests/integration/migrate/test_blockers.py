"""Who keeps a table from a migration is said by name, with the rights that a migration has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from integration.eventually import eventually
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.server import running
from ticketctl.errors import BackendOperationError, MigrationBlockedError
from ticketctl.infra.mysql import connect, translating
from ticketctl.provision.migrate.execution.blockers import STALE, Blockers, read_blockers
from ticketctl.provision.migrate.execution.limits import LockWait
from ticketctl.provision.migrate.execution.lock_wait import Blocked, limit_waits, try_repeatedly
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

pytestmark = pytest.mark.integration

BRIEFLY = LockWait(seconds=1, tries=2, pause=0.1)


class Session:
    """A connection that is not the migration's."""

    def __init__(self, connection: Connection[Cursor]) -> None:
        self.connection = connection
        self.id: int = connection.thread_id()  # type: ignore[no-untyped-call]

    def __call__(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@pytest.fixture
def app_account(bench: Bench, root: Root) -> Iterator[MysqlEndpoint]:
    """An application's account, which may see nothing of the server."""
    root("CREATE USER app IDENTIFIED BY 'app-of-the-tests'")
    root(f"GRANT SELECT, INSERT, UPDATE, DELETE, LOCK TABLES ON `{bench.endpoint.database}`.* TO app")
    yield replace(bench.endpoint, user="app", password=Secret("app-of-the-tests"))
    root("DROP USER app")


@pytest.fixture
def app(bench: Bench, app_account: MysqlEndpoint) -> Iterator[Session]:
    bench.query("CREATE TABLE t (id INT PRIMARY KEY, a INT)")
    bench.query("INSERT INTO t VALUES (1, 1), (2, 2)")
    with connect(app_account) as connection:
        yield Session(connection)


@contextmanager
def another(account: MysqlEndpoint) -> Iterator[Session]:
    with connect(account) as connection:
        yield Session(connection)


@pytest.fixture
def look(bench: Bench) -> Iterator[Callable[..., Blockers]]:
    """Looks who holds table t."""
    with connect(bench.endpoint) as connection:

        def read(**options: Any) -> Blockers:
            own = {connection.thread_id()}  # type: ignore[no-untyped-call]
            return read_blockers(connection, bench.endpoint, [("", "t")], **{"excluding": own, **options})

        yield read


def test_an_idle_transaction_is_named(app: Session, look: Callable[..., Blockers]) -> None:
    assert look() == Blockers()
    app("BEGIN", "SELECT *\n   FROM t WHERE id = 1")
    (found,) = eventually(look, lambda seen: seen.found and seen.found[0].seconds >= 2).found
    assert (found.user, found.connection_id, found.running, found.holds) == ("app", app.id, False, "t")
    assert str(found) == (
        f"app@{found.host} (connection {app.id}), idle in a transaction for {found.seconds} s, "
        "last statement: SELECT * FROM t WHERE id = 1"
    )
    assert found.kill == f"KILL {app.id}"
    assert look(excluding={app.id}).found == ()
    app("COMMIT")
    assert look() == Blockers()


def test_the_age_is_that_of_the_transaction(app: Session, look: Callable[..., Blockers]) -> None:
    look()  # what the server remembers of this is of no use a moment later
    app("BEGIN", "SELECT * FROM t", "DO SLEEP(2)", "SELECT 'x'")
    assert look().found[0].seconds >= 2, "the last statement has just ended, the transaction is older"


def test_a_running_statement_is_shown_and_cut(app: Session, look: Callable[..., Blockers], root: Root) -> None:
    long = f"SELECT SLEEP(60), '{'x' * 200}' FROM t"
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(app, long)
        (found,) = eventually(look, lambda seen: seen.found and seen.found[0].running).found
        assert str(found).startswith(f"app@{found.host} (connection {app.id}), running for {found.seconds} s: SELECT")
        assert len(found.statement) == 100
        root(found.kill)
        assert future.exception() is not None


@pytest.mark.parametrize(
    "held",
    [
        ("LOCK TABLES t READ", "t"),
        ("FLUSH TABLES WITH READ LOCK", "every table of the server"),
        ("LOCK INSTANCE FOR BACKUP", "the server, for a backup"),
    ],
)
def test_explicit_locks_are_found(
    app_account: MysqlEndpoint, app: Session, look: Callable[..., Blockers], root: Root, held: tuple[str, str]
) -> None:
    statement, holds = held
    assert look(excluding={app.id}).found == ()
    root("GRANT RELOAD, BACKUP_ADMIN ON *.* TO app")
    with another(app_account) as holder:  # only a new connection has the new rights
        holder(statement)
        # The server answers before it is idle.
        (found,) = eventually(look, lambda seen: seen.found and not seen.found[0].running).found
        assert (found.connection_id, found.holds, found.in_transaction) == (holder.id, holds, False)
        assert f"last statement: {statement}" in str(found)


def test_tables_that_foreign_keys_tie_to_it_count(bench: Bench, app: Session, look: Callable[..., Blockers]) -> None:
    bench.query("CREATE TABLE child (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id))")
    bench.query("CREATE TABLE parent (id INT PRIMARY KEY)")
    bench.query("INSERT INTO parent VALUES (1), (2)")
    bench.query("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES parent (id)")
    bench.query("CREATE TABLE stranger (id INT PRIMARY KEY)")
    app("BEGIN", "SELECT * FROM stranger")
    assert look().found == ()
    app("SELECT * FROM child", "SELECT * FROM parent")
    assert look().found[0].holds == "child, parent"


def test_another_change_that_waits_in_front_counts(
    bench: Bench, app: Session, look: Callable[..., Blockers], root: Root
) -> None:
    app("BEGIN", "SELECT * FROM t")
    with another(bench.endpoint) as other, ThreadPoolExecutor(1) as pool:
        future = pool.submit(other, "ALTER TABLE t ADD x INT")
        eventually(lambda: running(root, "ALTER TABLE t ADD x"), bool)
        found = eventually(look, lambda seen: len(seen.found) == 2).found
        assert {one.connection_id for one in found} == {app.id, other.id}
        app("COMMIT")
        future.result()


def test_who_only_reads_keeps_nobody_from_a_row(
    app: Session, app_account: MysqlEndpoint, look: Callable[..., Blockers]
) -> None:
    with another(app_account) as reader:
        reader("BEGIN", "SELECT * FROM t")
        app("BEGIN", "UPDATE t SET a = 9 WHERE id = 1")
        assert {one.connection_id for one in look().found} == {app.id, reader.id}
        time.sleep(2 * STALE)
        (found,) = look(rows=True).found
        assert (found.connection_id, found.rows) == (app.id, 1)


def test_without_rights_the_reason_is_given(bench: Bench, app: Session, app_account: MysqlEndpoint) -> None:
    app("BEGIN", "SELECT * FROM t")
    with connect(app_account) as connection:
        found = read_blockers(connection, app_account, [("", "t")], excluding=())
    assert found.found == ()
    assert found.reason.startswith("who holds it could not be read: error 1142: SELECT command denied")
    gone = read_blockers(connection, app_account, [("", "t")], excluding=())
    assert gone.reason.startswith("who holds it could not be read: ")
    assert read_blockers(connection, bench.endpoint, [], excluding=()).reason == "the statement names no table"


@pytest.fixture
def migration(bench: Bench) -> Iterator[Session]:
    """The connection that executes, as impatient as the tests."""
    with connect(bench.endpoint) as connection:
        limit_waits(connection, bench.endpoint, BRIEFLY)
        yield Session(connection)


def test_waits_are_bounded(bench: Bench, migration: Session) -> None:
    limit_waits(migration.connection, bench.endpoint, LockWait())
    with migration.connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.lock_wait_timeout, @@SESSION.innodb_lock_wait_timeout")
        assert cursor.fetchall() == ((5, 5),)


def test_a_blocked_definition_gives_up_with_names_and_has_done_nothing(
    bench: Bench, app: Session, migration: Session, look: Callable[..., Blockers]
) -> None:
    app("BEGIN", "SELECT * FROM t")
    said: list[Blocked] = []

    def attempt() -> None:
        with translating(bench.endpoint):
            migration("ALTER TABLE t ADD x INT")

    with pytest.raises(MigrationBlockedError) as raised:
        try_repeatedly(attempt, where="001.sql:1", wait=BRIEFLY, blockers=look, waiting=said.append)
    assert [(one.tried, one.tries) for one in said] == [(1, 2)]
    assert f"app@{said[0].blockers.found[0].host} (connection {app.id}), idle in a transaction" in raised.value.why
    assert f"`KILL {app.id}`" in raised.value.next_step
    assert bench.query("SHOW COLUMNS FROM t LIKE 'x'") == []


def test_it_goes_on_when_the_blocker_leaves(
    bench: Bench, app: Session, migration: Session, look: Callable[..., Blockers]
) -> None:
    app("BEGIN", "SELECT * FROM t")

    def attempt() -> None:
        with translating(bench.endpoint):
            migration("ALTER TABLE t ADD x INT")

    def waiting(_: Blocked) -> None:
        app("COMMIT")

    try_repeatedly(attempt, where="001.sql:1", wait=BRIEFLY, blockers=look, waiting=waiting)
    assert len(bench.query("SHOW COLUMNS FROM t LIKE 'x'")) == 1


def test_blocked_rows_are_begun_again_in_a_new_transaction(
    bench: Bench, app: Session, migration: Session, look: Callable[..., Blockers]
) -> None:
    app("BEGIN", "UPDATE t SET a = a + 1 WHERE id = 2")
    tries = []

    def attempt() -> None:
        tries.append(1)
        with translating(bench.endpoint):
            migration("BEGIN", "UPDATE t SET a = a + 10 WHERE id = 1", "UPDATE t SET a = a + 10 WHERE id = 2", "COMMIT")

    def waiting(blocked: Blocked) -> None:
        (found,) = blocked.blockers.found
        assert (found.connection_id, found.rows) == (app.id, 1)
        # Row 1 is free again, though the timeout alone undid only the second UPDATE.
        app("UPDATE t SET a = a + 1 WHERE id = 1", "COMMIT")

    try_repeatedly(
        attempt,
        where="001.sql:1",
        wait=BRIEFLY,
        blockers=lambda: look(rows=True),
        waiting=waiting,
        undo=migration.connection.rollback,
    )
    assert len(tries) == 2
    assert bench.query("SELECT a FROM t ORDER BY id") == [(12,), (13,)]


def test_a_deadlock_is_tried_again(bench: Bench, app: Session, migration: Session) -> None:
    app("BEGIN", "UPDATE t SET a = a + 1 WHERE id = 2", "UPDATE t SET a = a WHERE id = 2")
    crossed = threading.Event()
    numbers: list[int] = []

    def attempt() -> None:
        try:
            with translating(bench.endpoint):
                migration("BEGIN", "UPDATE t SET a = a + 10 WHERE id = 1")
                if not crossed.is_set():
                    crossed.set()
                    migration("DO SLEEP(0.5)")
                migration("UPDATE t SET a = a + 10 WHERE id = 2", "COMMIT")
        except BackendOperationError as error:
            numbers.append(error.number)
            raise

    def cross() -> None:
        assert crossed.wait(10)
        # Heavier than the migration's transaction, so that the server ends that one.
        app(*[f"INSERT INTO t VALUES ({number}, 0)" for number in range(100, 130)])
        app("UPDATE t SET a = a + 1 WHERE id = 1", "COMMIT")

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(cross)
        patient = LockWait(seconds=10, tries=3, pause=0.1)
        limit_waits(migration.connection, bench.endpoint, patient)
        try_repeatedly(
            attempt,
            where="001.sql:1",
            wait=patient,
            blockers=Blockers,
            waiting=lambda _: None,
            undo=migration.connection.rollback,
        )
        future.result()
    assert numbers == [1213]
    assert bench.query("SELECT a FROM t WHERE id < 3 ORDER BY id") == [(12,), (13,)]
