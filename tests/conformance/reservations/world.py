"""One test's surroundings: events with seats, desks at which they are sold, and what is seen from outside."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import pymysql
import redis
import redis.asyncio

from conformance.locks.driver import eventually
from conformance.locks.either import Kind
from conformance.locks.servers import HOST, RedisServer
from conformance.reservations.awaited import Desk
from conformance.reservations.inventory import Inventory
from conformance.reservations.sources import PLAIN, source_of
from ticketctl.reservations import AsyncReservations, Hold, Limits, Reservations
from ticketctl.reservations.history import Told, check, read

PATIENCE = 300.0  # seconds that no test takes, unless something hangs
Front = Literal["redis", "alone"]
FRONTS: tuple[Front, ...] = ("redis", "alone")
_numbers = itertools.count(1_000_001)  # no event of anybody else
_WRITTEN = (
    ("seats", "event_id", "seat_id"),
    ("reservations", "event_id", "reservation_id"),
    ("seat_audit", "event_id", "audit_id"),
    ("outbox_events", "aggregate_id", "id"),
)
_SEATS = "SELECT seat_id FROM seats WHERE event_id = %s ORDER BY seat_id"


class Venue:
    """An event and its seats.

    Args:
        event_id: The event.
        seat_ids: Its seats, ascending.
    """

    def __init__(self, event_id: int, seat_ids: Sequence[int]) -> None:
        self.id = event_id
        self.seats = tuple(seat_ids)

    def __getitem__(self, number: int) -> int:
        return self.seats[number]


class World:
    """One test's surroundings.

    Args:
        kind: Which kind of reservations there are.
        front: Whether Redis stands in front of MySQL.
        inventory: The database.
        server: The Redis.

    Attributes:
        told: What callers were told, for the check of the history; a test adds to it what matters.
        limits: Those that all grants were made under.
        checked: Whether the history is checked at the end: not where a test writes rows itself.
        complaints: What the loop had to complain about, as exceptions that nobody has looked at.
    """

    def __init__(self, kind: Kind, front: Front, inventory: Inventory, server: RedisServer) -> None:
        self.kind = kind
        self.front = front
        self.inventory = inventory
        self.server = server
        self.told: list[Told] = []
        self.limits: Limits | None = None
        self.checked = True
        self.complaints: list[dict[str, Any]] = []
        self._desks: list[Desk] = []
        self._clients: list[redis.Redis | redis.asyncio.Redis] = []
        self._venues: list[Venue] = []
        self._outside: pymysql.connections.Connection[Any] | None = None
        self._root: pymysql.connections.Connection[Any] | None = None

    # --- what tests use

    def client(self, port: int | None = None, **options: Any) -> Any:
        """Return a client of Redis as a program makes its own."""
        options = {"host": HOST, "port": port or self.server.port, **options}
        client = redis.Redis(**options) if self.kind == "threads" else redis.asyncio.Redis(**options)
        self._clients.append(client)
        return client

    def desk(self, *, connect: Any = None, client: Any = None, **options: Any) -> Desk:
        """Return reservations with connections of their own: to the servers they are a process of their own."""
        source = connect or source_of(self.kind, self.inventory)
        if client is None and self.front == "redis":
            client = self.client()
        # On a busy machine everything may take its time; how long one waits is no subject here.
        options = {"patience": 30.0, "redis_timeout": 10.0, **options}
        kind = Reservations if self.kind == "threads" else AsyncReservations
        desk = Desk(kind(source, client, **options))
        self._desks.append(desk)
        return desk

    def venue(self, *rows: tuple[object, ...], seats: int = 4) -> Venue:
        """Make an event with seats; by default some of section A, row 1, in places from 1.

        Args:
            rows: Section, row, place, type and price of each seat.
            seats: How many there are where none are described.
        """
        event_id = next(_numbers)
        described = rows or [("A", "1", place, "REGULAR", Decimal("50.00")) for place in range(1, seats + 1)]
        values = [
            (event_id, f"{section}-{row}-{place}", section, row, place, kind, price)
            for section, row, place, kind, price in described
        ]
        with self.outside.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO seats (event_id, seat_number, section, `row_number`, row_position, seat_type, price)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                values,
            )
        venue = Venue(event_id, [seat_id for (seat_id,) in self.ask(_SEATS, event_id)])
        self._venues.append(venue)
        return venue

    # --- what tests look at, from outside

    @property
    def outside(self) -> pymysql.connections.Connection[Any]:
        """A connection that none of the desks has; each statement is a transaction."""
        if self._outside is None:
            self._outside = self.inventory.connect(autocommit=True, **PLAIN)
        return self._outside

    def ask(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        with self.outside.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def sessions(self) -> list[int]:
        """Return the numbers of the service's connections, but for that of `outside`."""
        if self._root is None:
            root = self.inventory.root
            self._root = pymysql.connect(
                host=root.host, port=root.port, user=root.user, password=root.password.reveal(), **PLAIN
            )
        # Not of information_schema.processlist, which fails where a statement holds bytes that are no text.
        outside = self.outside.thread_id()  # type: ignore[no-untyped-call]  # of the driver
        query = "SELECT processlist_id FROM performance_schema.threads WHERE processlist_user = %s"
        with self._root.cursor() as cursor:
            cursor.execute(query, (self.inventory.user,))
            return sorted(int(number) for (number,) in cursor.fetchall() if number != outside)

    def transactions(self) -> int:
        """Return how many of the service's connections, but for that of `outside`, are in a transaction."""
        numbers = self.sessions()
        assert self._root is not None
        # Not of information_schema.innodb_trx, which answers from a cache when it is asked often.
        query = (
            "SELECT processlist_id FROM performance_schema.threads"
            " JOIN performance_schema.events_transactions_current USING (thread_id) WHERE state = 'ACTIVE'"
        )
        with self._root.cursor() as cursor:
            cursor.execute(query)
            return len({int(number) for (number,) in cursor.fetchall() if number is not None} & set(numbers))

    def kill(self, number: int) -> None:
        """Kill a connection."""
        self.inventory.ask("KILL CONNECTION %s", number)

    def states(self, venue: Venue) -> list[str]:
        """Return what is written of each seat, expired or not."""
        rows = self.ask("SELECT status FROM seats WHERE event_id = %s ORDER BY seat_id", venue.id)
        return [str(state) for (state,) in rows]

    def written(self, venue: Venue) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that is written of an event, to compare it with later."""
        return {
            table: self.ask(f"SELECT * FROM {table} WHERE {event} = %s ORDER BY {key}", venue.id)
            for table, event, key in _WRITTEN
        }

    def audit(self, seat_id: int) -> list[tuple[Any, ...]]:
        """Return version, reason, hold and actor of each change of a seat, in order."""
        return self.ask(
            "SELECT seat_version, reason, hold_id, changed_by FROM seat_audit WHERE seat_id = %s ORDER BY seat_version",
            seat_id,
        )

    def reasons(self, seat_id: int) -> list[str]:
        """Return why a seat changed, each time."""
        return [str(reason) for _, reason, _, _ in self.audit(seat_id)]

    def news(self, venue: Venue) -> list[str]:
        """Return what other services are told of an event, in the order of their numbers."""
        rows = self.ask("SELECT event_type FROM outbox_events WHERE aggregate_id = %s ORDER BY id", venue.id)
        return [str(kind) for (kind,) in rows]

    def now(self) -> datetime:
        """What the database's clock says."""
        ((text,),) = self.ask("SELECT CAST(UTC_TIMESTAMP(6) AS CHAR)")
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    def left(self, venue: Venue, seat_id: int) -> int:
        """Return how many milliseconds Redis goes on refusing a seat; negative: it does not."""
        with self.server.client() as client:
            milliseconds: int = client.pttl(f"seat:{{{venue.id}}}:{seat_id}")
        return milliseconds

    async def over(self, hold: Hold) -> None:
        """Return when a hold is over by the database's clock, and nothing in Redis says otherwise."""
        await eventually(lambda: self.now() > hold.expires_at, True, PATIENCE)
        if self.front == "redis":
            await eventually(lambda: self._entries(hold), [], PATIENCE)

    def _entries(self, hold: Hold) -> list[str]:
        with self.server.client() as client:
            found = client.mget([f"seat:{{{hold.event_id}}}:{seat_id}" for seat_id in hold.seat_ids])
        return [holder for holder in found if holder is not None]

    # --- the end

    async def end(self) -> None:
        for desk in self._desks:
            await desk.close()
        for client in self._clients:
            if isinstance(client, redis.Redis):
                client.close()
            else:
                await client.aclose()
        for connection in (self._outside, self._root):
            if connection is not None:
                connection.close()

    def check(self) -> None:
        """Check the history of all that was sold here."""
        for venue in self._venues:
            with self.outside.cursor() as cursor:
                history = read(cursor, venue.id)
            told = [each for each in self.told if set(each.seat_ids) <= set(venue.seats)]
            report = check(history, told=told, limits=self.limits, capacity={venue.id: len(venue.seats)})
            assert not report.violations, report.text()
