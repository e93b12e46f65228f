"""What all scenarios share: the contenders in turn, round by round, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from report import Table
from reservations.attempts import SHORTEST
from reservations.contenders import Contender, Writes
from reservations.inventory import WARM, Inventory, Written
from reservations.order import Driver, Order, Place, Result
from reservations.servers import Servers

WORKER = Path(__file__).with_name("worker.py")
PATIENCE = 120.0
"""Seconds after which a process that hangs is ended."""
CONNECTIONS = 32
"""To MySQL at most, for whoever is measured."""
LEAD_IN = 0.3
DRIVERS: Mapping[Driver, str] = {"threads": "threads, PyMySQL", "asyncio": "asyncio tasks, asyncmy"}

Figures = Callable[[Result], dict[str, float]]


class WorkerFailedError(Exception):
    """A process ended without a result; its own message is on the standard error."""


@dataclass(frozen=True, slots=True)
class Case:
    """A contender at one piece of work, and the table that it is a row of.

    Attributes:
        table: The table.
        contender: Who.
        order: The work.
        inventory: Where.
        prepare: Makes everything as it is before the work.
        row: Its row, if that is not the contender's title.
    """

    table: Table
    contender: Contender
    order: Order
    inventory: Inventory
    prepare: Callable[[], object]
    row: str = ""

    @property
    def title(self) -> str:
        return self.row or self.contender.title


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the benchmark.

    Attributes:
        servers: The servers.
        rounds: How often each contender is measured.
        seconds: How long each time.
        workers: How many there are, where a scenario does not say another number.
        drivers: Threads, asyncio, or both.
    """

    servers: Servers
    rounds: int
    seconds: float
    workers: Sequence[int]
    drivers: Sequence[Driver]

    def order(
        self,
        inventory: Inventory,
        driver: Driver,
        workers: int,
        place: Place,
        seats: int = 1,
        *,
        once: bool = False,
        release: bool = False,
    ) -> Order:
        """Return work for a contender that is still to be named."""
        return Order(
            method="",
            driver=driver,
            workers=workers,
            connections=min(workers, CONNECTIONS),
            seats=seats,
            place=place,
            warm=WARM,
            once=once,
            release=release,
            lead_in=LEAD_IN,
            seconds=self.seconds,
            most=0,
            seed=0,
            mysql=self.servers.mysql.account(inventory.name),
            redis_port=self.servers.redis_port,
        )

    def interleave(self, cases: Sequence[Case], figures: Figures) -> None:
        """Measure A B C, C B A, A B C, …; one that fails is noted and left out from then on.

        Args:
            cases: What.
            figures: Returns what is noted of a round.
        """
        out: set[tuple[int, str]] = set()
        for turn in range(self.rounds):
            # Back and forth: nobody always comes after the same one, whose pages the server still writes.
            for case in cases if turn % 2 == 0 else cases[::-1]:
                key = (id(case.table), case.title)
                if key in out:
                    continue
                try:
                    result, of_servers = self._measured(case, turn)
                    case.table.add(case.title, {**figures(result), **_cost(result, of_servers)})
                except WorkerFailedError as problem:
                    out.add(key)
                    case.table.fail(case.title, f"failed in round {turn + 1}: {problem}")

    def _measured(self, case: Case, turn: int) -> tuple[Result, float]:
        case.prepare()
        place = case.order.place
        before = case.inventory.written(place)
        result, of_servers = run(replace(case.order, method=case.contender.method, seed=turn), self.servers.cpu)
        if result.problem:
            case.table.notes[case.title] = result.problem
        if wrong := _wrong(case, before, case.inventory.written(place), result):
            case.table.broken.append(case.title)
            case.table.notes[case.title] = f"BROKEN in round {turn + 1}: {wrong}"
        if result.seconds < SHORTEST:
            raise WorkerFailedError(f"there were seats for {result.seconds:.2f} s only")
        return result, of_servers


def rates(result: Result) -> dict[str, float]:
    """Return what a round of holds says."""
    return {
        "holds/s": result.held / result.seconds,
        "p50 ms": result.p50 * 1000,
        "p99 ms": result.p99 * 1000,
        **seldom(result),
    }


def seldom(result: Result) -> dict[str, float]:
    """Return what is mostly nothing, where it is something: errors, and holds that were not granted."""
    answers = max(1, result.held + result.refused + result.failed)
    found = {"refused %": 100 * result.refused / answers} if result.held and result.refused else {}
    return {**found, "errors %": 100 * result.failed / answers} if result.failed else found


def run(order: Order, cpu: Callable[[], float]) -> tuple[Result, float]:
    """Run a process that does what the order says.

    Args:
        order: It.
        cpu: Returns the seconds that servers have used a core.

    Returns:
        What came of it, and the seconds that the servers used a core meanwhile.

    Raises:
        WorkerFailedError: It ended without a result.
    """
    with _process() as process:
        _say(process, order.plain())
        _line(process)
        before = cpu()
        _say(process, {})
        result = Result(**_line(process))
        return result, cpu() - before


@contextmanager
def _process() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    try:
        with process:
            yield process
    finally:
        guard.cancel()


def _say(process: subprocess.Popen[str], what: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise WorkerFailedError(f"its process ended with {process.wait()}")
    found: dict[str, Any] = json.loads(line)
    return found


def _cost(result: Result, of_servers: float) -> dict[str, float]:
    """Return what an answer costs, whatever else the machine does."""
    each = 1e6 / max(1, result.answers)
    return {"us client": result.cpu * each, "us servers": of_servers * each}


def _wrong(case: Case, before: Written, after: Written, result: Result) -> str:
    """Say what does not add up between what was answered and what is written; empty if all does."""
    holds = 0 if case.order.release else result.all_held
    seats = holds * case.order.seats
    writes = case.contender.writes
    wanted = {"seats": 0, "keys": 0}
    if writes in (Writes.SEATS, Writes.FOUR_TABLES):
        wanted["seats"] = seats
    if writes is Writes.FOUR_TABLES:
        changes = result.all_held * (2 if case.order.release else 1)
        wanted |= {"reservations": seats, "audit": changes * case.order.seats, "outbox": changes}
    if writes is Writes.KEYS:
        warm = 0 if case.order.release else result.all_warm
        wanted["keys"] = seats + warm * case.order.seats
    else:
        del wanted["keys"]  # ticketctl's and whatever is there for the others
    found = {name: getattr(after, name) - getattr(before, name) for name in wanted}
    wrong = [f"{name} {found[name]} instead of {wanted[name]}" for name in wanted if found[name] != wanted[name]]
    return ", ".join(wrong)
