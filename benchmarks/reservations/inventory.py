"""Databases full of seats: made by the repository's migrations, and put back to the beginning before each run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from reservations.order import Place
from reservations.servers import ROOT, Servers
from ticketctl.migrations import Migrator, MysqlEndpoint, Secret

IN_ONE_INSERT = 10_000
WARM = Place(1, 1, 2_000)
"""Seats that workers hold before the beginning; the first of every database."""
TABLES = ("reservations", "seat_audit", "outbox_events", "reservation_guards")
_COLUMNS = "seat_id, event_id, seat_number, section, `row_number`, row_position, seat_type, price"
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s)"
_IN_A_ROW, _IN_A_SECTION = 40, 2_000


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a database, and in Redis, of an event.

    Attributes:
        seats: Seats that are reserved.
        reservations: That are active.
        audit: Rows.
        outbox: Rows.
        keys: In Redis, of all events.
    """

    seats: int
    reservations: int
    audit: int
    outbox: int
    keys: int


class Inventory:
    """A database with seats of a few events, and room for warming up.

    Args:
        servers: Where it is made.
        name: Its name.
        places: The seats, beside those of `WARM`.
    """

    def __init__(self, servers: Servers, name: str, *places: Place) -> None:
        self._servers = servers
        self._places = places
        self.name = name
        endpoint = MysqlEndpoint("127.0.0.1", servers.mysql.port, "root", Secret(servers.mysql.password), name)
        Migrator(endpoint, ROOT / "migrations/inventory").apply()

    def fill(self) -> None:
        """Insert all seats, thousands with a statement."""
        for place in (WARM, *self._places):
            rows = _rows(place)
            with closing(self._servers.mysql.connection(self.name)) as connection, connection.cursor() as cursor:
                while some := list(islice(rows, IN_ONE_INSERT)):
                    values = ", ".join([_ROW] * len(some))
                    cursor.execute(
                        f"INSERT INTO seats ({_COLUMNS}) VALUES {values}", [value for row in some for value in row]
                    )

    def keep_copy(self) -> None:
        """Keep a copy of the seats as they are, for `fresh`."""
        self._run("CREATE TABLE seats_at_the_beginning LIKE seats")
        self._run("INSERT INTO seats_at_the_beginning SELECT * FROM seats")

    def fresh(self) -> None:
        """Write the seats anew, as they were when they were copied, and forget all holds."""
        self._run("TRUNCATE TABLE seats")
        self._run("INSERT INTO seats SELECT * FROM seats_at_the_beginning")
        self._forget()

    def freed(self) -> None:
        """Free the seats that are held, where there are too many to write them anew, and forget all holds."""
        for place in (WARM, *self._places):
            self._run(
                "UPDATE seats SET status = 'AVAILABLE', hold_id = NULL, reserved_by = NULL, reserved_until = NULL"
                f" WHERE event_id = {place.event_id} AND status = 'RESERVED'"
            )
        self._forget()

    def written(self, place: Place) -> Written:
        """Count what stands there now."""
        event = place.event_id
        return Written(
            self._count(f"seats WHERE event_id = {event} AND status = 'RESERVED'"),
            self._count(f"reservations WHERE event_id = {event} AND status = 'ACTIVE'"),
            self._count(f"seat_audit WHERE event_id = {event}"),
            self._count(f"outbox_events WHERE aggregate_id = {event}"),
            int(self._servers.redis.dbsize()),
        )

    def run(self, sql: str, *values: object) -> None:
        """Run a statement, and commit it."""
        self._run(sql, *values)

    def _forget(self) -> None:
        for table in TABLES:
            self._run(f"TRUNCATE TABLE {table}")
        self._servers.redis.flushall()

    def _count(self, what: str) -> int:
        with closing(self._servers.mysql.connection(self.name)) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {what}")
            ((count,),) = cursor.fetchall()
            return int(count)

    def _run(self, sql: str, *values: object) -> None:
        with closing(self._servers.mysql.connection(self.name)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)


def _rows(place: Place) -> Iterator[tuple[object, ...]]:
    for number, seat_id in enumerate(place.seat_ids):
        section, rest = divmod(number, _IN_A_SECTION)
        row, position = divmod(rest, _IN_A_ROW)
        kind = "PREMIUM" if row < 4 else "VIP" if row < 12 else "REGULAR"
        seat_number = f"{section}-{row + 1}-{position + 1}"
        yield (
            *(seat_id, place.event_id, seat_number, f"S{section}", str(row + 1), position + 1, kind),
            {"PREMIUM": 180, "VIP": 120, "REGULAR": 60}[kind],
        )
