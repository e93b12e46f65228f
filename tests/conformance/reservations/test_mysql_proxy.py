"""The proxy loses, holds back and counts what the test says, seen with the plain clients."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import islice
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT, COMMAND

from conformance.reservations.inventory import Inventory
from conformance.reservations.mysql_client import (
    INSERT,
    LOST,
    REFUSED,
    Client,
    asyncmy_connection,
    events,
    hang_up,
    is_locked,
    packets_of,
    run,
    sessions,
    write,
)
from conformance.reservations.mysql_proxy import (
    MOMENTS,
    PATIENCE,
    Ending,
    Moment,
    MysqlProxy,
    Part,
    like,
    starting,
)
from integration.eventually import eventually

pytestmark = pytest.mark.integration
DONE: dict[Moment, list[int]] = {"before": [], "sent": [1], "after": [1], "mid": [1]}
"""What a COMMIT leaves that is cut."""


@pytest.fixture
def proxy(mysql_proxy: MysqlProxy) -> MysqlProxy:
    return mysql_proxy


@pytest.fixture
def connect(proxy: MysqlProxy, inventory: Inventory) -> Iterator[Callable[..., Client]]:
    """Opens connections through the proxy."""
    opened: list[Client] = []

    def new(**options: Any) -> Client:
        opened.append(inventory.connect(proxy.port, **options))
        return opened[-1]

    yield new
    for client in opened:
        with suppress(pymysql.Error):  # closed already
            client.close()


@pytest.fixture
def client(connect: Callable[..., Client], proxy: MysqlProxy) -> Client:
    client = connect()
    proxy.arm()
    return client


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[Any]]]:
    """Begins something in another thread."""
    with ThreadPoolExecutor(8) as threads:
        yield threads.submit


# --- cuts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_commit_is_lost_or_its_answer_is(
    client: Client, proxy: MysqlProxy, inventory: Inventory, moment: Moment, ending: Ending
) -> None:
    cut = proxy.cut(moment, 1, starting("commit"), ending=ending)
    with pytest.raises(pymysql.OperationalError) as error:
        write(client, 1)
    assert error.value.args[0] == LOST
    assert ("reset" in str(error.value)) == (ending == "reset")
    assert cut.happened.is_set()
    if moment == "sent":  # the server may be at it still
        cut.wait(answered=True)
    assert events(inventory) == DONE[moment]
    assert cut.answered.is_set() == (moment != "before")
    assert proxy.texts() == ["BEGIN", "INSERT INTO reservation_guards VALUES (1, 'ann')", "COMMIT"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_transaction_that_is_cut_is_rolled_back_and_others_go_on(
    client: Client, proxy: MysqlProxy, inventory: Inventory, connect: Callable[..., Client], moment: Moment
) -> None:
    other = connect()
    other.begin()
    run(other, INSERT, 7)
    cut = proxy.cut(moment, 2, starting("INSERT"))
    client.begin()
    run(client, INSERT, 1)
    with pytest.raises(pymysql.OperationalError):
        run(client, INSERT, 2)
    assert cut.met[0].text == "INSERT INTO reservation_guards VALUES (2, 'ann')"
    cut.release()
    eventually(lambda: is_locked(inventory, 1), lambda locked: not locked)
    other.commit()
    write(connect(), 8)  # one cut, once
    assert events(inventory) == [7, 8]


def test_what_was_sent_lives_on_without_its_client(client: Client, proxy: MysqlProxy, inventory: Inventory) -> None:
    cut = proxy.cut("sent", 1, starting("INSERT"), linger=PATIENCE)
    client.begin()
    with pytest.raises(pymysql.OperationalError):
        run(client, INSERT, 1)
    cut.wait(answered=True)
    assert proxy.connections == 0
    assert is_locked(inventory, 1)
    cut.release()
    eventually(lambda: is_locked(inventory, 1), lambda locked: not locked)
    assert events(inventory) == []


def test_what_was_sent_is_carried_out_when_its_time_comes(
    client: Client, proxy: MysqlProxy, inventory: Inventory
) -> None:
    """A client that gave up, whose statement waits for somebody's lock."""
    client.autocommit(True)
    with closing(inventory.connect()) as holder:
        run(holder, INSERT, 1)
        cut = proxy.cut("sent", 1, starting("INSERT"), linger=PATIENCE)
        with pytest.raises(pymysql.OperationalError):
            run(client, INSERT, 1)
        assert not cut.answered.is_set()
        holder.rollback()
    cut.wait(answered=True)
    assert events(inventory) == [1]


