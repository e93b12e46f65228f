"""MySQL is read for people: in one snapshot, or page by page as it is at that moment; never with a lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from ticketctl.reservations._moments import as_datetime


class Cursor(Protocol):
    """What is needed of a DB-API cursor that gives tuples and whose placeholders are `%s`."""

    def execute(self, query: str, args: Any, /) -> object:  # noqa: ANN401  # drivers do not agree on its type
        """Send a statement."""
        ...

    def fetchall(self) -> Sequence[Any]:
        """Return the rows of the last statement."""
        ...


def rows(cursor: Cursor, statement: str, *parameters: object) -> Sequence[Any]:
    """Return what a statement answers."""
    cursor.execute(statement, parameters or None)
    return cursor.fetchall()


def row(cursor: Cursor, statement: str, *parameters: object) -> Any:  # noqa: ANN401  # as the statement says
    """Return the one row of an answer."""
    (answer,) = rows(cursor, statement, *parameters)
    return answer


@contextmanager
def snapshot(cursor: Cursor) -> Iterator[None]:
    """Let all statements of a block see the same moment."""
    with _transaction(cursor, "REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"):
        yield


@contextmanager
def present(cursor: Cursor) -> Iterator[None]:
    """Let each statement of a block see what is committed when it begins."""
    with _transaction(cursor, "READ COMMITTED", "START TRANSACTION READ ONLY"):
        yield


@contextmanager
def _transaction(cursor: Cursor, isolation: str, begin: str) -> Iterator[None]:
    # For the next transaction alone; refused within one, which would otherwise be committed by what comes next.
    cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}", None)
    cursor.execute(begin, None)
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # the connection may be what broke
            cursor.execute("ROLLBACK", None)
        raise
    cursor.execute("ROLLBACK", None)


def text(value: object) -> str | None:
    """Return a text; some drivers give bytes for columns that are compared byte by byte."""
    if value is None or isinstance(value, str):
        return value
    return bytes(value).decode()  # type: ignore[call-overload, no-any-return]


def known(value: object) -> str:
    """Return a text of a column that is never NULL."""
    return text(value) or ""


def moment(value: int | None) -> datetime | None:
    """Return a moment as people read it."""
    return None if value is None else as_datetime(int(value))
