"""yoyo's ledger, written and read without yoyo: a team may come from it, go back, or use both.

The tables, their rows and their times are those of yoyo 6 to 9. A name is written in the same
transaction as our own history, so the two never disagree by our doing; where they do, yoyo has
been at work, and `ledger_changes` says what it did.

The `_utc` columns are of a type that stores moments. yoyo puts the digits of UTC into them in
whatever time zone the server has, which on a server outside UTC is another moment; what is written
here is the right one whatever the time zones are. yoyo itself only sorts by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

from ticketctl.errors import YoyoLedgerError
from ticketctl.provision.migrate.queries import query

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Operation = Literal["apply", "rollback", "mark", "unmark"]

VERSION = 2
LONGEST_ORIGIN = 255
_LEDGER = {"_yoyo_log", "_yoyo_migration", "_yoyo_version"}
_LOCK = "yoyo_lock"
# yoyo takes a database without the migration table for a new one, so that one comes last: whatever
# kills us in between, the next run finds no ledger and makes the rest.
_TABLES = ("ledger_create_lock", "ledger_create_version", "ledger_version", "ledger_create_log")


@dataclass(frozen=True, slots=True)
class LockRow:
    """yoyo's lock: a row that stays when its process is killed.

    Attributes:
        pid: Process that took it, on a machine that nobody noted.
        since: When it was taken, UTC; None where the server could not say.
    """

    pid: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """What yoyo's tables say.

    Attributes:
        exists: Whether they are there; without them nothing else is known.
        applied: Names of the migrations that are applied.
        removed: Names that were rolled back or unmarked, and not applied again since.
        locked_by: Who is at work, None for nobody.
    """

    exists: bool = False
    applied: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    locked_by: LockRow | None = None


@dataclass(frozen=True, slots=True)
class LedgerChanges:
    """How the ledger differs from our own history.

    Attributes:
        applied_by_yoyo: Applied or marked by yoyo, unknown to our history.
        removed_by_yoyo: In our history, and rolled back or unmarked by yoyo.
        unrecorded: In our history, and never written into the ledger: it was applied before there was one.
    """

    applied_by_yoyo: tuple[str, ...] = ()
    removed_by_yoyo: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()


def create_tables(cursor: Cursor) -> None:
    """Make yoyo's tables where they are missing, as it would make them itself.

    Args:
        cursor: A cursor on the database; each statement commits what is open.
    """
    for name in _TABLES:
        cursor.execute(query("record", name), {"version": VERSION} if name == "ledger_version" else None)
    cursor.execute(query("record", "ledger_create_migration"))


def ledger_writes(operation: Operation) -> tuple[str, str]:
    """Return the names of the two statements that note an operation; noted already, they change nothing.

    Args:
        operation: What is done to a migration.
    """
    added = operation in ("apply", "mark")
    return ("ledger_log_added", "ledger_add") if added else ("ledger_log_removed", "ledger_remove")


def ledger_row(name: str, operation: Operation) -> Mapping[str, str]:
    """Return the parameters of `ledger_writes` for one migration.

    Args:
        name: Name of the migration.
        operation: What is done to it.
    """
    from uuid import uuid4

    username, hostname = _origin()
    return {
        "id": str(uuid4()),
        "hash": hashlib.sha256(name.encode()).hexdigest(),
        "name": name,
        "operation": operation,
        "username": username,
        "hostname": hostname,
    }


def read_ledger(cursor: Cursor) -> Ledger:
    """Read yoyo's tables in the cursor's database; none may be there.

    Args:
        cursor: A cursor on the database.

    Raises:
        YoyoLedgerError: They are in a format other than the one of yoyo 6 to 9.
    """
    cursor.execute(query("record", "ledger_tables"))
    tables = {str(row[0]) for row in cursor.fetchall()}
    lock = _read_lock(cursor) if _LOCK in tables else None
    complete = tables >= _LEDGER
    if "_yoyo_migration" not in tables or (lock is not None and not complete):
        return Ledger(locked_by=lock)  # with its lock held, yoyo is just making them
    if not complete:
        raise YoyoLedgerError(
            "the ledger of yoyo in this database has an older format",
            why=f"there is no {', '.join(sorted(_LEDGER - tables))}; versions of yoyo before 6 had none",
            next_step="run `yoyo list` of yoyo 9 once, which brings it up to date, and then the command again",
        )
    cursor.execute(query("record", "ledger_read"))
    version, applied, removed = cursor.fetchone() or (None, None, None)
    if version not in (None, VERSION):
        raise YoyoLedgerError(
            f"the ledger of yoyo in this database has format {version}",
            why=f"this ticketctl knows format {VERSION}, the one of yoyo 6 to 9",
            next_step="use a newer ticketctl; nothing was changed",
        )
    return Ledger(exists=True, applied=_names(applied), removed=_names(removed), locked_by=lock)


def ledger_changes(history_names: Collection[str], ledger: Ledger) -> LedgerChanges:
    """Return how the ledger differs from our own history (pure).

    Args:
        history_names: Migrations that our history has as applied, in their order.
        ledger: What yoyo's tables say.
    """
    missing = [name for name in history_names if name not in ledger.applied]
    return LedgerChanges(
        applied_by_yoyo=tuple(sorted(ledger.applied.difference(history_names))),
        removed_by_yoyo=tuple(name for name in missing if name in ledger.removed),
        unrecorded=tuple(name for name in missing if name not in ledger.removed),
    )


def _read_lock(cursor: Cursor) -> LockRow | None:
    cursor.execute(query("record", "ledger_lock"))
    row = cursor.fetchone()
    if row is None:
        return None
    return LockRow(int(row[0]), row[1].replace(tzinfo=UTC) if row[1] else None)


def _names(aggregated: str | None) -> frozenset[str]:
    return frozenset(name for name in json.loads(aggregated or "[]") if name)


@cache
def _origin() -> tuple[str, str]:
    """Who we are. Not the full host name that yoyo asks for: a name server may let a run wait for it."""
    import getpass
    import os
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        user = str(os.getuid())
    return user[:LONGEST_ORIGIN], socket.gethostname()[:LONGEST_ORIGIN]
