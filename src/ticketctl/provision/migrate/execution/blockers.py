"""Who keeps a table from us: the sessions that hold its metadata lock, for somebody on call to read.

A metadata lock is held until the end of the transaction that took it, so the usual blocker is a
session that does nothing: it has read the table once and never committed.
https://dev.mysql.com/doc/refman/8.4/en/metadata-locking.html
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ticketctl.errors import BackendError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.queries import query
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

# Seconds for which the server answers from its memory when it has just been asked for transactions:
# https://dev.mysql.com/doc/refman/8.4/en/innodb-information-schema-internal-data.html
STALE = 0.15
LONGEST_STATEMENT = 100  # characters; statements may hold data that belongs in no log

# Locks that keep rows from being written: https://dev.mysql.com/doc/refman/8.4/en/performance-schema-metadata-locks-table.html
_AGAINST_WRITERS = {"SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE", "SHARED"}
_Transactions = Mapping[int, tuple[int, int]]
_WHOLE_SERVER = {"GLOBAL": "every table of the server", "COMMIT": "", "BACKUP LOCK": "the server, for a backup"}


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that holds what a statement waits for.

    Attributes:
        user: Its account.
        host: Address of its client.
        connection_id: Its number, for KILL.
        statement: Beginning of the statement that it executes or executed last, may be empty.
        seconds: For how long it has been executing it, or has had its transaction open.
        holds: What it holds, such as `orders`.
        running: Whether it is executing a statement now.
        in_transaction: Whether it has a transaction open; LOCK TABLES and FLUSH hold tables without one.
        rows: How many rows its transaction has locked, None when that could not be read.
    """

    user: str
    host: str
    connection_id: int
    statement: str
    seconds: int
    holds: str
    running: bool
    in_transaction: bool = True
    rows: int | None = None

    @property
    def kill(self) -> str:
        """The statement that ends it."""
        return f"KILL {self.connection_id}"

    def __str__(self) -> str:
        who = f"{self.user}@{self.host} (connection {self.connection_id})"
        if self.running:
            return f"{who}, running for {self.seconds} s: {self.statement or 'a statement'}"
        last = f", last statement: {self.statement}" if self.statement else ""
        return f"{who}, idle {'in a transaction ' if self.in_transaction else ''}for {self.seconds} s{last}"


@dataclass(frozen=True, slots=True)
class Blockers:
    """Who holds some tables.

    Attributes:
        found: Those who do, the longest first.
        reason: Why it could not be read, empty if it was.
    """

    found: tuple[Blocker, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        if self.found:
            return "\n".join(map(str, self.found))
        return self.reason or "whoever it was has gone"


def read_blockers(
    connection: Connection[Cursor],
    endpoint: MysqlEndpoint,
    tables: Iterable[tuple[str, str]],
    *,
    excluding: Collection[int],
    rows: bool = False,
) -> Blockers:
    """Return who holds metadata locks on some tables, and on those that foreign keys tie to them.

    Args:
        connection: Any connection to the server, not one that waits.
        endpoint: Where it goes; its database is meant where a table names none.
        tables: Database and name of each.
        excluding: Connection ids that belong to this run.
        rows: Whether rows are waited for: sessions that only read are then no blockers.

    Returns:
        What was found; nothing and a reason when the account may not look or the connection is gone.
    """
    names = {(database or endpoint.database or "", table) for database, table in tables}
    if not names:
        return Blockers(reason="the statement names no table")
    try:
        names |= {(str(row[0]), str(row[1])) for row in _rows(connection, endpoint, "relatives", tables=sorted(names))}
        found = _rows(connection, endpoint, "holders", tables=sorted(names), excluding=[0, *excluding])
    except BackendError as error:
        return Blockers(reason=f"who holds it could not be read: {error.why}")
    transactions = _read_transactions(connection, endpoint)
    if transactions is not None and any(row[0] not in transactions for row in found):
        time.sleep(STALE)
        transactions = _read_transactions(connection, endpoint)
    blockers = [_blocker(row, transactions) for row in found if not rows or _locks_rows(row, transactions)]
    reason = "" if found else _why_nothing(connection, endpoint)
    return Blockers(tuple(sorted(blockers, key=lambda one: (-one.seconds, one.connection_id))), reason)


def _rows(
    connection: Connection[Cursor], endpoint: MysqlEndpoint, name: str, **values: object
) -> Sequence[tuple[Any, ...]]:
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute(query("execution", f"blockers_{name}"), values or None)
        return cursor.fetchall()


def _read_transactions(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> _Transactions | None:
    """Seconds and locked rows of each open transaction; None without the right PROCESS."""
    try:
        found = _rows(connection, endpoint, "transactions")
    except BackendError:
        return None
    return {int(thread): (int(seconds or 0), int(rows or 0)) for thread, seconds, rows in found}


def _why_nothing(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> str:
    try:
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute("SELECT @@performance_schema")
            row = cursor.fetchone()
    except BackendError as error:
        return f"who holds it could not be read: {error.why}"
    return "" if row and row[0] else "who holds it cannot be read: performance_schema is off"


def _locks_rows(row: Sequence[Any], transactions: _Transactions | None) -> bool:
    if transactions is None or _AGAINST_WRITERS & set(str(row[7]).split(",")):
        return True  # when transactions cannot be read, anybody may be it
    return transactions.get(row[0], (0, 0))[1] > 0


def _blocker(row: Sequence[Any], transactions: _Transactions | None) -> Blocker:
    thread, user, host, command, seconds, text, objects, _ = row
    running = command != "Sleep"
    known = transactions or {}
    open_for, locked = known.get(thread, (int(seconds or 0), None))
    things = [_WHOLE_SERVER.get(name, name) for name in str(objects or "").split(", ")]
    return Blocker(
        user=str(user or "?"),
        host=str(host or "?"),
        connection_id=int(thread),
        statement=_shortened(str(text or "")),
        seconds=int(seconds or 0) if running else open_for,
        holds=", ".join(name for name in things if name),
        running=running,
        in_transaction=transactions is None or thread in transactions,
        rows=locked,
    )


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_STATEMENT else line[: LONGEST_STATEMENT - 2] + " …"
