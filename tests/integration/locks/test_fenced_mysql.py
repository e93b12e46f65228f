"""Fenced writes in MySQL: what a stale holder sends changes nothing, however the transactions meet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from integration.conftest import root_of
from integration.eventually import eventually
from integration.locks.mysql_sessions import SESSIONS, Session, pymysql_session
from integration.servers import Server
from ticketctl.errors import StaleHolderError
from ticketctl.infra.mysql import connect
from ticketctl.locks import fenced
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration
DATABASE = "fenced_test"
OLD, NEW = 1_700_000_000_000_000, 1_700_000_000_000_001
SCHEMA = (
    f"DROP DATABASE IF EXISTS {DATABASE}",
    f"CREATE DATABASE {DATABASE}",
    f"USE {DATABASE}",
    "CREATE TABLE seats (id INT PRIMARY KEY, section VARCHAR(20), holder VARCHAR(20), fence BIGINT UNSIGNED NULL)",
    "CREATE TABLE `odd ``name` (`row_number` INT PRIMARY KEY, `sea``l` BIGINT)",
    "CREATE TABLE log (id BIGINT PRIMARY KEY AUTO_INCREMENT, fence BIGINT UNSIGNED, checked BOOL)",
    fenced.LOCK_FENCES_TABLE,
)
SEATS = "INSERT INTO seats VALUES (1, 'A', 'nobody', NULL), (2, 'A', 'nobody', NULL), (3, 'B', 'nobody', NULL)"

Open = Callable[[], Session]


@pytest.fixture
def endpoint(own_mysql: Server) -> Iterator[MysqlEndpoint]:
    """A database of its own with three free seats."""
    with closing(connect(root_of(own_mysql))) as connection, connection.cursor() as cursor:
        for statement in (*SCHEMA, SEATS):
            cursor.execute(statement)
        yield root_of(own_mysql)
        cursor.execute(f"DROP DATABASE {DATABASE}")


@pytest.fixture
def newer(endpoint: MysqlEndpoint) -> Iterator[Session]:
    """A session of whoever else there is."""
    with pymysql_session(endpoint, DATABASE) as session:
        yield session


@pytest.fixture
def older(endpoint: MysqlEndpoint) -> Iterator[Session]:
    with pymysql_session(endpoint, DATABASE) as session:
        yield session


@pytest.fixture(params=SESSIONS)
def any_session(request: pytest.FixtureRequest, endpoint: MysqlEndpoint) -> Iterator[Session]:
    """A session through each driver, cursor and way of counting."""
    with SESSIONS[request.param](endpoint, DATABASE) as session:
        yield session


def seat(session: Session, number: int = 1) -> tuple[Any, ...]:
    """Holder and fence as committed by now."""
    session.commit()
    ((holder, fence),) = session.ask("SELECT holder, fence FROM seats WHERE id = %s", number)
    session.commit()
    return holder, fence


def hold(session: Session, holder: str, *, fence: int, **options: Any) -> int:
    return session.update("seats", {"holder": holder}, {"id": 1}, fence=fence, **options)


def waits_for_a_row(session: Session) -> bool:
    ((waiting,),) = session.ask("SELECT COUNT(*) FROM performance_schema.data_lock_waits")
    session.commit()
    return bool(waiting)


# --- each driver -------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [None, 1])
def test_a_stale_holder_changes_nothing(any_session: Session, newer: Session, rows: int | None) -> None:
    assert hold(newer, "newer", fence=NEW) == 1
    newer.commit()

    with pytest.raises(StaleHolderError) as refused:
        hold(any_session, "older", fence=OLD, rows=rows)

    any_session.commit()
    assert (refused.value.fence, refused.value.newer) == (OLD, NEW)
    assert seat(newer) == ("newer", NEW)

    # Without the comparison the same write goes through.
    any_session.ask("UPDATE seats SET holder = %s, fence = %s WHERE id = 1", "older", OLD)
    any_session.commit()
    assert seat(newer) == ("older", OLD)


def test_a_holder_writes_again_and_what_is_the_same_already_counts(any_session: Session) -> None:
    assert hold(any_session, "me", fence=OLD) == 1
    assert hold(any_session, "me", fence=OLD) == 1
    assert hold(any_session, "me", fence=OLD, rows=1) == 1
    assert hold(any_session, "me, later", fence=OLD) == 1
    assert seat(any_session) == ("me, later", OLD)

    # MySQL itself says 0 of a row that is the same already, unless the connection asks otherwise: as of no row.
    assert hold(any_session, "me", fence=NEW) == 1
    assert any_session.update("seats", {"holder": "me"}, {"id": 999}, fence=NEW) == 0


def test_several_rows_and_values_of_all_kinds(any_session: Session) -> None:
    tricky = "'; -- %s \\ ü"

    assert any_session.update("seats", {"holder": tricky}, {"section": "A"}, fence=OLD) == 2
    assert any_session.update(f"{DATABASE}.seats", {"holder": None}, {"id": [2, 3]}, fence=OLD) == 2
    assert any_session.update("seats", {}, {"holder": None, "section": ["A", "B"]}, fence=NEW) == 2

    assert [seat(any_session, number) for number in (1, 2, 3)] == [(tricky, OLD), (None, NEW), (None, NEW)]


def test_names_that_need_quotes(any_session: Session) -> None:
    any_session.ask("INSERT INTO `odd ``name` VALUES (1, %s)", NEW)

    with pytest.raises(StaleHolderError):
        any_session.update("odd `name", {}, {"row_number": 1}, fence=OLD, column="sea`l")
    assert any_session.update("odd `name", {"row_number": 2}, {"row_number": 1}, fence=NEW, column="sea`l") == 1


def test_a_guard_refuses_the_stale_holder_of_the_lock(any_session: Session, newer: Session) -> None:
    any_session.guard("seat:1", fence=OLD)
    any_session.guard("seat:1", fence=OLD)
    any_session.commit()
    newer.guard("seat:1", fence=NEW)
    newer.commit()

    with pytest.raises(StaleHolderError) as refused:
        any_session.guard("seat:1", fence=OLD)

    any_session.rollback()
    assert (refused.value.fence, refused.value.newer) == (OLD, NEW)
    assert newer.ask("SELECT name, fence FROM lock_fences") == [("seat:1", NEW)]

    any_session.guard("Seat:1", fence=OLD)  # another lock: names know case, accents and trailing spaces
    any_session.guard("seat:1 ", fence=OLD, table=f"{DATABASE}.lock_fences")
    any_session.guard("séat:1", fence=OLD)


# --- transactions that meet --------------------------------------------------------------------


def test_a_snapshot_from_before_does_not_hide_the_newer_fence(older: Session, newer: Session) -> None:
    hold(older, "older", fence=OLD)
    older.commit()
    assert older.ask("SELECT @@transaction_isolation") == [("REPEATABLE-READ",)]
    older.ask("SELECT * FROM seats")  # from here on its plain reads see this moment
    hold(newer, "newer", fence=NEW)
    newer.commit()

    # Whoever compares by a plain read sees no newer fence in this transaction, and would write.
    assert older.ask("SELECT fence FROM seats WHERE id = 1") == [(OLD,)]
    with pytest.raises(StaleHolderError):
        hold(older, "older", fence=OLD)

    older.commit()
    assert seat(newer) == ("newer", NEW)


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "READ COMMITTED"])
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_an_update_waits_for_the_newer_holder_and_sees_how_it_ended(
    older: Session, newer: Session, endpoint: MysqlEndpoint, isolation: str, ends: str
) -> None:
    older.ask(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
    hold(newer, "newer", fence=NEW)

    with pymysql_session(endpoint, DATABASE) as watcher, ThreadPoolExecutor(1) as pool:
        waiting: Future[int] = pool.submit(hold, older, "older", fence=OLD)
        eventually(lambda: waits_for_a_row(watcher), bool)
        getattr(newer, ends)()

    if ends == "rollback":
        assert waiting.result() == 1
        assert seat(older) == ("older", OLD)
    else:
        with pytest.raises(StaleHolderError):
            waiting.result()
        assert seat(older) == ("newer", NEW)


def test_a_newer_holder_waits_for_the_older_and_has_the_last_word(
    older: Session, newer: Session, endpoint: MysqlEndpoint
) -> None:
    hold(older, "older", fence=OLD)

    with pymysql_session(endpoint, DATABASE) as watcher, ThreadPoolExecutor(1) as pool:
        waiting: Future[int] = pool.submit(hold, newer, "newer", fence=NEW)
        eventually(lambda: waits_for_a_row(watcher), bool)
        older.commit()

    assert waiting.result() == 1
    assert seat(newer) == ("newer", NEW)


def test_some_rows_with_a_newer_fence_refuse_the_whole_write(older: Session, newer: Session) -> None:
    newer.update("seats", {"holder": "newer"}, {"id": 2}, fence=NEW)
    newer.commit()

    with pytest.raises(StaleHolderError, match="roll the transaction back") as refused:
        older.update("seats", {"holder": "older"}, {"section": "A"}, fence=OLD)
    older.rollback()

    assert refused.value.newer == NEW
    assert [seat(newer, number)[0] for number in (1, 2)] == ["nobody", "newer"]

    # The count alone does not tell: one row was changed, and one was not.
    changed = "UPDATE seats SET holder = 'older', fence = %s WHERE section = 'A' AND (fence IS NULL OR fence <= %s)"
    older.ask(changed, OLD, OLD)
    assert older.ask("SELECT ROW_COUNT()") == [(1,)]
    older.rollback()


def test_a_condition_on_what_is_written_does_not_hide_refused_rows(older: Session, newer: Session) -> None:
    newer.update("seats", {"holder": "nobody"}, {"id": 2}, fence=NEW)
    newer.commit()

    with pytest.raises(StaleHolderError):
        older.update("seats", {"holder": "older"}, {"holder": "nobody"}, fence=OLD)


def test_a_row_that_came_after_the_update_is_written_nevertheless(older: Session, newer: Session) -> None:
    older.ask("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    steps = fenced.update_steps("seats", {"holder": "older"}, {"id": 9}, fence=OLD)
    write = next(steps)
    older.ask(write.sql, *write.parameters)
    newer.ask("INSERT INTO seats VALUES (9, 'C', 'nobody', NULL)")
    newer.commit()

    look = steps.send(fenced.Answer(0))
    again = steps.send(fenced.Answer(1, older.ask(look.sql, *look.parameters)))
    older.ask(again.sql, *again.parameters)
    with pytest.raises(StopIteration) as end:
        steps.send(fenced.Answer(1))

    assert end.value.value == 1
    assert seat(older, 9) == ("older", OLD)


def test_a_guarded_transaction_keeps_others_out_until_it_ends(
    older: Session, newer: Session, endpoint: MysqlEndpoint
) -> None:
    older.guard("seats", fence=OLD)
    older.ask("INSERT INTO log (fence) VALUES (%s)", OLD)

    with pymysql_session(endpoint, DATABASE) as watcher, ThreadPoolExecutor(1) as pool:
        waiting: Future[None] = pool.submit(newer.guard, "seats", fence=NEW)
        eventually(lambda: waits_for_a_row(watcher), bool)
        older.commit()
        waiting.result()

    # Nothing was read before the guard, so the plain reads behind it see what the older holder committed.
    assert newer.ask("SELECT fence FROM log") == [(OLD,)]
    newer.commit()
    with pytest.raises(StaleHolderError):
        older.guard("seats", fence=OLD)


def test_a_guard_sees_past_the_snapshot_that_plain_reads_behind_it_are_bound_to(older: Session, newer: Session) -> None:
    older.guard("seats", fence=OLD)
    older.commit()
    older.ask("SELECT * FROM log")  # too early: the guard comes first
    newer.guard("seats", fence=NEW)
    newer.ask("INSERT INTO log (fence) VALUES (%s)", NEW)
    newer.commit()

    assert older.ask("SELECT fence FROM lock_fences") == [(OLD,)]
    with pytest.raises(StaleHolderError):
        older.guard("seats", fence=OLD)
    older.guard("seats", fence=NEW + 1)
    assert older.ask("SELECT * FROM log") == []


def test_locks_that_are_guarded_for_the_first_time_do_not_wait_for_each_other(older: Session, newer: Session) -> None:
    # An UPDATE that finds no row locks the gap: two of them, and then two INSERTs, are a deadlock.
    older.guard("seat:1", fence=OLD)
    newer.guard("seat:2", fence=OLD)
    older.guard("seat:3", fence=OLD)
    newer.guard("seat:4", fence=OLD)
    older.commit()
    newer.commit()


def test_a_transaction_that_was_rolled_back_leaves_no_fence(older: Session, newer: Session) -> None:
    newer.guard("seats", fence=NEW)
    hold(newer, "newer", fence=NEW)
    newer.rollback()

    older.guard("seats", fence=OLD)
    assert hold(older, "older", fence=OLD) == 1


def test_what_many_holders_write_is_in_the_order_of_their_fences(endpoint: MysqlEndpoint) -> None:
    """Holders in any order and at once: the log never goes back. Without the guard it does."""
    fences = [number * 17 % 41 for number in range(1, 41)]  # each of 1 to 40 once, up and down
    start = threading.Barrier(8)

    def work(mine: list[int]) -> None:
        with pymysql_session(endpoint, DATABASE) as session:
            start.wait()
            for fence in mine:
                session.ask("INSERT INTO log (fence, checked) VALUES (%s, FALSE)", fence)
                session.commit()
                try:
                    session.guard("log", fence=fence)
                    session.ask("INSERT INTO log (fence, checked) VALUES (%s, TRUE)", fence)
                    session.commit()
                except StaleHolderError:
                    session.rollback()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [fences[first::8] for first in range(8)]))

    with pymysql_session(endpoint, DATABASE) as session:
        logged = [fence for (fence,) in session.ask("SELECT fence FROM log WHERE checked ORDER BY id")]
        unchecked = [fence for (fence,) in session.ask("SELECT fence FROM log WHERE NOT checked ORDER BY id")]
    assert logged == sorted(logged)
    assert logged[-1] == 40
    assert len(unchecked) == 40
    assert unchecked != sorted(unchecked)
