"""What one buyer does, from arriving to leaving."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable
from itertools import islice
from random import Random
from typing import Protocol

from ticketctl.simulate.crowd import Person, Step, asks_twice, next_step, pause
from ticketctl.simulate.diary import Answered, Diary, Doing, Outcome, Request, Trying
from ticketctl.simulate.sale import Sale
from ticketctl.simulate.shop import Shop

_FRONT = 12  # free seats, counted from the best, between which most choose, or the tenth of all that are free
_TRIES_AGAIN = 8  # times that a request is repeated whose answer was lost


class Board:
    """The map that buyers of one process look at: as old as its last refresh, less what they found out themselves."""

    def __init__(self) -> None:
        self._free: dict[int, None] = {}

    def refresh(self, free: Iterable[int]) -> None:
        """Take in what is free now."""
        self._free = dict.fromkeys(free)

    def mark(self, taken: Iterable[int]) -> None:
        """Note that seats are not free."""
        for seat_id in taken:
            self._free.pop(seat_id, None)

    def pick(self, count: int, random: Random) -> tuple[int, ...]:
        """Return free seats, mostly of the front; none if there are too few."""
        if len(self._free) < count:
            return ()
        skip = int(random.expovariate(1 / max(_FRONT, len(self._free) // 10)))
        first = min(skip, len(self._free) - count)
        return tuple(sorted(islice(self._free, first, first + count)))


class OverError(Exception):
    """The sale is over; what was waiting to be sent was not."""


class Booth(Protocol):
    """What a process gives its buyers."""

    sale: Sale
    shop: Shop
    board: Board
    diary: Diary

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be had."""

    @property
    def is_closing(self) -> bool:
        """Whether what is left is being sold: nobody hesitates then."""

    async def run(self, call: Callable[[], Outcome], *, pays: bool) -> Outcome:
        """Run what waits in a thread, when it is its turn.

        Args:
            call: What is run.
            pays: Whether it is about a hold that is there; others do not wait in front of it.

        Raises:
            OverError: The sale ended before that.
        """

    async def until(self, seconds: float) -> None:
        """Wait until so many seconds after the opening, or the end."""

    async def wait(self, seconds: float) -> None:
        """Wait, or for the end."""


class Buyer:
    """One buyer.

    Args:
        person: Who it is.
        booth: Where.
        generation: How often its process was started anew.
        again: A request that it sent before its process was killed, and knows no answer to.
    """

    def __init__(self, person: Person, booth: Booth, generation: int = 0, again: Request | None = None) -> None:
        self._person = person
        self._booth = booth
        self._chance = person.chance(booth.sale.seed)
        self._again = again
        self._bookings = (generation << 24) + (person.number << 8)

    async def live(self) -> None:
        """Come, buy, and leave."""
        with contextlib.suppress(OverError):
            await self._live()

    async def _live(self) -> None:
        person, booth = self._person, self._booth
        await booth.until(person.arrives)
        refusals = 0
        while booth.is_open:
            request, self._again = self._again or self._wish(), None
            outcome = None if request is None else await self._hold(request)
            if request is not None and outcome is not None and outcome.what == "held":
                refusals = 0
                if await self._has(request, outcome.seat_ids) and person.kind != "bot":
                    return
            elif outcome is not None and outcome.what == "limited":  # has as many as one may have at a time
                await booth.wait(booth.sale.ttl)
            else:
                refusals += 1
                await booth.wait(pause(person, booth.sale, refusals, self._chance))

    def _wish(self) -> Request | None:
        person = self._person
        seats: tuple[int, ...] = ()
        if person.kind in ("picker", "bot") or (person.kind == "group" and self._chance.random() < 0.5):
            seats = self._booth.board.pick(person.party, self._chance)
            if not seats:
                return None
        return Request(str(uuid.uuid4()), person.user_id, seats, person.party)

    async def _hold(self, request: Request) -> Outcome:
        shop, diary = self._booth.shop, self._booth.diary
        diary.write(Trying(request))
        doing: Doing = "hold" if request.seat_ids else "best"
        outcome = await self._ask(doing, request, lambda: shop.hold(request))
        if outcome.what == "held" and asks_twice(self._chance):
            outcome = await self._ask(doing, request, lambda: shop.hold(request))
        self._booth.board.mark(outcome.seat_ids)
        return outcome

    async def _has(self, request: Request, seat_ids: tuple[int, ...]) -> bool:
        """Do what the buyer does with a hold; True if the seats are booked."""
        booth = self._booth
        step: Step = next_step(self._person, booth.sale, self._chance, is_closing=booth.is_closing)
        await booth.wait(step.thinks)
        if step.does == "pay":
            self._bookings += 1
            booking = self._bookings
            return (
                await self._ask("pay", request, lambda: booth.shop.pay(request, seat_ids, booking))
            ).what == "confirmed"
        if step.does == "release":
            await self._ask("release", request, lambda: booth.shop.release(request))
        return False

    async def _ask(self, doing: Doing, request: Request, call: Callable[[], Outcome]) -> Outcome:
        """Ask, again where the answer was lost or the servers failed, and write down what came of it."""
        for tries in range(1, _TRIES_AGAIN + 1):
            began = time.monotonic()
            outcome = await self._booth.run(call, pays=doing in ("pay", "release"))
            self._booth.diary.write(Answered(doing, outcome, request, began, time.monotonic()))
            if not outcome.is_failure or not self._booth.is_open:
                break
            await self._booth.wait(self._chance.uniform(0.2, 0.4) * tries)
        return outcome