def test_what_was_sent_does_not_live_for_ever(client: Client, proxy: MysqlProxy, inventory: Inventory) -> None:
    proxy.cut("sent", 1, starting("INSERT"), linger=0.01)
    client.begin()
    with pytest.raises(pymysql.OperationalError):
        run(client, INSERT, 1)
    eventually(lambda: sessions(inventory), lambda seen: seen == 0)
    assert not is_locked(inventory, 1)


def test_half_of_a_result_arrives(client: Client, proxy: MysqlProxy) -> None:
    client.query("SET SESSION cte_max_recursion_depth = 5000")
    proxy.cut("mid")
    numbers = "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5000) SELECT n FROM t"
    packets = list(packets_of(client, COMMAND.COM_QUERY, numbers))
    assert 2000 < len(packets) < 3000


def test_the_answer_to_many_statements_ends_after_the_last_one(
    connect: Callable[..., Client], proxy: MysqlProxy, inventory: Inventory
) -> None:
    client = connect(client_flag=CLIENT.MULTI_STATEMENTS)
    proxy.cut("after", 1, like(r"commit\s*$"))
    with pytest.raises(pymysql.OperationalError), client.cursor() as cursor:
        cursor.execute("BEGIN; INSERT INTO reservation_guards VALUES (1, 'ann'); SELECT 1; DO SLEEP(0.2); COMMIT")
    assert events(inventory) == [1]


# --- which query ----------------------------------------------------------------------------------


def test_the_queries_of_all_connections_are_counted_and_told_apart(
    client: Client, proxy: MysqlProxy, connect: Callable[..., Client]
) -> None:
    other = connect()
    proxy.arm()
    client.begin()
    other.begin()
    run(other, "SELECT 'ä'")
    client.rollback()
    assert proxy.texts() == ["BEGIN", "BEGIN", "SELECT 'ä'", "ROLLBACK"]
    assert proxy.texts(connection=2) == ["BEGIN", "SELECT 'ä'"]
    assert [query.number for query in proxy.queries] == [1, 2, 3, 4]
    assert [query.connection for query in proxy.queries] == [1, 2, 2, 1]
    proxy.arm()
    assert proxy.texts() == []


def test_it_counts_from_where_it_was_armed(client: Client, proxy: MysqlProxy, connect: Callable[..., Client]) -> None:
    cut = proxy.cut("before", 2)
    run(client, "SELECT 1")
    proxy.arm()
    run(client, "SELECT 2")
    with pytest.raises(pymysql.OperationalError):
        run(client, "SELECT 3")
    other = connect()
    proxy.arm()
    run(other, "SELECT 4")
    run(other, "SELECT 5")  # the second one again: one cut, once
    assert [query.text for query in cut.met] == ["SELECT 3"]


def test_every_query_that_matches_can_be_cut(
    connect: Callable[..., Client], proxy: MysqlProxy, inventory: Inventory
) -> None:
    cut = proxy.cut("after", None, starting("  commit\n"))
    for event in (1, 2, 3):
        client = connect()
        with pytest.raises(pymysql.OperationalError):
            write(client, event)
    proxy.heal()
    write(connect(), 4)
    assert (len(cut.met), events(inventory)) == (3, [1, 2, 3, 4])


@pytest.mark.parametrize("moment", MOMENTS)
def test_each_query_of_an_operation_is_cut_in_turn(
    connect: Callable[..., Client], proxy: MysqlProxy, inventory: Inventory, moment: Moment
) -> None:
    met, done = [], []
    for cut in proxy.each_query(moment):
        inventory.empty()
        client = connect()
        proxy.arm()
        with suppress(pymysql.OperationalError):
            write(client, 1)
        met.append("".join(query.text.split()[0] for query in cut.met))
        if cut.happened.is_set() and moment == "sent":
            cut.wait(answered=True)
        done.append(events(inventory))
    assert met == ["BEGIN", "INSERT", "COMMIT", ""]
    assert done == [[], [], DONE[moment], [1]]
    client = connect()
    proxy.arm()
    for event in (2, 3):  # the cut that did not happen is forgotten
        write(client, event)


def test_where_an_operation_begins_has_to_be_said(connect: Callable[..., Client], proxy: MysqlProxy) -> None:
    cuts = proxy.each_query("before")
    next(cuts)
    run(connect(), "SELECT 1")
    with pytest.raises(AssertionError, match="where the operation begins"):
        next(cuts)


