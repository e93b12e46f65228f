"""Free seats that are neighbours, and an index of them by length.

A seat has two numbers here, both from 0: its rank in the house order, in which the best comes first, and its spot, by
which neighbours are known (`_house`).
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

Wanted: TypeAlias = Callable[[int, int], bool]
"""Whether a run will do, by its length and the number of its ends that are open."""


class Run(NamedTuple):
    """Neighbours that are free, and neither of whose outer neighbours is known to be.

    Attributes:
        start: Its first spot.
        stop: Its last spot, exclusive.
        best: The best rank in it, by which it is known.
        low: Whether its lower end is open: the seat before it may be free without being known.
        high: Whether its upper end is open.
    """

    start: int
    stop: int
    best: int
    low: bool
    high: bool

    @property
    def shape(self) -> tuple[int, int]:
        """How many seats it has, and how many open ends."""
        return self.stop - self.start, self.low + self.high


class Runs:
    """An index of runs by their shape.

    Floors of 10,000 seats have 140 different lengths at most, usual ones 30: walking over the lengths is cheap, walking
    over the runs is not.

    Args:
        by_shape: The best ranks of the runs of each shape.
    """

    __slots__ = ("_by_shape",)

    def __init__(self, by_shape: dict[tuple[int, int], list[int]]) -> None:
        self._by_shape = by_shape
        for ranks in by_shape.values():
            ranks.sort()

    def replace(self, run: Run, left: Iterable[Run]) -> None:
        """Leave a run out, and take in what is left of it."""
        ranks = self._by_shape[run.shape]
        del ranks[bisect_left(ranks, run.best)]
        if not ranks:
            del self._by_shape[run.shape]
        for part in left:
            insort(self._by_shape.setdefault(part.shape, []), part.best)

    def best(self, wanted: Wanted) -> Iterator[int]:
        """Return the best ranks of the runs that will do, best first."""
        return heapq.merge(*(ranks for shape, ranks in self._by_shape.items() if wanted(*shape)))

    def nearest(self, rank: int, *wanted: Wanted) -> int:
        """Return the best rank of the run that is nearest to a rank in the house order.

        Args:
            rank: The rank.
            wanted: Which runs will do, and which ones when there are none.

        Raises:
            ValueError: None will do.
        """
        for will_do in wanted:
            near = []
            for shape, ranks in self._by_shape.items():
                if will_do(*shape):
                    place = bisect_left(ranks, rank)
                    near += ranks[max(0, place - 1) : place + 1]
            if near:
                return min(near, key=lambda best: (abs(best - rank), best))
        raise ValueError("no run will do")

    def longest(self, pieces: int) -> int:
        """Return how many seats the longest so many runs have together."""
        seats = 0
        for length, runs in self._lengths():
            taken = min(runs, pieces)
            seats += length * taken
            pieces -= taken
            if not pieces:
                break
        return seats

    def pieces(self, count: int) -> int:
        """Return of how many runs at least so many seats can be taken.

        Raises:
            ValueError: There are fewer seats.
        """
        pieces = 0
        for length, runs in self._lengths():
            needed = -(-count // length)
            if needed <= runs:
                return pieces + needed
            pieces += runs
            count -= runs * length
        raise ValueError("there are fewer seats")

    def _lengths(self) -> list[tuple[int, int]]:
        return sorted(((shape[0], len(ranks)) for shape, ranks in self._by_shape.items()), reverse=True)


def leaves_no_orphan(count: int) -> Wanted:
    """Return whether a run has a block of so many seats beside which no single one is left.

    One more than wanted always leaves one. At an open end two must be left to be sure: of one that is seen, or of
    none, it is not known whether it is one.
    """
    return lambda length, opened: length >= count + (2 if opened < 2 else 4) or (length == count and not opened)


def at_least(count: int) -> Wanted:
    """Return whether a run has so many seats."""
    return lambda length, _: length >= count
