"""Writes that become durable together: said one by one, sent in one packet where they fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from ticketctl.errors import BackendOperationError, MigrationLockedError, TicketctlError
from ticketctl.infra.mysql import execute_all, translating
from ticketctl.provision.migrate.queries import query
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Item = TypeVar("Item")

# What a run says from one commit to the next. Of these, the order does not matter but for this one.
_OF_A_RUN = (
    "finish_statement",
    "finish_migration",
    "record_migration",
    "ledger_log_added",
    "ledger_add",
    "start_migration",
    "start_statement",
)
_BY_ROWS = {"record_migration", "ledger_add", "start_statement"}
_ROW = re.compile(r"(?P<head>.*?\bVALUES\s*)(?P<row>\(.*\))(?P<tail>\s*(?:ON DUPLICATE KEY UPDATE .*)?)", re.DOTALL)
LONGEST_PACKET = 1_000_000  # characters; a server takes at least 4 MiB unless it was told otherwise
NOT_LOCKED = 1242  # what `still_locked` fails with: its subquery has two rows


@dataclass(frozen=True, slots=True)
class _Write:
    statement: str
    values: Mapping[str, object]
    guarded: bool


class Packet:
    """Collects writes and sends them in one transaction.

    Args:
        connection: A connection that commits each statement by itself, and takes several at once.
        endpoint: Where it goes.
        lock: Name of the migration lock.
        owner: Id of the connection that must hold it.

    Attributes:
        connection: The connection.
        endpoint: Where it goes.
    """

    def __init__(self, connection: Connection[Cursor], endpoint: MysqlEndpoint, *, lock: str, owner: int) -> None:
        self.connection = connection
        self.endpoint = endpoint
        self._lock = {"lock": lock, "owner": owner}
        self._waiting: list[_Write] = []

    def add(self, statement: str, values: Mapping[str, object], *, guarded: bool) -> None:
        """Add a write.

        Args:
            statement: Name of the statement in `record/sql/`.
            values: Its parameters.
            guarded: Whether it may only be written by who holds the lock; what has happened is written anyway.
        """
        self._waiting.append(_Write(statement, values, guarded))

    def withdraw(self, statement: str, migration: str) -> Mapping[str, object] | None:
        """Take back a write that was not sent yet, and return its parameters; None if there is none.

        Args:
            statement: Name of the statement.
            migration: Name of the migration that it is about.
        """
        for write in reversed(self._waiting):
            if write.statement == statement and write.values["migration"] == migration:
                self._waiting.remove(write)
                return write.values
        return None

    def send(self) -> None:
        """Write everything that was added, in one transaction.

        Raises:
            MigrationLockedError: The lock is no longer held; nothing was written.
            BackendError: The server refuses or is gone.
        """
        writes, self._waiting = self._waiting, []
        if not writes:
            return
        with self.connection.cursor() as cursor:
            # One by one, the round trips would take longer than the commit.
            statements = [cursor.mogrify(text, values) for text, values in _merged(writes)]
            guard = [self.guard(cursor)] if any(write.guarded for write in writes) else []
            try:
                with translating(self.endpoint):
                    for packet in _packed([*guard, "BEGIN", *statements, "COMMIT"]):
                        execute_all(cursor, packet)
            except BackendOperationError as error:
                with translating(self.endpoint):
                    self.connection.rollback()
                raise self.translated(error) from error

    def guard(self, cursor: Cursor) -> str:
        """Return a statement that fails unless the executing connection holds the lock.

        Args:
            cursor: A cursor of the connection that it will be sent on.
        """
        return cursor.mogrify(query("record", "still_locked"), self._lock)

    def translated(self, error: BackendOperationError) -> TicketctlError:
        """Return the error to raise, if the guard's failure or another.

        Args:
            error: What a write was refused with.
        """
        if error.number != NOT_LOCKED:
            return error
        return MigrationLockedError(
            f"the migration lock of {self.endpoint.database} was lost",
            why="the connection that held it was ended, or a statement released it",
            next_step="run the command again: it goes on where this run stopped",
        )


def _merged(writes: Sequence[_Write]) -> Iterator[tuple[str, object]]:
    """The statements of writes with their parameters, in few statements where they only go on with a run."""
    names = {write.statement for write in writes}
    if not names <= set(_OF_A_RUN):
        yield from ((query("record", write.statement), write.values) for write in writes)
        return
    for name in _OF_A_RUN:
        values = [write.values for write in writes if write.statement == name]
        text = query("record", name)
        if name == "finish_statement" and all(one["values"] is None for one in values) and values:
            yield text, {"keys": [key for one in values for key in _keys(one)], "values": None}
        elif name in _BY_ROWS and values:
            for rows in _batches(values, lambda row: sum(len(str(value)) for value in row.values())):
                yield _several_rows(text, rows)
        else:
            yield from ((text, one) for one in values)


def _packed(statements: Sequence[str]) -> Iterator[str]:
    """The statements joined, in as many packets as the server takes."""
    return (";".join(batch) for batch in _batches(statements, len))


def _batches(items: Sequence[Item], length_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The items in their order, in batches that fit into a packet unless one alone does not."""
    batch: list[Item] = []
    length = 0
    for item in items:
        if batch and length + length_of(item) > LONGEST_PACKET:
            yield batch
            batch, length = [], 0
        batch.append(item)
        length += length_of(item)
    if batch:
        yield batch


def _several_rows(text: str, values: Sequence[Mapping[str, object]]) -> tuple[str, object]:
    head, row, tail = _parts(text)
    rows = (_numbered(row, values[0], place) for place in range(len(values)))
    numbered = {f"{field}_{place}": value for place, one in enumerate(values) for field, value in one.items()}
    return head + ",".join(rows) + tail, numbered


def _keys(values: Mapping[str, object]) -> Sequence[object]:
    keys = values["keys"]
    return keys if isinstance(keys, tuple) else ()


@cache
def _parts(text: str) -> tuple[str, str, str]:
    """An INSERT before its row, the row, and what is behind it."""
    found = _ROW.fullmatch(text)
    assert found is not None  # noqa: S101  # a statement of `_BY_ROWS` has one row
    return found["head"], found["row"], found["tail"]


def _numbered(row: str, fields: Iterable[str], place: int) -> str:
    for field in fields:
        row = row.replace(f"%({field})s", f"%({field}_{place})s")
    return row