def test_other_commands_are_neither_counted_nor_disturbed(
    client: Client, proxy: MysqlProxy, inventory: Inventory
) -> None:
    proxy.cut("before", None)
    client.ping(reconnect=False)
    client.select_db(inventory.name)
    prepared = list(islice(packets_of(client, COMMAND.COM_STMT_PREPARE, "SELECT 'prepared'"), 3))
    number = prepared[0][1:5]
    rows = list(islice(packets_of(client, COMMAND.COM_STMT_EXECUTE, number + b"\0\1\0\0\0"), 5))
    assert b"prepared" in rows[3]
    assert proxy.texts() == []
    with pytest.raises(pymysql.OperationalError):
        run(client, "SELECT 1")


# --- what stands still ----------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["query", "answer"])
def test_a_commit_is_held_back_or_its_answer_is(
    client: Client, proxy: MysqlProxy, inventory: Inventory, beside: Callable[..., Future[Any]], part: Part
) -> None:
    hold = proxy.hold(part, 1, starting("COMMIT"))
    writing = beside(write, client, 1)
    hold.wait()
    assert events(inventory) == ([] if part == "query" else [1])
    assert not writing.done()
    hold.release()
    writing.result(PATIENCE)
    assert events(inventory) == [1]


@pytest.mark.parametrize("part", ["query", "answer"])
def test_a_hold_can_end_by_itself(client: Client, proxy: MysqlProxy, inventory: Inventory, part: Part) -> None:
    hold = proxy.hold(part, 1, starting("COMMIT"), seconds=0.2)
    write(client, 1)
    assert hold.happened.is_set()
    assert time.monotonic() - hold.met[0].at >= 0.2
    assert events(inventory) == [1]


def test_what_was_held_back_arrives_late(
    proxy: MysqlProxy, inventory: Inventory, connect: Callable[..., Client]
) -> None:
    client = connect(read_timeout=0.3)
    hold = proxy.hold("query", 1, starting("COMMIT"))
    with pytest.raises(pymysql.OperationalError):
        write(client, 1)
    client.close()
    assert is_locked(inventory, 1)
    hold.release()
    eventually(lambda: events(inventory), lambda seen: seen == [1])
    eventually(lambda: proxy.connections, lambda seen: seen == 0)


def test_a_transaction_whose_client_stands_still_stays(
    proxy: MysqlProxy, inventory: Inventory, connect: Callable[..., Client]
) -> None:
    """Nobody tells the server that the client has gone, until the connection moves again."""
    client = connect(read_timeout=0.3)
    hold = proxy.hold("answer", 1, starting("INSERT"))
    with pytest.raises(pymysql.OperationalError):
        write(client, 1)
    client.close()
    assert is_locked(inventory, 1)
    hold.release()
    eventually(lambda: is_locked(inventory, 1), lambda locked: not locked)
    assert events(inventory) == []


def test_two_clients_go_on_in_the_order_that_the_test_says(
    proxy: MysqlProxy, inventory: Inventory, connect: Callable[..., Client], beside: Callable[..., Future[Any]]
) -> None:
    clients = [connect(autocommit=True), connect(autocommit=True)]
    holds = [proxy.hold("query", 1, like(rf"'{name}'")) for name in ("ann", "bob")]
    writing = [
        beside(run, client, "INSERT INTO reservation_guards SELECT COUNT(*), %s FROM reservation_guards", name)
        for client, name in zip(clients, ("ann", "bob"), strict=True)
    ]
    for hold in holds:
        hold.wait()
    for number in (1, 0):
        holds[number].release()
        writing[number].result(PATIENCE)
    assert inventory.ask("SELECT * FROM reservation_guards ORDER BY event_id") == [(0, "bob"), (1, "ann")]


def test_a_held_query_can_be_lost_then(
    client: Client, proxy: MysqlProxy, inventory: Inventory, beside: Callable[..., Future[Any]]
) -> None:
    hold, cut = proxy.hold("answer", 1, starting("COMMIT")), proxy.cut("after", 1, starting("COMMIT"))
    writing = beside(write, client, 1)
    hold.wait()
    assert (writing.done(), cut.happened.is_set(), events(inventory)) == (False, False, [1])
    hold.release()
    assert isinstance(writing.exception(PATIENCE), pymysql.OperationalError)
    assert cut.happened.is_set()


