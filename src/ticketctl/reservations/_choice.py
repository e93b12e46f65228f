"""Which seats somebody gets who names none: the best that are free, together, and leaving nobody a single seat.

Source: the order of preferences is that of seats.io's best available (neighbours without orphans, neighbours, apart).
That it must never refuse a free seat, and that those who choose at the same time should start at different places,
are the lessons of Drupal's yoyaku.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random
from typing import Literal, NamedTuple, TypeAlias

from ticketctl.reservations._house import House
from ticketctl.reservations._runs import Run, Runs, Wanted, at_least, leaves_no_orphan

Kind: TypeAlias = Literal["no_orphans", "together", "split"]
"""Neighbours that leave no single seat, neighbours, seats apart."""

# How many of the best blocks count as equally good: the two ends of the four best rows. Those who choose in the same
# moment are two transactions a process in a few processes; two of them take the same block one time in eight, and lose
# a look by it, no seat. Measured with 400 rows of 20 sold to groups of 1 to 6: when 1,000 seats are sold, 97 % of
# the 1,000 best are among them (16: 95 %), and 3 of 2,290 groups sit apart (16: 6). Without chance nobody does.
EQUAL = 8
_NUMBER_AT_THE_END = re.compile(r"[0-9]+\Z")


class FreeSeat(NamedTuple):
    """A seat that can be had.

    Attributes:
        seat_id: The seat.
        section: Its section.
        row: Its row in the section.
        place: Its place in the row; neighbours differ by 1. None: it has no neighbour.
    """

    seat_id: int
    section: str | None
    row: str | None
    place: int | None


class Choice(NamedTuple):
    """Seats that were chosen.

    Attributes:
        seat_ids: The seats, in house order.
        kind: How they lie. Of seats that were not asked for together it is `split`.
    """

    seat_ids: tuple[int, ...]
    kind: Kind


def place_of(row_position: int | None, seat_number: str) -> int | None:
    """Return the place of a seat in its row: its position when there is one, else the number that ends its seat number.

    Args:
        row_position: The position, if the house gave one.
        seat_number: What stands on the seat: `A-12` is at 12. None for one that ends otherwise.
    """
    if row_position is not None:
        return row_position
    number = _NUMBER_AT_THE_END.search(seat_number)
    return int(number[0]) if number else None


def row_of(row: str | None, seat_number: str) -> str | None:
    """Return the row of a seat: the one it has, else what stands before the number that ends its seat number.

    Without it `A-12` and `B-12` of a section whose rows have no names would be two seats at one place.

    Args:
        row: The row, if the house gave one.
        seat_number: What stands on the seat. None for one that is a number only, or ends otherwise.
    """
    if row is not None:
        return row
    number = _NUMBER_AT_THE_END.search(seat_number)
    return (seat_number[: number.start()] or None) if number else None


class Floor:
    """The free seats of an event as one look saw them; each choice takes seats off it.

    A single seat whose two neighbours are not free is an orphan. Seats that are not on the floor, be they taken, of
    another price than asked for, or not there, count as not free. Where the list was cut off this would be a guess:
    the seat behind the last one may be free. So a block leaves no orphan for certain only if two seats or more are
    left towards such an end, and is `together` otherwise; nothing else depends on it. The end is in the last seat's
    row, where the house order leads: upwards, downwards, or at both ends of every run if it does neither. Where
    the order comes back to rows that it had left, every row has such ends.

    Args:
        free: The free seats, in house order: best first. One that comes twice, read in two states, is one.
        complete: Whether these are all, not the first so many of them.
        random: What decides between blocks that are equally good.
    """

    def __init__(self, free: Iterable[FreeSeat], *, complete: bool, random: Random) -> None:
        seats = list({seat[0]: seat for seat in free}.values())
        self._ids = [seat[0] for seat in seats]
        self._ranks = {seat_id: rank for rank, seat_id in enumerate(self._ids)}
        self._random = random
        self._free = len(seats)
        self._gone = bytearray(len(seats))
        self._passed = 0  # all before this rank are gone
        self._house = House([seat[1:3] for seat in seats], [seat[3] for seat in seats], complete=complete)
        self._everywhere = range(len(seats))
        self._indexes: dict[range, Runs] = {}
        self._fitting: dict[tuple[str, int, int], list[range]] = {}

    def __len__(self) -> int:
        return self._free

    def choose(self, count: int, *, together: bool, split: bool) -> Choice | None:
        """Choose seats and take them off the floor.

        Together, neighbours that leave no orphan come first, then any neighbours. Which of the `EQUAL` best blocks it
        is, chance decides. Seats apart are in as few pieces as can be: in one row if one has them in so few, else in
        one section, else anywhere, each further piece the one nearest to the first in the house order. All pieces but
        the last are whole runs, which leave no orphan; the last leaves none if a run is left for that. A single seat
        is a block of one, whether seats are wanted together or not.

        Args:
            count: How many, from 1.
            together: Whether neighbours are looked for; otherwise it is the first so many of the house order.
            split: Whether seats apart will do where there are no neighbours.

        Returns:
            The seats, or None: fewer are free, or no so many neighbours and nothing else will do.

        Raises:
            ValueError: It is less than one seat.
        """
        if count < 1:
            raise ValueError(f"one seat or more can be chosen, not {count}")
        if count > self._free:
            return None
        if count > 1 and not together:
            return self._choice(self._first(count), "split")
        if ranks := self._block(count, leaves_no_orphan(count), orphans=False):
            return self._choice(ranks, "no_orphans")
        if ranks := self._block(count, at_least(count), orphans=True):
            return self._choice(ranks, "together")
        return self._choice(self._apart(count), "split") if split else None

    def remove(self, seat_ids: Iterable[int]) -> None:
        """Take seats off the floor that somebody else has; those that are not on it are passed over.

        All in one go: in a rush it is half of the house, again and again.
        """
        ranks = {self._ranks[seat_id] for seat_id in seat_ids if seat_id in self._ranks}
        left = [rank for rank in ranks if not self._gone[rank]]
        self._house.take_singly([self._house.spots[rank] for rank in left])
        self._note_gone(left)
        self._indexes.clear()

    @property
    def _all(self) -> Runs:
        return self._index(self._everywhere)

    def _choice(self, ranks: Iterable[int], kind: Kind) -> Choice:
        return Choice(tuple([self._ids[rank] for rank in sorted(ranks)]), kind)

    def _first(self, count: int) -> list[int]:
        ranks: list[int] = []
        while len(ranks) < count:
            self._passed = self._gone.index(0, self._passed)
            ranks += self._take_one(self._passed)
        return ranks

    def _block(self, count: int, wanted: Wanted, *, orphans: bool) -> list[int]:
        runs = list(map(self._run, islice(self._all.best(wanted), EQUAL)))
        if not runs:
            return []
        # Ends first: blocks out of the middle leave more runs that are too short for somebody. (Eight times as many
        # groups sat apart in the house that is measured above.)
        for most in (2, EQUAL):
            blocks = [
                (run, start) for run in runs for start in islice(self._house.blocks(run, count, orphans=orphans), most)
            ]
            if len(blocks) >= EQUAL:
                break
        run, start = self._random.choice(blocks[:EQUAL])
        return self._take(run, start, start + count)

    def _apart(self, count: int) -> list[int]:
        pieces = self._all.pieces(count)
        scope = self._index(self._scope(count, pieces))
        least = at_least(count - scope.longest(pieces - 1))  # less would need one piece more
        first = self._random.choice(list(islice(scope.best(least), EQUAL)))
        ranks = self._take_whole(first)
        for others in range(pieces - 2, 0, -1):
            least = at_least(count - len(ranks) - scope.longest(others))
            ranks += self._take_whole(scope.nearest(first, least))
        missing = count - len(ranks)
        run = self._run(scope.nearest(first, leaves_no_orphan(missing), at_least(missing)))
        start = next(self._house.blocks(run, missing, orphans=not leaves_no_orphan(missing)(*run.shape)))
        return ranks + self._take(run, start, start + missing)

    def _scope(self, count: int, pieces: int) -> range:
        """Return the spots among which all pieces shall be: those of a row, of a section, or all."""
        if rows := self._fitting_ones("row", count, pieces):
            return self._random.choice(rows)
        sections = self._fitting_ones("section", count, pieces)
        return sections[0] if sections else self._everywhere

    def _fitting_ones(self, kind: Literal["row", "section"], count: int, pieces: int) -> list[range]:
        """Return the best rows or sections that have so many seats in so few pieces.

        What does not fit never will, for a floor only loses seats: it is looked at once and forgotten.
        """
        name = (kind, count, pieces)
        if name not in self._fitting:
            all_of_them = self._house.rows if kind == "row" else self._house.sections
            self._fitting[name] = [spots for spots in all_of_them if len(spots) >= count]
        left = iter(self._fitting[name])
        fitting = list(islice((spots for spots in left if self._index(spots).longest(pieces) >= count), EQUAL))
        self._fitting[name] = [*fitting, *left]
        return fitting

    def _index(self, spots: range) -> Runs:
        """Return the index of the runs between spots; it is made when it is asked for first, and kept up to date."""
        index = self._indexes.get(spots)
        if index is None:
            index = self._indexes[spots] = self._house.index(spots)
        return index

    def _run(self, rank: int) -> Run:
        return self._house.run_at(self._house.spots[rank])

    def _take_one(self, rank: int) -> list[int]:
        spot = self._house.spots[rank]
        return self._take(self._house.run_at(spot), spot, spot + 1)

    def _take_whole(self, rank: int) -> list[int]:
        run = self._run(rank)
        return self._take(run, run.start, run.stop)

    def _take(self, run: Run, start: int, stop: int) -> list[int]:
        left = self._house.take(run, start, stop)
        scopes = {self._everywhere}
        if len(self._indexes) > 1:  # most floors never need the others
            scopes |= {self._house.row(start), self._house.section(start)}
        for spots in scopes & self._indexes.keys():
            self._indexes[spots].replace(run, left)
        ranks = self._house.ranks[start:stop]
        self._note_gone(ranks)
        return ranks

    def _note_gone(self, ranks: Sequence[int]) -> None:
        for rank in ranks:
            self._gone[rank] = 1
        self._free -= len(ranks)
