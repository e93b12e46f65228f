"""What the proxy is not told to disturb passes as it is, what it does not understand fails, and it leaves nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pymysql
import pytest
from asyncmy.errors import MySQLError
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
    packets_of,
    run,
    sessions,
)
from conformance.reservations.mysql_proxy import (
    MOMENTS,
    PATIENCE,
    Ending,
    Moment,
    MysqlProxy,
    UnsupportedError,
    starting,
)
from integration.eventually import eventually

pytestmark = pytest.mark.integration
# Several results, none, an empty one, one whose error comes after its first row, and rows that come in many pieces.
ANSWERS = (
    "SELECT 1, NULL, ''; DO 1; SELECT 2",
    "SELECT event_id FROM reservation_guards",
    "SELECT no_such_column",
    "SELECT IF(n < 2, n, (SELECT 1 UNION SELECT n)) FROM (VALUES ROW(1), ROW(2)) AS t (n)",
    "SELECT n, REPEAT('ä', 100000) FROM (VALUES ROW(1), ROW(2), ROW(3)) AS t (n)",
    "SELECT REPEAT('x', 16000000)",
    "SELECT " + ", ".join(str(number) for number in range(300)),
)


def answers_of(client: Client, statement: str) -> list[Any]:
    """All results of a statement, and its error."""
    found: list[Any] = []
    with client.cursor() as cursor:
        try:
            cursor.execute(statement)
            found.append((cursor.description, cursor.fetchall()))
            while cursor.nextset():
                found.append((cursor.description, cursor.fetchall()))
        except pymysql.MySQLError as error:
            found.append(error.args)
    return found


@pytest.mark.parametrize("statement", ANSWERS, ids=lambda statement: statement[:40])
def test_answers_pass_as_they_are(mysql_proxy: MysqlProxy, inventory: Inventory, statement: str) -> None:
    flags = {"client_flag": CLIENT.MULTI_STATEMENTS}
    with (
        closing(inventory.connect(**flags)) as direct,
        closing(inventory.connect(mysql_proxy.port, **flags)) as through,
    ):
        assert answers_of(through, statement) == answers_of(direct, statement)
        assert run(through, "SELECT 'the next one'") == [("the next one",)]


@pytest.mark.parametrize("statement", ANSWERS, ids=lambda statement: statement[:40])
def test_answers_to_asyncmy_pass_as_they_are(mysql_proxy: MysqlProxy, inventory: Inventory, statement: str) -> None:
    """It wants them in another form than PyMySQL."""

    async def answers(port: int) -> list[Any]:
        found: list[Any] = []
        async with asyncmy_connection(inventory, port) as client, client.cursor() as cursor:
            try:
                await cursor.execute(statement)
                found.append((cursor.description, await cursor.fetchall()))
                while await cursor.nextset():
                    found.append((cursor.description, await cursor.fetchall()))
            except MySQLError as error:
                found.append(error.args)
            await cursor.execute("SELECT 'the next one'")
            found.append(await cursor.fetchall())
        return found

    assert asyncio.run(answers(mysql_proxy.port)) == asyncio.run(answers(inventory.port))


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_asyncmy_loses_commits_and_answers_as_well(
    mysql_proxy: MysqlProxy, inventory: Inventory, moment: Moment, ending: Ending
) -> None:
    async def lose() -> None:
        async with asyncmy_connection(inventory, mysql_proxy.port) as client, client.cursor() as cursor:
            mysql_proxy.arm()
            cut = mysql_proxy.cut(moment, 1, starting("COMMIT"), ending=ending)
            await client.begin()
            await cursor.execute(INSERT, (1,))
            with pytest.raises((MySQLError, OSError)):
                await client.commit()
            assert cut.happened.is_set()
            if moment == "sent":
                await asyncio.to_thread(cut.wait, answered=True)
        assert events(inventory) == ([] if moment == "before" else [1])
        assert [text.split()[0] for text in mysql_proxy.texts()] == ["BEGIN", "INSERT", "COMMIT"]

    asyncio.run(lose())


def test_passwords_pass_without_tls(mysql_proxy: MysqlProxy, inventory: Inventory) -> None:
    def connect(**options: Any) -> closing[Client]:
        return closing(inventory.connect(mysql_proxy.port, **options))

    # Asked for the password, encrypted with the server's key; and then by what the server remembers.
    inventory.ask("FLUSH PRIVILEGES")
    for _ in range(2):
        with connect() as client:
            assert run(client, "SHOW STATUS LIKE 'Ssl_cipher'") == [("Ssl_cipher", "")]
            assert run(client, "SELECT CURRENT_USER()") == [(f"{inventory.user}@%",)]
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        connect(password="another one")
    with pytest.raises(pymysql.OperationalError, match="SSL"):
        connect(ssl={"check_hostname": False})


def test_passwords_of_asyncmy_pass_without_tls(mysql_proxy: MysqlProxy, inventory: Inventory) -> None:
    async def look() -> None:
        async with asyncmy_connection(inventory, mysql_proxy.port) as client, client.cursor() as cursor:
            await cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            assert await cursor.fetchall() == (("Ssl_cipher", ""),)

    inventory.ask("FLUSH PRIVILEGES")
    for _ in range(2):
        asyncio.run(look())


def test_a_command_that_is_too_long_fails_loudly(inventory: Inventory) -> None:
    proxy = MysqlProxy(inventory.port)
    with closing(inventory.connect(proxy.port)) as client, pytest.raises(pymysql.OperationalError):
        run(client, f"SELECT '{'x' * 2**24}'")
    with pytest.raises(UnsupportedError, match="16 MiB"):
        proxy.close()
    proxy.close()


def test_a_file_of_the_client_fails_loudly(inventory: Inventory, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("1\tann\n")
    inventory.ask("SET GLOBAL local_infile = ON")
    try:
        proxy = MysqlProxy(inventory.port)
        client = inventory.connect(proxy.port, local_infile=True)
        with closing(client), pytest.raises(pymysql.OperationalError):
            run(client, "LOAD DATA LOCAL INFILE %s INTO TABLE reservation_guards", str(tmp_path / "rows"))
    finally:
        inventory.ask("SET GLOBAL local_infile = OFF")
    with pytest.raises(UnsupportedError, match="LOAD DATA LOCAL"):
        proxy.close()


def test_a_test_that_fails_says_that_its_proxy_did(inventory: Inventory) -> None:
    proxy = MysqlProxy(inventory.port)
    with pytest.raises(pymysql.OperationalError) as error, proxy, closing(inventory.connect(proxy.port)) as client:
        run(client, f"SELECT '{'x' * 2**24}'")
    assert "16 MiB" in error.value.__notes__[0]


def test_a_server_that_is_not_there_is_not_there_through_the_proxy_either(inventory: Inventory) -> None:
    with MysqlProxy(1) as proxy, pytest.raises(pymysql.OperationalError) as error:
        inventory.connect(proxy.port)
    assert error.value.args[0] in (REFUSED, LOST)


def sockets() -> set[str]:
    """The sockets of this process."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that reads this folder
            found.add(str(descriptor.readlink()))
    return {name for name in found if name.startswith("socket:")}


