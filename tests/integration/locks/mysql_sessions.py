"""One way to talk to MySQL through every driver that is installed: what is claimed of cursors is tried on all."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any, Protocol

from ticketctl.locks import fenced
from ticketctl.settings.endpoints import MysqlEndpoint


class Session(Protocol):
    """A connection in transactions of its own, and the fenced writes through its cursor."""

    def ask(self, sql: str, *parameters: object) -> Sequence[tuple[Any, ...]]: ...

    def update(
        self, table: str, values: Mapping[str, object], where: Mapping[str, object], *, fence: int, **options: Any
    ) -> int: ...

    def guard(self, name: str, *, fence: int, **options: Any) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...


class SyncSession:
    """Through a DB-API connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def ask(self, sql: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        cursor.execute(sql, parameters)
        rows = cursor.fetchall() if cursor.description else ()
        cursor.close()
        return values(rows)

    def update(self, *arguments: Any, **options: Any) -> int:
        return fenced.update(self._connection.cursor(), *arguments, **options)

    def guard(self, *arguments: Any, **options: Any) -> None:
        fenced.guard(self._connection.cursor(), *arguments, **options)

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()


class AsyncSession:
    """Through an asyncio driver, on a loop of its own."""

    def __init__(self, connection: Any, cursor: Callable[[], Awaitable[Any]], run: Callable[..., Any]) -> None:
        self._connection = connection
        self._cursor = cursor
        self._run = run

    def ask(self, sql: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
        async def ask() -> Sequence[tuple[Any, ...]]:
            cursor = await self._cursor()
            await cursor.execute(sql, parameters)
            return values(await cursor.fetchall() if cursor.description else ())

        return self._run(ask())  # type: ignore[no-any-return]

    def update(self, *arguments: Any, **options: Any) -> int:
        async def update() -> int:
            return await fenced.aupdate(await self._cursor(), *arguments, **options)

        return self._run(update())  # type: ignore[no-any-return]

    def guard(self, *arguments: Any, **options: Any) -> None:
        async def guard() -> None:
            await fenced.aguard(await self._cursor(), *arguments, **options)

        self._run(guard())

    def commit(self) -> None:
        self._run(self._awaited(self._connection.commit))

    def rollback(self) -> None:
        self._run(self._awaited(self._connection.rollback))

    async def _awaited(self, method: Callable[[], Awaitable[object]]) -> None:
        await method()


def values(rows: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
    return [tuple(row.values()) if isinstance(row, Mapping) else tuple(row) for row in rows]


def of(endpoint: MysqlEndpoint) -> dict[str, Any]:
    return {
        "host": endpoint.host,
        "port": endpoint.port,
        "user": endpoint.user,
        "password": endpoint.password.reveal(),
    }


@contextmanager
def pymysql_session(
    endpoint: MysqlEndpoint, database: str, cursor: str = "Cursor", flags: int = 0
) -> Iterator[Session]:
    import pymysql.cursors

    connection = pymysql.connect(
        **of(endpoint), database=database, cursorclass=getattr(pymysql.cursors, cursor), client_flag=flags
    )
    try:
        yield SyncSession(connection)
    finally:
        connection.close()


@contextmanager
def driver_session(endpoint: MysqlEndpoint, database: str, module: str) -> Iterator[Session]:
    """Through a driver that knows no more than the DB-API."""
    connection = importlib.import_module(module).connect(**of(endpoint), database=database)
    try:
        yield SyncSession(connection)
    finally:
        connection.close()


class InThread:
    """A PyMySQL cursor whose methods are awaited; what asyncio drivers do, without a further dependency."""

    def __init__(self, cursor: Any) -> None:
        self._inner = cursor

    @property
    def rowcount(self) -> int:
        return int(self._inner.rowcount)

    @property
    def description(self) -> object:
        return self._inner.description

    async def execute(self, query: str, args: Sequence[object], /) -> object:
        return await asyncio.to_thread(self._inner.execute, query, args)

    async def fetchall(self) -> Sequence[Any]:
        rows: Sequence[Any] = await asyncio.to_thread(self._inner.fetchall)
        return rows


@contextmanager
def threaded_session(endpoint: MysqlEndpoint, database: str) -> Iterator[Session]:
    import pymysql

    class Connection:
        def __init__(self) -> None:
            self.inner = pymysql.connect(**of(endpoint), database=database)

        async def commit(self) -> None:
            await asyncio.to_thread(self.inner.commit)

        async def rollback(self) -> None:
            await asyncio.to_thread(self.inner.rollback)

    async def cursor() -> InThread:
        return InThread(connection.inner.cursor())

    connection = Connection()
    with asyncio.Runner() as runner:
        yield AsyncSession(connection, cursor, runner.run)
    connection.inner.close()


@contextmanager
def awaited_session(endpoint: MysqlEndpoint, database: str, module: str) -> Iterator[Session]:
    """Through asyncmy or aiomysql, which are used alike."""
    driver = importlib.import_module(module)

    async def connect() -> Any:
        return await driver.connect(**of(endpoint), db=database)

    async def cursor() -> Any:
        return await connection.cursor().__aenter__()  # what both know

    with asyncio.Runner() as runner:
        connection = runner.run(connect())
        yield AsyncSession(connection, cursor, runner.run)
        runner.run(_closed(connection))


async def _closed(connection: Any) -> None:
    connection.close()


@contextmanager
def awaited_connector_session(endpoint: MysqlEndpoint, database: str) -> Iterator[Session]:
    driver = importlib.import_module("mysql.connector.aio")

    async def connect() -> Any:
        return await driver.connect(**of(endpoint), database=database)

    async def close() -> None:
        await connection.close()

    with asyncio.Runner() as runner:
        connection = runner.run(connect())
        yield AsyncSession(connection, connection.cursor, runner.run)
        runner.run(close())


FOUND_ROWS = 2
"""CLIENT.FOUND_ROWS: the server counts the rows that matched, and not those that it changed."""

_ALL: Mapping[str, tuple[str, Callable[[MysqlEndpoint, str], AbstractContextManager[Session]]]] = {
    "pymysql": ("pymysql", pymysql_session),
    "pymysql-found-rows": ("pymysql", partial(pymysql_session, flags=FOUND_ROWS)),
    "pymysql-dict": ("pymysql", partial(pymysql_session, cursor="DictCursor")),
    "pymysql-unbuffered": ("pymysql", partial(pymysql_session, cursor="SSCursor")),
    "mysqlclient": ("MySQLdb", partial(driver_session, module="MySQLdb")),
    "connector": ("mysql", partial(driver_session, module="mysql.connector")),
    "awaited-threads": ("pymysql", threaded_session),
    "asyncmy": ("asyncmy", partial(awaited_session, module="asyncmy")),
    "aiomysql": ("aiomysql", partial(awaited_session, module="aiomysql")),
    "connector-awaited": ("mysql", awaited_connector_session),
}
SESSIONS = {name: opener for name, (package, opener) in _ALL.items() if find_spec(package)}
"""Those whose driver is installed; PyMySQL always is."""
