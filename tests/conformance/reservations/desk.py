"""Reservations of either kind, called one operation after the other from a test that waits for nothing."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager
from typing import Any

import asyncmy
import redis
import redis.asyncio
from pymysql.constants import CLIENT

from conformance.locks.either import Kind
from conformance.reservations.inventory import Inventory
from ticketctl.reservations import AsyncReservations, Reservations


class Desk:
    """Calls the methods of reservations; what a method returns is waited for, on a loop of the desk's own.

    Args:
        made: Makes the reservations, on that loop.
    """

    def __init__(self, made: Any) -> None:
        self._loop = asyncio.new_event_loop()

        async def make() -> Any:
            return made()

        self._reservations = self._loop.run_until_complete(make())

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._reservations, name)

        def call(*arguments: Any, **options: Any) -> Any:
            returned = method(*arguments, **options)
            return self.wait(returned) if inspect.isawaitable(returned) else returned

        return call

    def wait(self, doing: Any) -> Any:
        async def waited() -> Any:
            return await doing

        return self._loop.run_until_complete(waited())

    def end(self) -> None:
        self.close()
        # what was sent without waiting for its answer
        rest: Coroutine[Any, Any, Any] = asyncio.sleep(0)
        self._loop.run_until_complete(rest)
        self._loop.close()


@contextmanager
def desk(
    kind: Kind, inventory: Inventory, *, port: int | None = None, redis_port: int | None = None, **options: Any
) -> Iterator[Desk]:
    """Give reservations of a kind.

    Args:
        kind: Which.
        inventory: The database.
        port: Port of MySQL, or of a proxy before it.
        redis_port: Port of Redis; None is without.
        options: Of the reservations.
    """
    to = {**inventory.arguments(port)}

    def made() -> Reservations | AsyncReservations:
        if kind == "threads":
            client = None if redis_port is None else redis.Redis(port=redis_port)
            return Reservations(lambda: inventory.connect(port), client, **options)
        aio = None if redis_port is None else redis.asyncio.Redis(port=redis_port)
        return AsyncReservations(lambda: asyncmy.connect(**to), aio, **options)

    opened = Desk(made)
    try:
        yield opened
    finally:
        opened.end()


def seats(inventory: Inventory, count: int, *, event_id: int = 1, first: int = 1) -> list[int]:
    """Make seats of an event, neighbours in one row, and return their ids."""
    inventory.ask(
        "INSERT INTO seats (seat_id, event_id, seat_number, section, `row_number`, row_position, price) VALUES "
        + ", ".join(
            f"({number}, {event_id}, 'A-{number}', 'A', '1', {number}, 10)" for number in range(first, first + count)
        )
    )
    return list(range(first, first + count))


def clear(inventory: Inventory) -> None:
    """Delete all rows: a fraction of the time that it takes to truncate tables, hundreds of times in a test."""
    several = {"autocommit": True, "client_flag": CLIENT.MULTI_STATEMENTS}
    with closing(inventory.connect(**several)) as client, client.cursor() as cursor:
        cursor.execute(";".join(f"DELETE FROM {table}" for table in inventory.tables))
        while cursor.nextset():
            pass
