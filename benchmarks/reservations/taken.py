"""Requests for a hundred seats that others have: how soon, and how often, somebody is told no."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

import redis

from report import Table
from reservations import contenders as who
from reservations.bench import DRIVERS, Bench, Case, seldom
from reservations.inventory import Inventory
from reservations.methods import entries
from reservations.order import Driver, Place, Result
from ticketctl.reservations import Reservations

PLACE = Place(3, 30_001, 100)
ALL = (
    *(who.OPTIMISTIC, who.ONE_UPDATE, who.LUA, who.EXISTS_CLIENT, who.EXISTS),
    *(who.OURS, who.FOR_UPDATE, who.FOR_UPDATE_AFTER_BEGIN, who.OURS_MYSQL),
)
TIMES: Mapping[Driver, float] = {"threads": 5.0, "asyncio": 10.0}


def measure(bench: Bench) -> Iterator[Table]:
    """Measure one and four seats, by few workers and many."""
    inventory = Inventory(bench.servers, "taken", PLACE)
    inventory.fill()
    inventory.keep_copy()

    def prepare() -> None:
        inventory.fresh()
        _take(bench, inventory)

    for driver in bench.drivers:
        for workers in bench.workers:
            for seats in (1, 4):
                title = f"Taken: {seats} of 100 seats that others have, {workers} workers ({DRIVERS[driver]})"
                table = Table(title, who.OURS.title, "answers/s")
                order = bench.order(inventory, driver, workers, PLACE, seats)
                bench.interleave([Case(table, one, order, inventory, prepare) for one in ALL], _figures)
                for peer in (who.FOR_UPDATE, who.FOR_UPDATE_AFTER_BEGIN):
                    table.against("answers/s", peer.title, at_least=TIMES[driver])
                table.against("p99 ms", who.EXISTS.title, at_most=2.0)
                table.against("p99 ms", who.EXISTS_CLIENT.title, at_most=2.0)
                yield table


def _take(bench: Bench, inventory: Inventory) -> None:
    """Let others have all seats: in MySQL, in ticketctl's filter, and in the bare keys."""
    servers = bench.servers
    with (
        closing(redis.Redis(port=servers.redis_port)) as client,
        Reservations(lambda: servers.mysql.connection(inventory.name), client) as reservations,
    ):
        for first in range(PLACE.first, PLACE.first + PLACE.count, 10):
            reservations.hold(PLACE.event_id, range(first, first + 10), "others", ttl=1200)
        client.mset(dict.fromkeys(entries.keys(PLACE.event_id, PLACE.seat_ids), "others"))


def _figures(result: Result) -> dict[str, float]:
    return {
        "answers/s": result.refused / result.seconds,
        "p50 ms": result.p50 * 1000,
        "p99 ms": result.p99 * 1000,
        **seldom(result),
    }