def test_a_server_that_hangs_up_is_not_heard_of_while_the_connection_stands_still(
    client: Client, proxy: MysqlProxy, inventory: Inventory, beside: Callable[..., Future[Any]]
) -> None:
    ((number,),) = run(client, "SELECT CONNECTION_ID()")
    hold = proxy.hold("answer", 1, starting("SELECT"))
    reading = beside(run, client, "SELECT 1")
    hold.wait()
    inventory.ask("KILL %s", number)
    eventually(lambda: sessions(inventory), lambda seen: seen == 0)
    assert proxy.connections == 1
    hold.release()
    assert reading.result(PATIENCE) == [(1,)]  # the last words come first
    with pytest.raises(pymysql.OperationalError):
        run(client, "SELECT 2")


@pytest.mark.parametrize("delays", [{"queries": 0.2}, {"answers": 0.2}, {"queries": 0.1, "answers": 0.1}])
def test_queries_and_answers_can_be_slow(client: Client, proxy: MysqlProxy, delays: dict[str, float]) -> None:
    proxy.delay(**delays)
    run(client, "SELECT 1")
    assert time.monotonic() - proxy.queries[0].at >= 0.2


def test_who_is_refused_is_not_connected(client: Client, proxy: MysqlProxy, connect: Callable[..., Client]) -> None:
    for heal in (proxy.heal, lambda: proxy.refuse(False)):
        proxy.refuse()
        with pytest.raises(pymysql.OperationalError) as error:
            connect()
        assert error.value.args[0] == REFUSED
        assert "refused" in str(error.value)
        run(client, "SELECT 1")
        heal()
        run(connect(), "SELECT 1")


def test_nothing_passes_a_black_hole_until_it_is_healed(
    proxy: MysqlProxy, inventory: Inventory, connect: Callable[..., Client], beside: Callable[..., Future[Any]]
) -> None:
    impatient, patient = (connect(read_timeout=seconds, autocommit=True) for seconds in (0.3, PATIENCE))
    leaving, dying = connect(), connect()
    run(leaving, INSERT, 3)
    run(dying, INSERT, 4)
    proxy.arm()
    proxy.blackhole()
    leaving.close()
    hang_up(dying)
    with pytest.raises(pymysql.OperationalError):
        run(impatient, INSERT, 1)
    impatient.close()
    waiting = beside(run, patient, INSERT, 2)
    with pytest.raises(pymysql.OperationalError):
        connect(connect_timeout=0.3, read_timeout=0.3)  # the greeting does not come
    eventually(proxy.texts, lambda seen: len(seen) == 2)
    assert events(inventory) == []
    assert is_locked(inventory, 3)  # nobody has told the server that its clients left
    assert is_locked(inventory, 4)
    assert not waiting.done()
    assert sessions(inventory, "unauthenticated user") == 0  # nor that there is a new one
    proxy.heal()
    waiting.result(PATIENCE)
    eventually(lambda: events(inventory), lambda seen: seen == [1, 2])
    eventually(lambda: proxy.connections, lambda seen: seen == 1)
    eventually(lambda: sessions(inventory), lambda seen: seen == 1)


# --- how many -------------------------------------------------------------------------------------


def test_connections_are_counted_while_they_are_open(proxy: MysqlProxy, connect: Callable[..., Client]) -> None:
    clients = [connect() for _ in range(3)]
    assert proxy.connections == 3
    clients[0].close()
    eventually(lambda: proxy.connections, lambda seen: seen == 2)
    proxy.cut_all()
    for client in clients[1:]:
        with pytest.raises(pymysql.OperationalError):
            run(client, "SELECT 1")
    assert (proxy.connections, proxy.opened) == (0, 3)


def test_many_use_it_at_once_with_asyncio_and_threads(proxy: MysqlProxy, inventory: Inventory) -> None:
    def count_here(user: str) -> None:
        with closing(inventory.connect(proxy.port, autocommit=True)) as client:
            for event in range(25):
                run(client, "INSERT INTO reservation_guards VALUES (%s, %s)", event, user)

    async def count(user: str) -> None:
        async with asyncmy_connection(inventory, proxy.port) as client, client.cursor() as cursor:
            for event in range(25):
                await cursor.execute("INSERT INTO reservation_guards VALUES (%s, %s)", (event, user))
            await client.commit()

    async def count_all() -> None:
        await asyncio.gather(*(count(f"task {number}") for number in range(4)))

    threads = [threading.Thread(target=count_here, args=(f"thread {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    asyncio.run(count_all())
    for thread in threads:
        thread.join()
    assert inventory.ask("SELECT COUNT(*) FROM reservation_guards") == [(200,)]
    assert len([text for text in proxy.texts() if text.startswith("INSERT")]) == 200
    assert proxy.opened == 8
