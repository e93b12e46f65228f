"""Holds of random seats of small events and of large ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from report import Goal, Table
from reservations import contenders as who
from reservations.bench import DRIVERS, Bench, Case, rates
from reservations.inventory import Inventory
from reservations.order import Place

SIZES = (1_000, 10_000, 100_000, 1_000_000)
HOLDS = 1_000
"""As many as the smallest event has seats, for all."""
WORKERS = (1, 16)
LEAST = 0.8
"""What is called flat: holds per second in the largest event, divided by those in the smallest."""


def measure(bench: Bench) -> Iterator[Table]:
    """Measure a thousand holds of one random seat in events of 1,000 to 1,000,000 seats, by one worker and by few."""
    inventories = {size: _filled(bench, size) for size in SIZES}
    for driver in bench.drivers:
        for workers in WORKERS:
            tables = {
                contender: Table(
                    f"Flat: {contender.title}, {HOLDS:,} holds of a random seat,"
                    f" {workers} worker{'s' * (workers > 1)} ({DRIVERS[driver]})",
                    _row(SIZES[-1]),
                    "holds/s",
                )
                for contender in (who.OURS, who.OPTIMISTIC)
            }
            cases = []
            for size in SIZES:
                inventory = inventories[size]
                order = bench.order(inventory, driver, workers, Place(2, 10_001, size), once=True)
                order = replace(order, lead_in=0, seconds=60, most=HOLDS)
                cases += [
                    Case(table, contender, order, inventory, inventory.freed, _row(size))
                    for contender, table in tables.items()
                ]
            bench.interleave(cases, rates)
            ours = tables[who.OURS]
            largest = ours.rounds("holds/s", _row(SIZES[-1]))
            for size in SIZES[:-1]:
                smaller = ours.rounds("holds/s", _row(size))
                goal = Goal(f"holds/s of {_row(SIZES[-1])}", largest, LEAST, smaller, at_least=True, name=_row(size))
                ours.goals.append(goal)
            yield from tables.values()


def _filled(bench: Bench, size: int) -> Inventory:
    inventory = Inventory(bench.servers, f"flat_{size}", Place(2, 10_001, size))
    began = time.perf_counter()
    inventory.fill()
    print(f"{size:,} seats inserted in {time.perf_counter() - began:.1f} s", flush=True)
    return inventory


def _row(size: int) -> str:
    return f"{size:,} seats"
