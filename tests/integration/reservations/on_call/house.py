"""An inventory and a Redis, and what stands in both."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from conformance.reservations.inventory import Inventory
from ticketctl.reservations import Reservations, inspection
from ticketctl.reservations.inspection import Kind, Reconciliation

EVENT = 42


@dataclass
class House:
    """The servers of a test.

    Attributes:
        inventory: The database, with the account of a service.
        root: A connection to it of the account that may do everything, on which each statement commits by itself.
        redis: A client that says `bytes`.
        namespace: What the entries' keys begin with; nobody else's do.
    """

    inventory: Inventory
    root: Any = field(repr=False)
    redis: Redis = field(repr=False)
    namespace: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    # --- made

    def seats(self, count: int, event: int = EVENT) -> list[int]:
        """Make free seats, and return their ids."""
        names = [(event, f"S-{next(self._numbers)}", 10) for _ in range(count)]
        with self.root.cursor() as cursor:
            cursor.executemany("INSERT INTO seats (event_id, seat_number, price) VALUES (%s, %s, %s)", names)
        found = self.ask("SELECT seat_id FROM seats WHERE event_id = %s ORDER BY seat_id DESC LIMIT %s", event, count)
        return sorted(int(seat_id) for (seat_id,) in found)

    @contextmanager
    def reservations(self, **options: Any) -> Iterator[Reservations]:
        """Give reservations that use both servers."""
        made = Reservations(self.inventory.connect, self.redis, namespace=self.namespace, **options)
        with closing(made):
            yield made

    def run_out(self, hold_id: str) -> None:
        """Let a hold be over, without waiting for its end."""
        for table, column in (("seats", "reserved_until"), ("reservations", "expires_at")):
            self.ask(f"UPDATE {table} SET {column} = {column} - INTERVAL 1 DAY WHERE hold_id = %s", hold_id)

    def enter(self, seat_id: int, value: str | bytes, milliseconds: int | None = 60_000, event: int = EVENT) -> None:
        """Write an entry by hand; without milliseconds it has no end."""
        self.redis.set(self.key(seat_id, event), value, px=milliseconds)

    # --- seen

    def key(self, seat_id: int | str, event: int | str = EVENT) -> str:
        return f"{self.namespace}:{{{event}}}:{seat_id}"

    def entry(self, seat_id: int, event: int = EVENT) -> tuple[object, int]:
        """What an entry says, and for how many milliseconds it will; -1 is for ever."""
        return self.redis.get(self.key(seat_id, event)), self.redis.pttl(self.key(seat_id, event))

    def seat(self, seat_id: int) -> tuple[str, str | None]:
        """Status and hold of a seat."""
        ((status, hold_id),) = self.ask("SELECT status, hold_id FROM seats WHERE seat_id = %s", seat_id)
        return status, hold_id

    def ask(self, statement: str, *arguments: object) -> Sequence[tuple[Any, ...]]:
        """Execute a statement as root, and return its rows."""
        with self.root.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Give a cursor of an account that may read and write rows, in no transaction."""
        with self.inventory.connect() as connection, connection.cursor() as cursor:
            yield cursor

    def reconcile(self, event: int | None = None, *, repair: bool = False) -> Reconciliation:
        with self.cursor() as cursor:
            return inspection.reconcile(
                cursor, self.redis, event_id=event, repair=repair, namespace=self.namespace, examples=3
            )


def counts(seen: Reconciliation, *, harmless: bool = True) -> dict[Kind, int]:
    """How many differences of each class there are."""
    return {found.kind: found.left for found in seen.findings if found.left and (harmless or not found.kind.harmless)}