def one_held(proxy: MysqlProxy, client: Client) -> None:
    hold = proxy.hold("answer")
    send(client, "SELECT 1")
    hold.wait()


def one_left(proxy: MysqlProxy, client: Client) -> None:
    cut = proxy.cut("sent", linger=PATIENCE)
    send(client, "SELECT 1")
    cut.wait(answered=True)


def one_unread(_proxy: MysqlProxy, client: Client) -> None:
    next(packets_of(client, COMMAND.COM_QUERY, "SELECT REPEAT('x', 16000000)"))


def one_silent(proxy: MysqlProxy, client: Client) -> None:
    proxy.blackhole()
    send(client, "SELECT 1")
    eventually(proxy.texts, lambda seen: "SELECT 1" in seen)


def one_refused(proxy: MysqlProxy, _client: Client) -> None:
    proxy.refuse()


def send(client: Any, statement: str) -> None:
    client._execute_command(COMMAND.COM_QUERY, statement)


@pytest.mark.parametrize("happens", [one_held, one_left, one_unread, one_silent, one_refused])
def test_a_proxy_that_is_closed_leaves_nothing(
    inventory: Inventory, happens: Callable[[MysqlProxy, Client], None]
) -> None:
    threads_before, sockets_before = set(threading.enumerate()), sockets()
    with MysqlProxy(inventory.port) as proxy, ExitStack() as clients:
        one, *others = [inventory.connect(proxy.port) for _ in range(3)]
        for client in (one, *others):
            clients.callback(hang_up, client)
        happens(proxy, one)
        # While the connections of the clients are open still.
        proxy.close()
        for client in others:
            with pytest.raises(pymysql.OperationalError):
                client.ping(reconnect=False)
        with pytest.raises(pymysql.OperationalError) as error:
            inventory.connect(proxy.port)
        assert error.value.args[0] == REFUSED
    assert sockets() <= sockets_before
    assert set(threading.enumerate()) <= threads_before
    eventually(lambda: sessions(inventory), lambda seen: seen == 0)
