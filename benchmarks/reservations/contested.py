"""Holds of a hundred seats that everybody wants, each given back at once."""

from __future__ import annotations

from collections.abc import Iterator

from report import Table
from reservations import contenders as who
from reservations.bench import DRIVERS, Bench, Case, rates
from reservations.inventory import Inventory
from reservations.order import Place, Result

PLACE = Place(3, 30_001, 100)
ALL = (who.FOR_UPDATE, who.OPTIMISTIC, who.FOUR_TABLES, who.ONE_UPDATE, who.LUA, who.OURS)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure one and four seats, by few workers and many; there is no goal."""
    inventory = Inventory(bench.servers, "contested", PLACE)
    inventory.fill()
    inventory.keep_copy()
    for driver in bench.drivers:
        for workers in bench.workers:
            for seats in (1, 4):
                title = f"Contested: {seats} of 100 seats, held and released, {workers} workers ({DRIVERS[driver]})"
                table = Table(title, who.OURS.title, "holds/s")
                order = bench.order(inventory, driver, workers, PLACE, seats, release=True)
                bench.interleave([Case(table, one, order, inventory, inventory.fresh) for one in ALL], _figures)
                yield table


def _figures(result: Result) -> dict[str, float]:
    return {**rates(result), "answers/s": (result.held + result.refused) / result.seconds}
