"""A process full of buyers: `python -m ticketctl.simulate.buyers_process`.

Its standard input gives one line of JSON, passwords included, which so stand on no command line; when it is closed, the
sale is over. Standard output is the diary.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ticketctl.simulate.buyer import Board, Buyer, OverError
from ticketctl.simulate.crowd import Person, person
from ticketctl.simulate.diary import Diary, Said, request_of
from ticketctl.simulate.sale import Sale
from ticketctl.simulate.shop import LibraryShop, Shop
from ticketctl.simulate.wrong_shops import wrong_shop

_T = TypeVar("_T")
SHOPPING, PAYING = 24, 8
"""Requests that a process has under way at a time; others wait, as in front of a service. Who pays has a line of its
own: a shop that lets holds run out in front of its till sells nothing.
"""
_LOOKS_EVERY = 0.5  # seconds


class Booth:
    """What buyers of this process share; see `buyer.Booth`."""

    def __init__(self, sale: Sale, shop: Shop, diary: Diary, opens: float, threads: ThreadPoolExecutor) -> None:
        self.sale = sale
        self.shop = shop
        self.diary = diary
        self.board = Board()
        self._opens = opens
        self._threads = threads
        self._shopping = asyncio.Semaphore(SHOPPING)
        self._paying = asyncio.Semaphore(PAYING)
        self._over = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """See `buyer.Booth`."""
        return not self._over.is_set()

    @property
    def is_closing(self) -> bool:
        """See `buyer.Booth`."""
        return time.monotonic() > self._opens + self.sale.duration

    def close(self) -> None:
        """End the sale for the buyers of this process."""
        self._over.set()

    async def run(self, call: Callable[[], _T], *, pays: bool) -> _T:
        """See `buyer.Booth`."""
        async with self._paying if pays else self._shopping:
            if not self.is_open:
                raise OverError
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def until(self, seconds: float) -> None:
        """See `buyer.Booth`."""
        await self.wait(self._opens + seconds - time.monotonic())

    async def wait(self, seconds: float) -> None:
        """See `buyer.Booth`."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)

    async def watch(self) -> None:
        """Keep the board as old as a page that asks every half second."""
        await self.until(0)
        while self.is_open:
            with contextlib.suppress(Exception):  # the servers fail; the board is older for it
                # not in line behind the buyers: whoever looks at a page is not told to wait
                self.board.refresh(await asyncio.to_thread(self.shop.free))
            await self.wait(_LOOKS_EVERY)


async def sell(order: dict[str, Any], diary: Diary) -> None:
    """Run buyers until the end."""
    sale = Sale(**{**order["sale"], "faults": tuple(order["sale"]["faults"])})
    loop = asyncio.get_running_loop()
    with (
        ThreadPoolExecutor(SHOPPING + PAYING) as threads,
        _shop(sale, order) as shop,
    ):
        booth = Booth(sale, shop, diary, order["opens"], threads)
        threading.Thread(target=_wait_for_the_end, args=(loop, booth.close), daemon=True).start()
        diary.write(Said("ready"))
        watching = asyncio.create_task(booth.watch())
        people = crowd_of(sale, order["first"], set(order["satisfied"]))
        again = {request.user_id: request for request in map(request_of, order["again"])}
        buyers = [Buyer(each, booth, order["generation"], again.get(each.user_id)) for each in people]
        await asyncio.gather(*(buyer.live() for buyer in buyers))
        booth.close()
        await watching
    diary.write(Said("done"))


def crowd_of(sale: Sale, first: int, satisfied: Container[str]) -> list[Person]:
    """Return the buyers of a process: each so-manieth of the sale's, without people who have what they wanted."""
    people = [person(sale, number) for number in range(first, sale.buyers, sale.processes)]
    return [each for each in people if each.kind == "bot" or each.user_id not in satisfied]


def _shop(sale: Sale, order: dict[str, Any]) -> Shop:
    if sale.via == "http":
        from ticketctl.simulate.http_shop import HttpShop

        return HttpShop(order["service"], order["event"], sale.ttl)
    places = (order["event"], sale.ttl, order["mysql"], order["redis"])
    return LibraryShop(*places) if sale.unsafe is None else wrong_shop(sale.unsafe, *places)


def set_clock(wrong_by: float) -> None:
    """Have the time of day be wrong by so many seconds in this process; `monotonic` goes on as it is."""
    right, right_ns = time.time, time.time_ns

    class Wrong(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Wrong:
            return cls.fromtimestamp(right() + wrong_by, tz)

    time.time = lambda: right() + wrong_by
    time.time_ns = lambda: right_ns() + round(wrong_by * 1e9)
    datetime.datetime = Wrong  # type: ignore[misc]  # as a clock that was set wrong


def _wait_for_the_end(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    sys.stdin.read()
    with contextlib.suppress(RuntimeError):  # it is over already
        loop.call_soon_threadsafe(end)


def main() -> None:
    """Run the process."""
    order = json.loads(sys.stdin.readline())
    logging.getLogger("ticketctl").addHandler(logging.NullHandler())  # outages are what a sale is made to meet
    if order["clock_wrong_by"]:
        set_clock(order["clock_wrong_by"])
    asyncio.run(sell(order, Diary(sys.stdout)))


if __name__ == "__main__":
    main()
