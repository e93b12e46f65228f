"""Where seats are in a house, and which runs of free ones are left.

A seat has two numbers here, both from 0: its rank in the house order, in which the best comes first, and its spot when
all seats stand section by section, row by row and by their places.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, pairwise
from operator import ne
from typing import TypeAlias

from ticketctl.reservations._runs import Run, Runs

Name: TypeAlias = tuple[str | None, str | None]
"""A section and a row of it."""

# In seats. The two ends of a row are equally good; a longer run is no row of a house, but seats numbered through.
LONGEST_ROW = 64


class House:
    """Where the seats of a floor are, and the runs that are left of them.

    Args:
        names: Section and row of each seat, in house order.
        places: Its place in the row.
        complete: Whether these are all free seats. Where they are not, the last seat's row may go on where the house
            order leads in it; and where the order comes back to rows that it had left, every row may.
    """

    def __init__(self, names: Sequence[Name], places: Sequence[int | None], *, complete: bool) -> None:
        different = dict.fromkeys(names)  # in order of appearance
        sections = {section: number for number, section in enumerate(dict.fromkeys(name[0] for name in different))}
        numbers = {name: row for row, name in enumerate(sorted(different, key=lambda name: sections[name[0]]))}
        self._rows = [numbers[name] for name in names]
        self._row_sections = [sections[name[0]] for name in numbers]
        positions, self._alone = _positions(self._rows, places)
        self.ranks = sorted(range(len(names)), key=positions.__getitem__)
        """The rank of the seat at each spot."""
        self.spots = [0] * len(names)
        """The spot of the seat of each rank."""
        for spot, rank in enumerate(self.ranks):
            self.spots[rank] = spot
        self._straight = self.ranks == list(range(len(names)))  # spots and ranks are the same
        ordered = [positions[rank] for rank in self.ranks]
        self._starts = [0] if names else []
        self._starts += [spot for spot, (one, other) in enumerate(pairwise(ordered), 1) if other - one != 1]
        self._stops = [*self._starts[1:], len(names)] if names else []
        self._open_starts: set[int] = set()
        self._open_stops: set[int] = set()
        if names and not complete:
            self._open_ends()

    @cached_property
    def rows(self) -> list[range]:
        """The spots of each row."""
        return _stretches([self._rows[rank] for rank in self.ranks])

    @cached_property
    def sections(self) -> list[range]:
        """The spots of each section."""
        return _stretches([self._row_sections[self._rows[rank]] for rank in self.ranks])

    def row(self, spot: int) -> range:
        """Return the spots of the row that a spot is in."""
        return self.rows[self._rows[self.ranks[spot]]]

    def section(self, spot: int) -> range:
        """Return the spots of the section that a spot is in."""
        return self.sections[self._row_sections[self._rows[self.ranks[spot]]]]

    def index(self, spots: range) -> Runs:
        """Return an index of what is left between the spots, which must not divide a run."""
        by_shape: dict[tuple[int, int], list[int]] = {}
        for start, stop in self._ends(spots):
            by_shape.setdefault(self._shape(start, stop), []).append(self._best(start, stop))
        return Runs(by_shape)

    def run_at(self, spot: int) -> Run:
        """Return the run that a seat is in that is free."""
        number = bisect_right(self._starts, spot) - 1
        return self._run(self._starts[number], self._stops[number])

    def take(self, run: Run, start: int, stop: int) -> list[Run]:
        """Take seats out of a run, and return what is left of it."""
        number = bisect_left(self._starts, run.start)
        left = [ends for ends in ((run.start, start), (stop, run.stop)) if ends[0] < ends[1]]
        self._starts[number : number + 1] = [start for start, _ in left]
        self._stops[number : number + 1] = [stop for _, stop in left]
        return [self._run(*ends) for ends in left]

    def take_singly(self, spots: Iterable[int]) -> None:
        """Take seats out that are free, wherever they are; many of them cost little more than one."""
        starts: list[int] = []
        stops: list[int] = []
        taken = iter(sorted(spots))
        spot = next(taken, None)
        for start, stop in zip(self._starts, self._stops, strict=True):
            while spot is not None and spot < stop:
                if start < spot:
                    starts.append(start)
                    stops.append(spot)
                start = spot + 1  # noqa: PLW2901  # what is left of the run begins there
                spot = next(taken, None)
            if start < stop:
                starts.append(start)
                stops.append(stop)
        self._starts, self._stops = starts, stops

    def blocks(self, run: Run, count: int, *, orphans: bool) -> Iterator[int]:
        """Return where blocks of so many seats begin in a run: at its better end, at its other end, and side by side.

        Args:
            run: The run.
            count: Seats of a block.
            orphans: Whether a block may leave a single seat beside it.
        """
        turned = self.ranks[run.start] > self.ranks[run.stop - 1]
        near, far = (run.high, run.low) if turned else (run.low, run.high)
        spare = run.stop - run.start - count

        def good(before: int) -> bool:
            return orphans or (_whole(before, near) and _whole(spare - before, far))

        first = next(filter(good, range(spare + 1)), None)
        if first is None:
            return
        last = next(filter(good, range(spare, -1, -1)))
        ends = {first: None, last: None} if spare + count <= LONGEST_ROW else {first: None}
        between = range(max(first + count, 2), min(last - count, spare - 2) + 1, count)
        for before in chain(ends, between):
            yield run.start + (spare - before if turned else before)

    def _ends(self, spots: range) -> Iterable[tuple[int, int]]:
        first, last = bisect_left(self._starts, spots.start), bisect_left(self._starts, spots.stop)
        return zip(self._starts[first:last], self._stops[first:last], strict=True)

    def _run(self, start: int, stop: int) -> Run:
        # An end that comes of a choice is closed: no run begins or ends there that was there at first.
        return Run(start, stop, self._best(start, stop), start in self._open_starts, stop in self._open_stops)

    def _best(self, start: int, stop: int) -> int:
        return start if self._straight else min(self.ranks[start:stop])

    def _shape(self, start: int, stop: int) -> tuple[int, int]:
        return stop - start, (start in self._open_starts) + (stop in self._open_stops)

    def _open_ends(self) -> None:
        mixed = sum(map(ne, self._rows, self._rows[1:])) >= len(self.rows)
        for spots in self.rows if mixed else [self.rows[self._rows[-1]]]:
            ranks = [rank for rank in self.ranks[spots.start : spots.stop] if rank not in self._alone]
            ends = list(self._ends(range(spots.start, spots.start + len(ranks))))  # those without neighbours come last
            upwards, downwards = ranks == sorted(ranks), ranks == sorted(ranks, reverse=True)
            if not (upwards or downwards):
                self._open_starts.update(start for start, _ in ends)
                self._open_stops.update(stop for _, stop in ends)
            if downwards:
                self._open_starts.update(start for start, _ in ends[:1])
            if upwards:
                self._open_stops.update(stop for _, stop in ends[-1:])


def _whole(left: int, opened: bool) -> bool:
    return left >= 2 or (left == 0 and not opened)


def _stretches(numbers: Sequence[int]) -> list[range]:
    """Return the ranges in which an ascending sequence stays the same."""
    starts = [0, *(at for at, (one, other) in enumerate(pairwise(numbers), 1) if one != other), len(numbers)]
    return [range(*ends) for ends in pairwise(starts)] if numbers else []


def _positions(rows: Sequence[int], places: Sequence[int | None]) -> tuple[list[int], set[int]]:
    """Return numbers by which seats of a row stand together and neighbours differ by 1, others by more.

    Of two seats at one place of a row nobody knows which is whose neighbour: neither has any. To sell seats as
    neighbours that are none is worse than the reverse.

    Returns:
        The numbers, and the ranks of seats without neighbours, which stand behind the others of their row.
    """
    placed = [place for place in places if place is not None]
    lowest = min(placed, default=0)
    width = max(placed, default=0) - lowest + 2
    offsets = [-1 if place is None else place - lowest for place in places]
    positions = [row * width + offset for row, offset in zip(rows, offsets, strict=True)]
    if len(placed) == len(set(positions)) == len(places):
        return positions, set()
    times = Counter(positions)
    alone = [rank for rank, offset in enumerate(offsets) if offset < 0 or times[positions[rank]] > 1]
    for number, rank in enumerate(alone):
        offsets[rank] = width + 2 * number
    width += 2 * len(alone)
    return [row * width + offset for row, offset in zip(rows, offsets, strict=True)], set(alone)
