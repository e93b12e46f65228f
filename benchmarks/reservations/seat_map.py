"""The state of every seat of an event with 100,000 of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from report import Table
from reservations import contenders as who
from reservations.bench import DRIVERS, Bench, Case
from reservations.inventory import Inventory
from reservations.order import Place, Result

PLACE = Place(2, 10_001, 100_000)
# With one event alone, reading the whole table would be the best that a server can do.
OTHERS = [Place(2 + number, 10_001 + number * 100_000, 100_000) for number in range(1, 5)]
ALL = (who.ALL_ROWS, who.TAKEN_ROWS, who.OURS_MAP)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure one reader; of 100 seats 20 are held, 10 booked and 5 blocked. There are five such events."""
    inventory = Inventory(bench.servers, "seat_map", PLACE, *OTHERS)
    inventory.fill()
    for condition, change in (
        ("< 20", "status = 'RESERVED', reserved_by = 'others', reserved_until = UTC_TIMESTAMP(6) + INTERVAL 1 DAY"),
        ("BETWEEN 20 AND 29", "status = 'BOOKED', reserved_by = 'others'"),
        ("BETWEEN 30 AND 34", "status = 'BLOCKED'"),
    ):
        inventory.run(
            f"UPDATE seats SET {change} WHERE event_id = {PLACE.event_id} AND CRC32(seat_id) MOD 100 {condition}"
        )
    inventory.run("ANALYZE TABLE seats")
    for driver in bench.drivers:
        table = Table(f"Map of 100,000 seats ({DRIVERS[driver]})", who.OURS_MAP.title, "maps/s")
        order = replace(bench.order(inventory, driver, 1, PLACE), seconds=max(3.0, bench.seconds))
        bench.interleave([Case(table, one, order, inventory, _as_it_is) for one in ALL], _figures)
        table.against("maps/s", who.ALL_ROWS.title, at_least=3.0)
        yield table


def _figures(result: Result) -> dict[str, float]:
    return {"maps/s": result.held / result.seconds, "p50 ms": result.p50 * 1000, "p99 ms": result.p99 * 1000}


def _as_it_is() -> None:
    """Nothing is changed by looking."""
