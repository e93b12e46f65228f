"""Seats that somebody else chooses."""

from __future__ import annotations

from collections.abc import Iterator

from report import Table
from reservations import contenders as who
from reservations.bench import DRIVERS, Bench, Case, rates
from reservations.inventory import Inventory
from reservations.order import Place

PLACE = Place(2, 10_001, 10_000)
ALL = (who.FIRST_FREE, who.OURS_BEST)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure one and four of 10,000 seats, by few workers and many; there is no goal."""
    inventory = Inventory(bench.servers, "best", PLACE)
    inventory.fill()
    inventory.keep_copy()
    for driver in bench.drivers:
        for workers in bench.workers:
            for seats in (1, 4):
                title = f"Best: {seats} of 10,000 seats, {workers} workers ({DRIVERS[driver]})"
                table = Table(title, who.OURS_BEST.title, "holds/s")
                order = bench.order(inventory, driver, workers, PLACE, seats)
                bench.interleave([Case(table, one, order, inventory, inventory.fresh) for one in ALL], rates)
                yield table
