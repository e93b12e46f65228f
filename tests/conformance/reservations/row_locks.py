"""What transactions of reservations lock, seen from outside, and how the server finds the rows, by its own words.

Locks are looked at right before a transaction ends, when it has all that it ever has. Plans are asked for on the
connection itself and in the middle of its transaction: the server reads single rows when it makes a plan, under the
lock of the statement, and would wait for the transaction anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conformance.reservations.inventory import Inventory
from conformance.reservations.sources import Watch

PLANS = "SET SESSION explain_json_format_version = 1"
"""What a connection has to be told before plans are asked for: the newer format has none for every statement."""
_LOCKS = """
SELECT object_name, index_name, lock_mode, lock_data
FROM performance_schema.data_locks JOIN performance_schema.threads USING (thread_id)
WHERE lock_type = 'RECORD' AND lock_status = 'GRANTED' AND processlist_id IN ({})
"""
END_OF_PAGE = "supremum pseudo-record"
"""What the server calls what comes behind the last entry of a page, be it of the index or of a page in the middle."""
_FREE = "SELECT seat_id FROM seats FORCE INDEX (PRIMARY) ORDER BY seat_id FOR UPDATE SKIP LOCKED"


class Lock(NamedTuple):
    """A lock on an entry of an index.

    Attributes:
        table: The table.
        key: The index.
        mode: What the server calls it.
        entry: The values of the entry, as far as the server tells them.
    """

    table: str
    key: str
    mode: str
    entry: str

    @property
    def is_gap(self) -> bool:
        """Whether it keeps others from putting something before an entry, and is none on the entry itself."""
        return "GAP" in self.mode.replace("REC_NOT_GAP", "") or self.entry == END_OF_PAGE

    @property
    def is_shared(self) -> bool:
        return self.mode.startswith("S")

    @property
    def number(self) -> int:
        """The first value of the entry."""
        return int(self.entry.partition(",")[0])


class Locks(tuple[Lock, ...]):
    """What a transaction had locked when it ended."""

    __slots__ = ()

    def of(self, table: str, key: str = "PRIMARY") -> list[Lock]:
        return [lock for lock in self if (lock.table, lock.key) == (table, key)]

    def rows(self, table: str, key: str = "PRIMARY") -> list[int]:
        """Return the numbers of the entries that are locked against any use, ascending."""
        return sorted(lock.number for lock in self.of(table, key) if not (lock.is_gap or lock.is_shared))

    def gaps(self, table: str, key: str = "PRIMARY") -> list[Lock]:
        return [lock for lock in self.of(table, key) if lock.is_gap]


class Access(NamedTuple):
    """How a statement finds the rows of a table.

    Attributes:
        table: The table.
        key: By which index.
        rows: How many rows the server expects to look at.
    """

    table: str
    key: str | None
    rows: int


@dataclass(kw_only=True)
class Transactions(Watch):
    """Looks at what transactions lock.

    Attributes:
        inventory: The database.
        explains: Whether plans are asked for; for threads alone.
        ended: What each transaction had locked, from the first to the last.
        free: Which seats others could have locked then.
        plans: For each statement that locks or changes rows of seats or reservations, its text and how it finds them.
    """

    inventory: Inventory
    explains: bool = False
    ended: list[Locks] = field(default_factory=list)
    free: list[set[int]] = field(default_factory=list)
    plans: list[tuple[str, list[Access]]] = field(default_factory=list)

    def sending(self, text: str, arguments: Any) -> tuple[int, str]:
        if text in ("COMMIT", "ROLLBACK"):
            self.ended.append(self._locks())
            self.free.append({seat for (seat,) in self.inventory.ask(_FREE)})
        elif self.explains and _is_locking(text):
            self.plans.append((text, list(_accesses(self._plan(self.rewrite(text), arguments)))))
        return super().sending(text, arguments)

    def _locks(self) -> Locks:
        numbers = sorted(self.numbers())
        rows = self.inventory.ask(_LOCKS.format(", ".join(["%s"] * len(numbers))), *numbers)
        return Locks(Lock(*map(str, row)) for row in rows)

    def _plan(self, text: str, arguments: Any) -> Any:
        (connection,) = self.connections  # so it is that of the transaction
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN FORMAT=JSON {text}", arguments)
            ((plan,),) = cursor.fetchall()
        return json.loads(plan)["query_block"]


def _is_locking(text: str) -> bool:
    return text.startswith("UPDATE") or "FOR UPDATE" in text


def _accesses(plan: Any, before: int = 1) -> Iterator[Access]:
    """Find the accesses to tables in a plan.

    Args:
        plan: It, or a part of it.
        before: How often it is done.
    """
    for name, part in plan.items():
        if name == "nested_loop":
            yield from _joined(part)
        elif name == "table" and "materialized_from_subquery" not in part and part.get("table_name") != "wanted":
            yield Access(part["table_name"], part.get("key"), before * int(part["rows_examined_per_scan"]))
        elif isinstance(part, dict) and name != "materialized_from_subquery":
            yield from _accesses(part, before)


def _joined(parts: Iterable[Any]) -> Iterator[Access]:
    """Find the accesses of a join: what comes later is looked up for each row of what comes before."""
    rows = 1
    for part in parts:
        yield from _accesses(part, rows)
        rows = int(part["table"]["rows_produced_per_join"])
