"""Processes full of buyers fight for a few seats while things break; the history says whether anything went wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from conformance.locks.either import KINDS, Kind
from conformance.locks.servers import RedisServer
from conformance.reservations.desk import seats
from conformance.reservations.inventory import Inventory
from conformance.reservations.mysql_proxy import MysqlProxy, starting
from integration.eventually import eventually
from integration.servers import ROOT
from ticketctl.reservations import Limits, Reservations
from ticketctl.reservations.history import Report, Told, check, read

pytestmark = pytest.mark.integration
SEATS, USERS, PER_USER, BUYERS = 40, 5, 12, 6
HOLDS = 20


class Process:
    """Buyers in a process; what they say is collected by a thread."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.words: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "conformance.reservations.buyers_process", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT / "tests",
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            if line.endswith("\n"):  # a killed process may leave half a line
                self.words.append(json.loads(line))

    @property
    def told(self) -> list[Told]:
        """What its buyers were told."""
        words = [word for word in list(self.words) if "told" in word]
        return [Told(word["hold"], tuple(word["seats"]), word["user"], word["told"]) for word in words]

    @property
    def unknown(self) -> set[str]:
        """Holds of which an answer was lost; with a killed process, that may be any of its answers that it had no time
        to write down.
        """
        doubted = {word["doubt"] for word in self.words if "doubt" in word}
        return (
            doubted
            if self.words[-1:] == [{"done": True}]
            else {word["trying"] for word in self.words if "trying" in word}
        )

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """As `kill -9`."""
        self._process.kill()
        self._end()

    def finish(self) -> None:
        """Let everybody end what they are at."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(60) == 0, self._process.stderr and self._process.stderr.read()
        self._end()

    def _end(self) -> None:
        self._process.wait(60)
        self._listener.join(60)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


class Sale:
    """A sale with buyers in several processes.

    Args:
        inventory: Its seats.
        port: Port of MySQL, or of a proxy.
        front: Its Redis.
    """

    def __init__(self, inventory: Inventory, port: int, front: RedisServer) -> None:
        self.inventory = inventory
        self.seats = seats(inventory, SEATS)
        self._settings = {
            "mysql": inventory.arguments(port),
            "redis": front.port,
            "event": 1,
            "seats": self.seats,
            "users": USERS,
            "per_user": PER_USER,
            "buyers": BUYERS,
        }
        self.processes: list[Process] = []

    def start(self, kind: Kind) -> Process:
        process = Process({**self._settings, "kind": kind, "seed": len(self.processes)})
        self.processes.append(process)
        return process

    def report(self) -> Report:
        """Check the history against what everybody was told."""
        told: list[Told] = []
        unknown: set[str] = set()
        for process in self.processes:
            told += process.told
            unknown |= process.unknown
        with closing(self.inventory.connect()) as client, client.cursor() as cursor:
            history = read(cursor, 1)
        return check(history, told=told, unknown=unknown, limits=Limits(per_user=PER_USER), capacity={1: SEATS})

    def go_on(self, holds: int = HOLDS) -> None:
        """Wait until so many more holds were made."""
        wanted = self.holds + holds
        eventually(lambda: self.holds, lambda made: made >= wanted, 120)

    @property
    def holds(self) -> int:
        return sum(answer.what == "held" for process in self.processes for answer in process.told)

    @property
    def sold(self) -> int:
        ((count,),) = self.inventory.ask("SELECT COUNT(*) FROM seats WHERE status = 'BOOKED'")
        return int(count)


@pytest.fixture
def sale(inventory: Inventory, mysql_proxy: MysqlProxy, empty_redis: RedisServer) -> Iterator[Sale]:
    sale = Sale(inventory, mysql_proxy.port, empty_redis)
    yield sale
    with ExitStack() as ending:
        for process in sale.processes:
            ending.callback(process.kill)


def finished(sale: Sale) -> Report:
    for process in sale.processes:
        if process.lives:
            process.finish()
    return sale.report()


def test_nothing_breaks(sale: Sale) -> None:
    for kind in KINDS:
        sale.start(kind)
    sale.go_on(120)
    report = finished(sale)
    assert report.ok, report.text()
    assert report.changes > 120


def test_processes_die(sale: Sale) -> None:
    for kind in KINDS:
        sale.start(kind)
    for kind in (*KINDS, *KINDS):
        sale.go_on()
        next(process for process in sale.processes if process.lives).kill()
        sale.start(kind)
    sale.go_on()
    report = finished(sale)
    assert report.ok, report.text()


def test_redis_forgets_and_connections_break(sale: Sale, mysql_proxy: MysqlProxy, empty_redis: RedisServer) -> None:
    def lose_answers_to_commit() -> None:
        for number in (1, 2, 3):
            mysql_proxy.cut("after", number, starting("COMMIT"))

    for kind in KINDS:
        sale.start(kind)
    for fault in (empty_redis.forget_everything, mysql_proxy.cut_all, lose_answers_to_commit) * 2:
        sale.go_on()
        fault()
    sale.go_on()
    mysql_proxy.heal()
    report = finished(sale)
    assert report.ok, report.text()


@pytest.mark.parametrize("kind", KINDS)
def test_every_seat_sells_to_those_who_keep_asking(kind: Kind, sale: Sale) -> None:
    """No under-selling: what holds and crashes have left behind is had by somebody in the end."""
    process = sale.start(kind)
    sale.go_on(40)
    process.kill()
    with Reservations(sale.inventory.connect, patience=10.0) as reservations:
        deadline = time.monotonic() + 60
        free = reservations.seat_map(1).counts()["AVAILABLE"]
        while reservations.seat_map(1).counts() != {"AVAILABLE": 0, "RESERVED": 0, "BOOKED": SEATS, "BLOCKED": 0}:
            assert time.monotonic() < deadline, reservations.seat_map(1)
            free = reservations.seat_map(1).counts()["AVAILABLE"]
            if free:
                hold = reservations.hold_best(1, min(free, 4), "last")
                reservations.confirm(hold, 1)
    assert sale.sold == SEATS
