"""Sweepers of either kind, as a program runs them, and what they have done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import asyncmy
import redis.asyncio

from integration.conftest import REDIS_PASSWORD
from integration.reservations.on_call.house import EVENT, House
from ticketctl.locks import AsyncLocker, Locker
from ticketctl.locks.inspection import Owner, look
from ticketctl.reservations import AsyncReservations, AsyncSweeper, Reservations, Sweeper

Kind = Literal["threads", "asyncio"]
TTL = 2.0


class Running:
    """A sweeper at work.

    Args:
        sweeper: It.
        thread: Runs it.
        stop: Ends it.
    """

    def __init__(self, sweeper: Any, thread: threading.Thread, stop: Any) -> None:
        self._sweeper = sweeper
        self._thread = thread
        self.stop = stop

    @property
    def leads(self) -> bool:
        return bool(self._sweeper.is_leader)

    def ended(self, seconds: float = 20.0) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()


@contextmanager
def threads(house: House, service: str, **options: Any) -> Iterator[Running]:
    connect = options.pop("connect", house.inventory.connect)
    with (
        Reservations(connect, house.redis, namespace=house.namespace) as reservations,
        Locker(house.redis, namespace=house.namespace, service=service) as locker,
    ):
        sweeper = Sweeper(reservations, locker, **{"interval": 0.1, "ttl": TTL, **options})
        thread = threading.Thread(target=sweeper.run)
        thread.start()
        running = Running(sweeper, thread, sweeper.stop)
        try:
            yield running
        finally:
            sweeper.stop()
            assert running.ended()


@contextmanager
def asyncio_(house: House, service: str, **options: Any) -> Iterator[Running]:
    """Run it on a loop in a thread of its own; `stop` cancels its task."""
    port = house.redis.connection_pool.connection_kwargs["port"]
    found: dict[str, Any] = {}
    begun = threading.Event()

    async def run() -> None:
        client = redis.asyncio.Redis(port=port, password=REDIS_PASSWORD.reveal())
        connect = options.pop("connect", lambda: asyncmy.connect(**house.inventory.arguments()))
        async with (
            client,
            AsyncReservations(connect, client, namespace=house.namespace) as reservations,
            AsyncLocker(client, namespace=house.namespace, service=service) as locker,
        ):
            sweeper = AsyncSweeper(reservations, locker, **{"interval": 0.1, "ttl": TTL, **options})
            sweeping = asyncio.create_task(sweeper.run())
            found.update(sweeper=sweeper, task=sweeping, loop=asyncio.get_running_loop())
            begun.set()
            await asyncio.wait({sweeping})

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert begun.wait(20)

    def stop() -> None:
        if thread.is_alive():
            found["loop"].call_soon_threadsafe(found["task"].cancel)

    running = Running(found["sweeper"], thread, stop)
    try:
        yield running
    finally:
        stop()
        assert running.ended()


@contextmanager
def running(kind: Kind, house: House, services: tuple[str, ...] = ("tidy",), **options: Any) -> Iterator[list[Running]]:
    """Run sweepers of a kind, each under the name of a service."""
    start = threads if kind == "threads" else asyncio_
    with ExitStack() as stack:
        yield [stack.enter_context(start(house, service, **dict(options))) for service in services]


def hold_that_is_over(house: House, reservations: Reservations, seats: int = 1) -> list[int]:
    """Hold seats, let the time be over, and return them."""
    ids = house.seats(seats)
    house.run_out(reservations.hold(EVENT, ids, "anna").hold_id)
    return ids


def left(house: House) -> int:
    """How many seats say RESERVED."""
    ((count,),) = house.ask("SELECT COUNT(*) FROM seats WHERE status = 'RESERVED'")
    return int(count)


def elected(house: House, office: str = "sweeper") -> Owner | None:
    """Who is elected."""
    lock = look(house.redis, f"leader:{office}", namespace=house.namespace)
    return lock.owner if lock else None
