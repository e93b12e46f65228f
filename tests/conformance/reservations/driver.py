"""What the conformance tests hold in their hands: reservations of both kinds behind one awaitable face.

A test is a coroutine that gets a `World` and whatever fixtures it names; `@conformance` runs it for threads and for
asyncio, each with Redis in front and with MySQL alone. Each call of a synchronous `Reservations` runs in a thread of
its own, so calls wait beside each other as tasks do. When a test is over, the history of its seats is checked.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pymysql
import pytest
import redis
import redis.asyncio

from conformance.locks.driver import eventually, in_thread
from conformance.locks.either import KINDS, Kind
from conformance.locks.servers import HOST, RedisServer
from conformance.reservations.inventory import Inventory
from conformance.reservations.sources import PLAIN, source_of
from ticketctl.reservations import AsyncReservations, Hold, Limits, Reservations, Seat, SeatMap
from ticketctl.reservations.history import Told, check, read

PATIENCE = 300.0  # seconds that no test takes, unless something hangs
TTL = 120.0  # a hold that does not end while a test looks at it
SHORT = 0.1  # one that does
Front = Literal["redis", "alone"]
FRONTS: tuple[Front, ...] = ("redis", "alone")
_numbers = itertools.count(1_000_001)  # no event of anybody else


class Desk:
    """Reservations of either kind; what waits is awaited.

    Args:
        reservations: They.
    """

    def __init__(self, reservations: Reservations | AsyncReservations) -> None:
        self.reservations = reservations

    async def hold(self, event_id: int, seat_ids: Iterable[int], user_id: str = "anna", **options: Any) -> Hold:
        options.setdefault("ttl", TTL)
        held: Hold = await self.call("hold", event_id, seat_ids, user_id, **options)
        return held

    async def hold_best(self, event_id: int, count: int, user_id: str = "anna", **options: Any) -> Hold:
        options.setdefault("ttl", TTL)
        held: Hold = await self.call("hold_best", event_id, count, user_id, **options)
        return held

    async def extend(self, hold: Hold | str, ttl: float, **options: Any) -> Hold:
        extended: Hold = await self.call("extend", hold, ttl, **options)
        return extended

    async def release(self, hold: Hold | str, **options: Any) -> bool:
        released: bool = await self.call("release", hold, **options)
        return released

    async def confirm(self, hold: Hold | str, booking_id: int = 7, **options: Any) -> Hold:
        confirmed: Hold = await self.call("confirm", hold, booking_id, **options)
        return confirmed

    async def cancel(self, hold: Hold | str, **options: Any) -> Hold:
        cancelled: Hold = await self.call("cancel", hold, **options)
        return cancelled

    async def transfer(self, hold: Hold | str, user_id: str, **options: Any) -> Hold:
        transferred: Hold = await self.call("transfer", hold, user_id, **options)
        return transferred

    async def block(self, event_id: int, seat_ids: Iterable[int], *, actor: str = "office") -> int:
        blocked: int = await self.call("block", event_id, seat_ids, actor=actor)
        return blocked

    async def unblock(self, event_id: int, seat_ids: Iterable[int], *, actor: str = "office") -> int:
        unblocked: int = await self.call("unblock", event_id, seat_ids, actor=actor)
        return unblocked

    async def lookup(self, hold_id: str) -> Hold | None:
        found: Hold | None = await self.call("lookup", hold_id)
        return found

    async def seats(self, hold: Hold | str) -> tuple[Seat, ...]:
        seats: tuple[Seat, ...] = await self.call("seats", hold)
        return seats

    async def seat_map(self, event_id: int) -> SeatMap:
        seat_map: SeatMap = await self.call("seat_map", event_id)
        return seat_map

    async def sweep(self, *arguments: Any, **options: Any) -> int:
        swept: int = await self.call("sweep", *arguments, **options)
        return swept

    async def close(self) -> None:
        await self.call("close")

    async def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method by its name."""
        bound = getattr(self.reservations, method)
        if isinstance(self.reservations, AsyncReservations):
            return await bound(*arguments, **options)
        return await in_thread(bound, *arguments, **options)


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

    async def over(self, hold: Hold, *, more: timedelta = timedelta()) -> None:
        """Return when a hold is over by the database's clock, and nothing in Redis says otherwise."""
        await eventually(lambda: self.now() > hold.expires_at + more, True, PATIENCE)
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


_WRITTEN = (
    ("seats", "event_id", "seat_id"),
    ("reservations", "event_id", "reservation_id"),
    ("seat_audit", "event_id", "audit_id"),
    ("outbox_events", "aggregate_id", "id"),
)
_SEATS = "SELECT seat_id FROM seats WHERE event_id = %s ORDER BY seat_id"


@asynccontextmanager
async def world_of(kind: Kind, front: Front, inventory: Inventory, server: RedisServer) -> AsyncIterator[World]:
    """Make a world, look whether its history is right, and end it."""
    world = World(kind, front, inventory, server)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: world.complaints.append(context))
    try:
        yield world
        assert not world.complaints
        if world.checked:
            world.check()
    finally:
        await world.end()


def conformance(
    test: Callable[..., Awaitable[None]], *, kinds: tuple[Kind, ...] = KINDS, fronts: tuple[Front, ...] = FRONTS
) -> Callable[..., None]:
    """Make a test of a coroutine function; its first parameter is a `World`, the others are fixtures."""

    async def run_in_world(kind: Kind, front: Front, places: tuple[Inventory, RedisServer], fixtures: Any) -> None:
        async with asyncio.timeout(PATIENCE), world_of(kind, front, *places) as world:
            await test(world, **fixtures)

    @pytest.mark.parametrize("front", fronts)
    @pytest.mark.parametrize("kind", kinds)
    def run(
        kind: Kind, front: Front, _migrated_inventory: Inventory, redis_server: RedisServer, **fixtures: object
    ) -> None:
        asyncio.run(run_in_world(kind, front, (_migrated_inventory, redis_server), fixtures))

    own = list(inspect.signature(run).parameters.values())[:4]
    wanted = list(inspect.signature(test).parameters.values())[1:]
    run.__signature__ = inspect.Signature([*own, *wanted])  # type: ignore[attr-defined]  # pytest looks at it
    run.__name__, run.__qualname__, run.__doc__ = test.__name__, test.__qualname__, test.__doc__
    run.__module__ = test.__module__
    for mark in getattr(test, "pytestmark", []):
        run = getattr(pytest.mark, mark.name)(*mark.args, **mark.kwargs)(run)
    return run


def alone(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about MySQL, for both kinds."""
    return conformance(test, fronts=("alone",))


def aio_alone(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about tasks and MySQL."""
    return conformance(test, kinds=("asyncio",), fronts=("alone",))


def aio_only(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about tasks."""
    return conformance(test, kinds=("asyncio",))


def fronted(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test that is about Redis, for both kinds."""
    return conformance(test, fronts=("redis",))
