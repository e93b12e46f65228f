"""Holds of seats that nobody has, each asked for once; and the time of four seats beside that of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from report import Goal, Table
from reservations import contenders as who
from reservations.bench import DRIVERS, Bench, Case, rates
from reservations.inventory import Inventory
from reservations.order import Driver, Place

PLACE = Place(2, 10_001, 10_000)
ALL = (
    *(who.LUA, who.ONE_UPDATE, who.FOR_UPDATE, who.OPTIMISTIC_AUTOCOMMIT, who.OPTIMISTIC),
    *(who.OURS, who.FOUR_TABLES, who.OURS_MYSQL),
)
FEW, MANY = 16, 128
SEATS = (1, 4)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure 10,000 random seats, one and four at once, by few workers and many."""
    yield from _measured(bench, bench.workers)


def measure_alone(bench: Bench) -> Iterator[Table]:
    """Measure the same by one worker: the time of one hold."""
    yield from _measured(bench, (1,))


def _measured(bench: Bench, numbers: Sequence[int]) -> Iterator[Table]:
    inventory = Inventory(bench.servers, f"cold_{min(numbers)}", PLACE)
    inventory.fill()
    inventory.keep_copy()
    for driver in bench.drivers:
        for workers in numbers:
            yield from _tables(bench, inventory, driver, workers)


def _tables(bench: Bench, inventory: Inventory, driver: Driver, workers: int) -> Iterator[Table]:
    subject = who.OURS.title
    tables = {
        seats: Table(
            f"Cold: {seats} of 10,000 free seats, {workers} worker{'s' * (workers > 1)} ({DRIVERS[driver]})",
            subject,
            "holds/s",
        )
        for seats in SEATS
    }
    cases = [
        Case(
            tables[seats],
            contender,
            bench.order(inventory, driver, workers, PLACE, seats, once=True),
            inventory,
            inventory.fresh,
        )
        for contender in ALL
        for seats in SEATS
        if contender.seats in (0, seats)
    ]
    bench.interleave(cases, rates)
    for table in tables.values():
        if workers >= FEW:
            table.against("holds/s", who.OPTIMISTIC.title, at_least=1.5 if workers >= MANY else 0.8)
            table.against("holds/s", who.FOUR_TABLES.title, at_least=1.8)
    one, four = (tables[seats].rounds("holds/s", subject) for seats in SEATS)
    # As many workers are always at it: the time of a hold is their number divided by holds/s.
    goal = Goal("time of a hold of 4 seats", one, 1.5, four, name="of 1 seat")
    tables[4].goals.append(goal)
    yield from tables.values()
