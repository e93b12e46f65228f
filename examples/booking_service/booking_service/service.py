"""What requests are answered with: made when the process starts, and ended with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from booking_service.bookings import Bookings
from booking_service.catalogue import Catalogue
from booking_service.checkout import Checkout
from booking_service.connection import connect
from booking_service.database import Database
from booking_service.finisher import Finisher
from booking_service.health import Readiness
from booking_service.metrics import Metrics
from booking_service.payments import PretendedProvider
from booking_service.settings import Settings
from ticketctl.locks import AsyncLocker, redis_clients
from ticketctl.reservations import AsyncReservations, AsyncSweeper


@dataclass(frozen=True, slots=True)
class Service:
    """What requests are answered with.

    Attributes:
        settings: The settings.
        metrics: Counts.
        readiness: Knows whether the servers are there.
        seats: The library.
        catalogue: Events, places and maps.
        checkout: Takes money.
        sweeper: Tidies.
    """

    settings: Settings
    metrics: Metrics
    readiness: Readiness
    seats: AsyncReservations
    catalogue: Catalogue
    checkout: Checkout
    sweeper: AsyncSweeper


@asynccontextmanager
async def running(settings: Settings, metrics: Metrics) -> AsyncIterator[Service]:
    """Run what the service consists of.

    Args:
        settings: Where its servers are.
        metrics: Counts.
    """
    async with AsyncExitStack() as stack:
        events, inventory = Database(settings.events, 2), Database(settings.inventory, 2)
        bookings_database = Database(settings.bookings, 6)
        for database in (events, inventory, bookings_database):
            stack.push_async_callback(database.close)
        provider = PretendedProvider(settings.provider_books)
        stack.callback(provider.close)
        redis = await stack.enter_async_context(redis_clients(settings.redis_url).aio)
        seats = await stack.enter_async_context(
            AsyncReservations(lambda: connect(settings.inventory), redis, limits=settings.limits)
        )
        locker = await stack.enter_async_context(AsyncLocker(redis, service=settings.name, observer=metrics.locks))
        bookings = Bookings(bookings_database)
        checkout = Checkout(seats, bookings, provider, locker, settings.paying)
        sweeper = AsyncSweeper(seats, locker)
        finisher = Finisher(bookings, checkout, locker, metrics, settings.finish_after)
        for work in (sweeper.run(), finisher.run()):
            stack.push_async_callback(_ended, asyncio.create_task(work))
        catalogue = Catalogue(events, inventory, seats)
        yield Service(settings, metrics, Readiness(settings), seats, catalogue, checkout, sweeper)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
