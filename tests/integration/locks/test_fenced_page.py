"""What `docs/reference/fenced-writes.md` shows is run as it stands there."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import pymysql
import pytest
import redis
import redis.asyncio

from integration.conftest import REDIS_PASSWORD, root_of
from integration.locks.mysql_sessions import InThread, of
from integration.servers import Server
from ticketctl.errors import StaleHolderError

pytestmark = pytest.mark.integration
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "fenced-writes.md"
DATABASE = "fenced_page"
FENCE = 1_700_000_000_000_000
SCHEMA = (
    f"DROP DATABASE IF EXISTS {DATABASE}",
    f"CREATE DATABASE {DATABASE}",
    f"USE {DATABASE}",
    "CREATE TABLE seats (id INT PRIMARY KEY, status VARCHAR(20), holder VARCHAR(20))",
    "INSERT INTO seats VALUES (7, 'FREE', NULL)",
    "CREATE TABLE payments (booking_id INT PRIMARY KEY, amount INT)",
    "CREATE TABLE bookings (id INT PRIMARY KEY, status VARCHAR(20))",
    "INSERT INTO bookings VALUES (12, 'OPEN')",
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def connection(own_mysql: Server) -> Iterator[Any]:
    with closing(pymysql.connect(**of(root_of(own_mysql)))) as connected, connected.cursor() as cursor:
        for statement in (*SCHEMA, *blocks("sql")):
            cursor.execute(statement)
        yield connected
        cursor.execute(f"DROP DATABASE {DATABASE}")


@dataclass
class Session:
    """A way to send statements that is no cursor."""

    connection: Any

    def send(self, sql: str, parameters: Sequence[object]) -> SimpleNamespace:
        with self.connection.cursor() as cursor:
            affected = cursor.execute(sql, parameters)
            return SimpleNamespace(affected=affected, rows=cursor.fetchall())


@dataclass
class Awaited:
    """A connection as asyncio drivers have it."""

    connection: Any

    @asynccontextmanager
    async def cursor(self) -> Any:
        with self.connection.cursor() as cursor:
            yield InThread(cursor)

    async def commit(self) -> None:
        await asyncio.to_thread(self.connection.commit)


def run(code: str, names: dict[str, Any]) -> None:
    compiled = compile(code, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = FunctionType(compiled, names)()
    if inspect.iscoroutine(result):
        asyncio.run(result)


def test_the_code_of_the_page_does_what_the_page_says(connection: Any, own_redis: Server) -> None:
    update, guard, write, awaited, elsewhere = blocks("python")
    server: dict[str, Any] = {"port": own_redis.port, "password": REDIS_PASSWORD.reveal(), "decode_responses": True}

    def say(code: str, fence: int, **names: Any) -> dict[str, Any]:
        lock = SimpleNamespace(name="seat:7", fence=fence)
        known = {"lock": lock, "connection": connection, "redis": keys, "session": Session(connection), **names}
        run("from ticketctl.locks import fenced\n" + code, known)
        return known

    def ask(sql: str) -> object:
        connection.commit()
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    with closing(redis.Redis(**server)) as keys:
        keys.delete("seat:7:holder", "{seat:7:holder}:fence", "cart:{42}:items", "cart:{42}:items:fence")

        assert say(update, FENCE)["changed"] == 1
        assert ask("SELECT * FROM seats") == ((7, "HELD", "ann", FENCE),)

        say(guard, FENCE)
        assert ask("SELECT * FROM payments") == ((12, 4_900),)
        assert ask("SELECT * FROM bookings") == ((12, "PAID"),)
        assert ask("SELECT * FROM lock_fences") == (("seat:7", FENCE),)

        say(write, FENCE)
        assert (keys.get("seat:7:holder"), keys.hgetall("cart:{42}:items")) == ("ann", {"seat:7": "1"})

        beside = redis.asyncio.Redis(**server)
        say(f"{awaited}\nawait redis.aclose()", FENCE + 1, connection=Awaited(connection), redis=beside)
        assert ask("SELECT * FROM seats") == ((7, "SOLD", "ann", FENCE + 1),)
        assert keys.get("seat:7:holder") is None

        say(elsewhere, FENCE + 2)
        assert ask("SELECT * FROM seats") == ((7, "HELD", "ann", FENCE + 2),)
        assert ask("SELECT * FROM lock_fences") == (("seat:7", FENCE + 2),)

        for code in (update, guard, write):
            with pytest.raises(StaleHolderError):
                say(code, FENCE - 1)
            connection.rollback()
