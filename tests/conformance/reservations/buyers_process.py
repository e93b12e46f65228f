"""Buyers in a process of their own: they hold, confirm, extend, give back and hand on at random.

They write down what they are told. Started as `python -m`, with a JSON object as its argument; they end when their
standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

import asyncmy
import pymysql
import redis
import redis.asyncio

from ticketctl.reservations import (
    AsyncReservations,
    HoldExpiredError,
    Limits,
    ReservationBackendError,
    ReservationBusyError,
    ReservationError,
    Reservations,
)
from ticketctl.reservations._requests import new_hold_id

SEATS_OF_A_HOLD = 4


class Diary:
    """What happens, line by line, so that a killed process has written all but its last words."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._turn = threading.Lock()

    def write(self, **facts: Any) -> None:
        with self._turn:
            self._stream.write(json.dumps(facts) + "\n")
            self._stream.flush()


class Buyer:
    """What one buyer does next; the same for threads and tasks.

    Args:
        number: Which one.
        settings: What the process was told.
        diary: Where it is written down.
    """

    def __init__(self, number: int, settings: dict[str, Any], diary: Diary) -> None:
        self._random = random.Random(f"{settings['seed']} {number}")  # noqa: S311  # no secret
        self._event, self._seats = settings["event"], settings["seats"]
        self._user = f"user-{self._random.randrange(settings['users'])}"
        self._number = number
        self._diary = diary
        self._bookings = 0

    def wish(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return a method that holds seats, and what to call it with; its id is in the diary from here on."""
        hold_id = new_hold_id()
        self._diary.write(trying=hold_id)
        options = {"hold_id": hold_id, "ttl": self._random.choice([0.2, 0.5, 2.0])}
        count = self._random.randint(1, SEATS_OF_A_HOLD)
        if self._random.random() < 0.3:
            return "hold_best", (self._event, count, self._user), options
        return "hold", (self._event, self._random.sample(self._seats, count), self._user), options

    def told(self, what: str, hold_id: str, seat_ids: Any, user: str) -> None:
        self._diary.write(told=what, hold=hold_id, seats=list(seat_ids), user=user)

    def doubted(self, hold_id: str) -> None:
        self._diary.write(doubt=hold_id)

    def next_step(self) -> str:
        steps = ["confirm", "release", "extend", "transfer", "leave", "late"]
        return self._random.choices(steps, [5, 3, 2, 1, 2, 1])[0]

    def booking(self) -> int:
        self._bookings += 1
        return self._number * 1_000_000 + self._bookings

    def cancels(self) -> bool:
        return self._random.random() < 0.85

    @property
    def user(self) -> str:
        return self._user

    @property
    def other(self) -> str:
        return f"{self._user}-friend"


async def buy(buyer: Buyer, call: Callable[..., Any], pause: Callable[[float], Any]) -> None:
    """One turn: a hold and what becomes of it."""
    name, arguments, options = buyer.wish()
    hold_id, user = options["hold_id"], buyer.user
    try:
        hold = await call(name, *arguments, **options)
    except ReservationError as error:
        unsure(buyer, error, hold_id, "refused")
        return
    buyer.told("held", hold_id, hold.seat_ids, user)
    step = buyer.next_step()
    if step == "late":
        await pause(options["ttl"] + 0.05)
        step = "confirm"
    try:
        if step == "transfer":
            await call("transfer", hold_id, buyer.other)
            buyer.told("transferred", hold_id, hold.seat_ids, buyer.other)
        elif step == "extend":
            await call("extend", hold_id, 1.0)
            buyer.told("extended", hold_id, hold.seat_ids, user)
        elif step == "release" and await call("release", hold_id):
            buyer.told("released", hold_id, hold.seat_ids, user)
        elif step == "confirm":
            await call("confirm", hold_id, buyer.booking())
            buyer.told("confirmed", hold_id, hold.seat_ids, user)
            if buyer.cancels():
                await call("cancel", hold_id)
                buyer.told("cancelled", hold_id, hold.seat_ids, user)
    except HoldExpiredError:
        buyer.told("expired", hold_id, hold.seat_ids, user)
    except ReservationError as error:
        unsure(buyer, error, hold_id, None)


def unsure(buyer: Buyer, error: ReservationError, hold_id: str, what: str | None) -> None:
    if isinstance(error, ReservationBackendError) and error.outcome == "unknown":
        buyer.doubted(hold_id)
    elif what is not None and not isinstance(error, (ReservationBackendError, ReservationBusyError)):
        buyer.told(what, hold_id, (), buyer.user)


def with_threads(settings: dict[str, Any], diary: Diary, over: threading.Event) -> None:
    client = redis.Redis(port=settings["redis"])
    limits = Limits(per_user=settings["per_user"])
    with Reservations(lambda: pymysql.connect(**settings["mysql"]), client, limits=limits) as reservations:

        def live(number: int) -> None:
            buyer = Buyer(number, settings, diary)

            async def call(name: str, *arguments: Any, **options: Any) -> Any:
                return getattr(reservations, name)(*arguments, **options)

            async def pause(seconds: float) -> None:
                over.wait(seconds)

            while not over.is_set():
                asyncio.run(buy(buyer, call, pause))

        with ThreadPoolExecutor(settings["buyers"]) as pool:
            list(pool.map(live, range(settings["buyers"])))


async def with_tasks(settings: dict[str, Any], diary: Diary, over: threading.Event) -> None:
    client = redis.asyncio.Redis(port=settings["redis"])
    limits = Limits(per_user=settings["per_user"])
    async with AsyncReservations(lambda: asyncmy.connect(**settings["mysql"]), client, limits=limits) as reservations:

        async def live(number: int) -> None:
            buyer = Buyer(number, settings, diary)

            async def call(name: str, *arguments: Any, **options: Any) -> Any:
                return await getattr(reservations, name)(*arguments, **options)

            while not over.is_set():
                await buy(buyer, call, asyncio.sleep)

        await asyncio.gather(*(live(number) for number in range(settings["buyers"])))
    await client.aclose()


def main() -> None:
    settings = json.loads(sys.argv[1])
    over = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    diary = Diary(sys.stdout)
    diary.write(ready=True)
    if settings["kind"] == "threads":
        with_threads(settings, diary, over)
    else:
        asyncio.run(with_tasks(settings, diary, over))
    diary.write(done=True)


if __name__ == "__main__":
    main()
