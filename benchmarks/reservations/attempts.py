"""What the workers ask for, and what they note of the answers; the same for threads and tasks."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Literal

from reservations.order import Order, Place, Result

Group = tuple[int, ...]
Outcome = Literal["held", "refused", "failed"]
SHORTEST = 0.1
"""Seconds of a window below which a number of answers per second says nothing."""
WARMING = 2
"""Attempts of each worker before the beginning."""


class Attempts:
    """The seats that are asked for, handed to whoever comes next, and a note of each answer.

    Args:
        order: What is to be done.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._random = random.Random(order.seed)  # noqa: S311  # the same order every time
        self._started = self._begin = self._stop = math.inf
        self._dry = math.inf
        self._cpu = 0.0
        self._notes: list[tuple[float, float, Outcome]] = []
        self._warm_held = 0
        self._problem = ""
        groups = self._once() if order.once else self._for_ever(order.place)
        self._groups = islice(groups, order.most) if order.most else groups
        self._warm = self._for_warming()

    def begin(self) -> None:
        """Note that it begins now."""
        self._cpu = time.process_time()
        self._started = time.perf_counter()
        self._begin = self._started + self._order.lead_in
        self._stop = self._begin + self._order.seconds

    def warming(self) -> list[tuple[int, Group]]:
        """Return what the next worker does to get warm: events and seats."""
        order = self._order
        # Seats that are asked for again and again are as they shall be; the others must stay as they are.
        event_id = order.warm.event_id if order.once else order.place.event_id
        return [(event_id, group) for group in islice(self._warm, WARMING)]

    def next(self) -> Group | None:
        """Return the seats to ask for next; None when it is over."""
        if time.perf_counter() >= self._stop:
            return None
        try:
            return next(self._groups)
        except StopIteration:
            self._dry = min(self._dry, time.perf_counter())
            return None

    def note(self, sent: float, outcome: Outcome) -> None:
        """Note an answer."""
        answered = time.perf_counter()
        self._notes.append((answered, answered - sent, outcome))

    def note_warm(self, outcome: Outcome) -> None:
        """Note an answer from before the beginning."""
        self._warm_held += outcome == "held"

    def note_problem(self, error: Exception) -> None:
        """Note what went wrong, if it is the first."""
        self._problem = self._problem or f"{type(error).__name__}: {error}"

    def result(self) -> Result:
        """Return what was measured."""
        stop = min(self._stop, self._dry)
        # Whoever has asked for all seats so soon is measured from the first moment.
        begin = self._begin if stop - self._begin >= SHORTEST else self._started
        window = [(taken, outcome) for at, taken, outcome in self._notes if begin <= at < stop]
        held = sorted(taken for taken, outcome in window if outcome == "held")
        refused = sorted(taken for taken, outcome in window if outcome == "refused")
        all_held = sum(1 for _, _, outcome in self._notes if outcome == "held")
        on_place = 0 if self._order.once else self._warm_held
        return Result(
            seconds=stop - begin,
            held=len(held),
            refused=len(refused),
            failed=sum(1 for _, outcome in window if outcome == "failed"),
            p50=percentile(held or refused, 0.50),
            p99=percentile(held or refused, 0.99),
            all_held=all_held + on_place,
            all_warm=self._warm_held - on_place,
            answers=len(self._notes),
            cpu=time.process_time() - self._cpu,
            problem=self._problem,
        )

    def _once(self) -> Iterator[Group]:
        seat_ids = list(self._order.place.seat_ids)
        self._random.shuffle(seat_ids)
        size = self._order.seats
        # Made before the beginning, and sorted, so that handing one out costs nothing and nobody waits in a circle.
        groups = [tuple(sorted(seat_ids[at : at + size])) for at in range(0, len(seat_ids) - size + 1, size)]
        return iter(groups)

    def _for_ever(self, place: Place) -> Iterator[Group]:
        # Not a generator: threads take from it at the same time.
        return cycle([tuple(sorted(self._random.sample(place.seat_ids, self._order.seats))) for _ in range(10_000)])

    def _for_warming(self) -> Iterator[Group]:
        order = self._order
        if not order.once:
            return self._for_ever(order.place)
        ids, size = order.warm.seat_ids, order.seats
        return iter([tuple(ids[at : at + size]) for at in range(0, len(ids) - size + 1, size)])


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share does not exceed; not a number where there are none."""
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
