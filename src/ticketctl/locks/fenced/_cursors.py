"""Fenced writes through the cursor of a driver, sync and asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from ticketctl.locks.fenced._statements import Answer, Statement, guard_steps, update_steps

_T = TypeVar("_T")


class Cursor(Protocol):
    """What is needed of a DB-API cursor whose placeholders are `%s`: PyMySQL, mysqlclient, MySQL Connector."""

    @property
    def rowcount(self) -> int:
        """Rows changed by the last statement."""
        ...

    def execute(self, query: str, args: Any, /) -> object:  # noqa: ANN401 - drivers do not agree on its type
        """Send a statement."""
        ...

    def fetchall(self) -> Sequence[Any]:
        """Return all rows of the last statement."""
        ...


class AsyncCursor(Protocol):
    """The same of a cursor whose methods are awaited: asyncmy, aiomysql, MySQL Connector's asyncio half."""

    @property
    def rowcount(self) -> int:
        """Rows changed by the last statement."""
        ...

    def execute(self, query: str, args: Any, /) -> Awaitable[object]:  # noqa: ANN401 - drivers do not agree on its type
        """Send a statement."""
        ...

    def fetchall(self) -> Awaitable[Sequence[Any]]:
        """Return all rows of the last statement."""
        ...


def update(
    cursor: Cursor,
    table: str,
    values: Mapping[str, object],
    where: Mapping[str, object],
    *,
    fence: int,
    column: str = "fence",
    rows: int | None = None,
) -> int:
    """Update rows, unless a newer holder of the lock has written to one of them.

    Runs in the transaction that the cursor is in, and neither commits nor rolls back.

    Args:
        cursor: A cursor of a MySQL connection, in a transaction.
        table: Its name, or `schema.table`.
        values: Columns and what they are set to. Empty raises the fence alone.
        where: Columns and the values that name the rows: a value, None for NULL, or a list for any of its values.
            It names rows and tests no state: a row whose state a newer holder has moved on is *absent* and not
            *newer* by this condition.
        fence: The fence of the caller's lock.
        column: The column that keeps the fence, a nullable BIGINT.
        rows: How many rows `where` can name at most, where that is known (1 for a primary key). It spares the
            statement that looks for refused rows once as many have been changed. Too small a number hides them.

    Returns:
        How many rows carry the values and the fence now; 0 if there is none that `where` names. Rows that carried
        them before are counted when no other row had to be changed.

    Raises:
        StaleHolderError: At least one row carries a newer fence. None of these was changed. Where other rows were, the
            error says so: the caller rolls back.
        ValueError: A name, the condition or the fence cannot be used.
    """
    return _run(cursor, update_steps(table, values, where, fence=fence, column=column, rows=rows))


async def aupdate(
    cursor: AsyncCursor,
    table: str,
    values: Mapping[str, object],
    where: Mapping[str, object],
    *,
    fence: int,
    column: str = "fence",
    rows: int | None = None,
) -> int:
    """Do what `update` does, with a cursor whose methods are awaited."""
    return await _arun(cursor, update_steps(table, values, where, fence=fence, column=column, rows=rows))


def guard(cursor: Cursor, name: str, *, fence: int, table: str = "lock_fences") -> None:
    """Let the transaction go on only if no newer holder of the lock has guarded one.

    For writes that are not one UPDATE. Call it first in the transaction: the row of the lock stays locked until its
    end, so transactions of two holders come one after the other, and the older one comes first or not at all.

    Args:
        cursor: A cursor of a MySQL connection, in a transaction; with autocommit the guard protects nothing.
        name: The lock.
        fence: The fence of the caller's lock.
        table: A table like `LOCK_FENCES_TABLE`, or `schema.table`.

    Raises:
        StaleHolderError: A newer holder was here. Nothing was changed; the caller rolls back.
        ValueError: The name or the fence cannot be used.
    """
    _run(cursor, guard_steps(name, fence=fence, table=table))


async def aguard(cursor: AsyncCursor, name: str, *, fence: int, table: str = "lock_fences") -> None:
    """Do what `guard` does, with a cursor whose methods are awaited."""
    await _arun(cursor, guard_steps(name, fence=fence, table=table))


def _run(cursor: Cursor, steps: Generator[Statement, Answer, _T]) -> _T:
    statement = next(steps)
    while True:
        cursor.execute(statement.sql, statement.parameters)
        answer = Answer(cursor.rowcount, _values(cursor.fetchall()) if statement.reads else ())
        try:
            statement = steps.send(answer)
        except StopIteration as end:
            result: _T = end.value
            return result


async def _arun(cursor: AsyncCursor, steps: Generator[Statement, Answer, _T]) -> _T:
    statement = next(steps)
    while True:
        await cursor.execute(statement.sql, statement.parameters)
        answer = Answer(cursor.rowcount, _values(await cursor.fetchall()) if statement.reads else ())
        try:
            statement = steps.send(answer)
        except StopIteration as end:
            result: _T = end.value
            return result


def _values(rows: Sequence[Any]) -> Sequence[Sequence[object]]:
    """Return the rows as values; dict cursors give mappings, in the order of the columns."""
    return [tuple(row.values()) if isinstance(row, Mapping) else tuple(row) for row in rows]
