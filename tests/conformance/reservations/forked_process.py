"""A process that forks while its threads are in the middle of using reservations.

It reads one line of JSON: how to reach the servers, the event and its seats, and what to do. It writes one line of
JSON for each child, and one for itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pymysql
import redis

from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Reservations

PATIENCE = 12  # seconds after which a child that hangs is ended
STATEMENTS = 6  # of a hold, with COMMIT
ROUNDS = 12
PLAIN: dict[str, Any] = {"ssl_disabled": True}


class Recorder:
    """Makes connections; notes which are used, and stops threads at their statements.

    Args:
        arguments: What is connected with.

    Attributes:
        used: The server's numbers of the connections that statements were sent on.
    """

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._arguments = arguments
        self._stops: dict[str, _Stop] = {}
        self.used: set[int] = set()

    def connect(self) -> _Connection:
        return _Connection(self, pymysql.connect(**{**PLAIN, **self._arguments}))

    def stop_at(self, thread: str, statement: int) -> _Stop:
        """Have a thread of that name stop before its n-th statement, counted from 0."""
        stop = self._stops[thread] = _Stop(statement)
        return stop

    def sending(self, connection: Any) -> None:
        self.used.add(int(connection.thread_id()))
        stop = self._stops.get(threading.current_thread().name)
        if stop is not None:
            stop.passed()


class _Stop:
    def __init__(self, statement: int) -> None:
        self._left = statement
        self._reached = threading.Event()
        self._go = threading.Event()

    def passed(self) -> None:
        self._left -= 1
        if self._left == -1:
            self._reached.set()
            self._go.wait()

    def wait(self) -> None:
        """Return when the thread is there."""
        self._reached.wait()

    def go_on(self) -> None:
        self._go.set()


class _Connection:
    def __init__(self, recorder: Recorder, connection: Any) -> None:
        self._recorder, self._connection = recorder, connection

    def cursor(self) -> _Cursor:
        return _Cursor(self._recorder, self._connection)

    def close(self) -> None:
        self._connection.close()


class _Cursor:
    def __init__(self, recorder: Recorder, connection: Any) -> None:
        self._recorder, self._connection = recorder, connection
        self._cursor = connection.cursor()

    @property
    def rowcount(self) -> int:
        count: int = self._cursor.rowcount
        return count

    def execute(self, text: str, arguments: Any, /) -> object:
        if not text.startswith("SET SESSION"):
            self._recorder.sending(self._connection)
        result: object = self._cursor.execute(text, arguments)
        return result

    def fetchall(self) -> Any:
        return self._cursor.fetchall()


def in_child(do: Callable[[], Any]) -> Any:
    """Return what a forked process says that a function returned; it ends as programs do."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        signal.alarm(PATIENCE)
        try:
            said: object = do()
        except BaseException as error:  # nothing of the parent may run twice
            said = f"{type(error).__name__}: {error}"
        os.write(writing, json.dumps(said).encode())
        os.close(writing)
        sys.exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = json.loads(pipe.read() or "null")
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"a child has ended with status {status}")
    return said


class Sale:
    """The parent's reservations, and what a child does with them."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.recorder = Recorder(order["mysql"])
        client = redis.Redis(**order["redis"]) if order["redis"] else None
        # As few connections as there can be: who inherits that they are all in use waits for ever.
        options: dict[str, Any] = {"connections": 2, "batches": 1, "patience": 30.0, "redis_timeout": 10.0}
        self.reservations = Reservations(self.recorder.connect, client, **options)
        self.event = int(order["event"])
        self.seats: list[int] = order["seats"]

    def in_child(self, seats: list[int]) -> dict[str, Any]:
        """What a child does: it holds seats, alone and beside others, and gives them back."""
        self.recorder.used.clear()
        with closing(self.reservations):
            hold = self.reservations.hold(self.event, seats, "child")
            try:
                self.reservations.hold(self.event, self.seats[:1], "child")
                others = "had"
            except SeatsUnavailableError:
                others = "refused"
            released = self.reservations.release(hold)
            letters = list[str]()
            looking = [threading.Thread(target=lambda: letters.append(self._map())) for _ in range(4)]
            for thread in looking:
                thread.start()
            for thread in looking:
                thread.join()
        return {
            "held": list(hold.seat_ids),
            "others": others,
            "released": released,
            "looked": len(letters),
            "used": sorted(self.recorder.used),
        }

    def _map(self) -> str:
        return self.reservations.seat_map(self.event).letters


def in_the_middle(sale: Sale) -> None:
    """Fork at each statement of another thread's hold, while a third one has the last connection."""
    recorder, reservations = sale.recorder, sale.reservations
    mine = reservations.hold(sale.event, sale.seats[:1], "parent", ttl=100)
    held = list[int]()
    for statement in range(STATEMENTS):
        holds, looks = recorder.stop_at("holds", statement), recorder.stop_at("looks", 0)
        seat, *others = sale.seats[1 + 3 * statement : 4 + 3 * statement]

        def hold(seat: int = seat) -> None:
            held.extend(reservations.hold(sale.event, [seat], "parent").seat_ids)

        threads = [
            threading.Thread(target=hold, name="holds", daemon=True),
            threading.Thread(target=lambda: reservations.seat_map(sale.event), name="looks", daemon=True),
        ]
        for thread in threads:
            thread.start()
        holds.wait()
        looks.wait()
        say(in_child(lambda others=others: sale.in_child(others)))  # type: ignore[misc]
        holds.go_on()
        looks.go_on()
        for thread in threads:
            thread.join()
    extended = reservations.extend(mine, 300)
    say({"held": held, "extended": extended.remaining() > 200, "released": reservations.release(mine)})


def at_any_moment(sale: Sale) -> None:
    """Fork while threads are at whatever they are at."""
    ended = threading.Event()
    times = list[int]()

    def use(seat: int) -> None:
        while not ended.is_set():
            sale.reservations.release(sale.reservations.hold(sale.event, [seat], "parent"))
            times.append(seat)

    threads = [threading.Thread(target=use, args=(seat,)) for seat in sale.seats[1:5]]
    mine = sale.reservations.hold(sale.event, sale.seats[:1], "parent")
    for thread in threads:
        thread.start()
    try:
        for number in range(ROUNDS):
            seats = sale.seats[5 + number : 7 + number]
            say(in_child(lambda seats=seats: sale.in_child(seats)))  # type: ignore[misc]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    say({"held": sorted(set(times)), "extended": True, "released": sale.reservations.release(mine)})


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()  # a child must not say it again


def main() -> None:
    order = json.loads(sys.stdin.readline())
    sale = Sale(order)
    with sale.reservations:
        {"in the middle": in_the_middle, "at any moment": at_any_moment}[order["what"]](sale)
        say({"used": sorted(sale.recorder.used)})


if __name__ == "__main__":
    main()
