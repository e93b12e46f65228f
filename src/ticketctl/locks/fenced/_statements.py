"""Fenced writes in MySQL as statements and verdicts, without a connection.

Each operation is a generator: it yields a statement, is sent what the server answered, and in the
end returns its result or raises `StaleHolderError`. Whoever has a connection runs it; see
`_cursors` for drivers with cursors, sync and asyncio.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import NamedTuple

from ticketctl.errors import StaleHolderError
from ticketctl.locks.fenced._fence import checked_fence

LOCK_FENCES_TABLE = """\
CREATE TABLE lock_fences (
    name VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL PRIMARY KEY,
    fence BIGINT UNSIGNED NOT NULL
) ENGINE = InnoDB
"""
"""The table of `guard`. The collation matters: in others `Seat` and `seat` would be one lock."""

NAME_LENGTH = 512
_IDENTIFIER_LENGTH = 64


class Statement(NamedTuple):
    """One statement to send.

    Attributes:
        sql: Its text; each `%s` is a parameter.
        parameters: Their values.
        reads: Whether it answers with rows.
    """

    sql: str
    parameters: tuple[object, ...]
    reads: bool


class Answer(NamedTuple):
    """What the server said.

    Attributes:
        rowcount: Rows that were changed, or matched on a connection with CLIENT_FOUND_ROWS.
        rows: All rows of a statement that reads, each with its values in the order of the columns.
    """

    rowcount: int
    rows: Sequence[Sequence[object]] = ()


def update_steps(
    table: str,
    values: Mapping[str, object],
    where: Mapping[str, object],
    *,
    fence: int,
    column: str = "fence",
    rows: int | None = None,
) -> Generator[Statement, Answer, int]:
    """Write to the rows that no newer holder has written; `update` describes arguments, result and errors."""
    checked_fence(fence)
    _refuse_fence_column(column, values, where)
    name, fenced = _quoted_table(table), _quoted(column)
    condition, wanted = _condition(where)
    assignments = ", ".join(f"{_quoted(key)} = %s" for key in (*values, column))
    write = Statement(
        f"UPDATE {name} SET {assignments} WHERE {condition} AND ({fenced} IS NULL OR {fenced} <= %s)",  # noqa: S608
        (*values.values(), fence, *wanted, fence),
        reads=False,
    )
    # Locking, so it sees what is committed, as the UPDATE did: a plain read would see this transaction's snapshot.
    look = Statement(f"SELECT COUNT(*), MAX({fenced}) FROM {name} WHERE {condition} FOR UPDATE", wanted, reads=True)  # noqa: S608

    changed = max((yield write).rowcount, 0)
    if rows is not None and changed == rows:
        return changed
    ((matched, newest),) = (yield look).rows
    _refuse_stale(table, fence, newest, partly=changed > 0)
    if changed or not matched:
        return changed
    # The rows say already what was to be written, or they came after the UPDATE (READ COMMITTED). They are locked by
    # now, so a second UPDATE is the last word on both.
    yield write
    return _number(matched)


def guard_steps(name: str, *, fence: int, table: str = "lock_fences") -> Generator[Statement, Answer, None]:
    """Lock the row of a lock and raise its fence; `guard` describes arguments and errors."""
    checked_fence(fence)
    if not name or len(name) > NAME_LENGTH:
        raise ValueError(f"the name of a lock has 1 to {NAME_LENGTH} characters, not {len(name)}")
    row = _quoted_table(table)
    answer = yield Statement(
        f"INSERT INTO {row} (name, fence) VALUES (%s, %s) ON DUPLICATE KEY UPDATE fence = GREATEST(fence, %s)",  # noqa: S608
        (name, fence, fence),
        reads=False,
    )
    if answer.rowcount == 2:  # MySQL's word for: the row was there, and was raised
        return
    found = yield Statement(f"SELECT fence FROM {row} WHERE name = %s FOR UPDATE", (name,), reads=True)  # noqa: S608
    for (newest,) in found.rows:
        _refuse_stale(name, fence, newest, partly=False)


def _refuse_stale(what: str, fence: int, newest: object, *, partly: bool) -> None:
    if newest is None or _number(newest) <= fence:
        return
    extent = "refused for some of its rows: roll the transaction back" if partly else "refused"
    raise StaleHolderError(f"the write of a stale holder to '{what}' was {extent}", fence=fence, newer=_number(newest))


def _number(value: object) -> int:
    return int(str(value))  # drivers differ: int, Decimal


def _refuse_fence_column(column: str, values: Mapping[str, object], where: Mapping[str, object]) -> None:
    # Column names know no case.
    if column.casefold() in {key.casefold() for key in (*values, *where)}:
        raise ValueError(f"the column '{column}' is written and compared by this function; leave it out")


def _condition(where: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
    """Return the condition on the rows, and its parameters."""
    if not where:
        raise ValueError("`where` must name rows: a write to the whole table is refused")
    terms: list[str] = []
    parameters: list[object] = []
    for key, value in where.items():
        if value is None:
            terms.append(f"{_quoted(key)} IS NULL")
        elif isinstance(value, (list, tuple)):
            terms.append(f"{_quoted(key)} IN ({', '.join(['%s'] * len(_some(key, value)))})")
            parameters += value
        else:
            terms.append(f"{_quoted(key)} = %s")
            parameters.append(value)
    return " AND ".join(terms), tuple(parameters)


def _some(key: str, values: Sequence[object]) -> Sequence[object]:
    if not values or None in values:
        raise ValueError(f"`where` wants values of '{key}': the list is empty or holds None")
    return values


def _quoted_table(table: str) -> str:
    names = table.split(".")
    if len(names) > 2:
        raise ValueError(f"'{table}' is neither a table nor schema.table")
    return ".".join(map(_quoted, names))


def _quoted(identifier: str) -> str:
    # A percent sign would be taken for a placeholder, and drivers disagree on how to double it.
    if not 0 < len(identifier) <= _IDENTIFIER_LENGTH or "\0" in identifier or "%" in identifier:
        raise ValueError(f"{identifier!r} cannot be used as the name of a table or column")
    return "`" + identifier.replace("`", "``") + "`"
