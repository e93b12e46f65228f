"""Choices from any floor are as good as those of a slow search through all of them, and lose no seat."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ticketctl.reservations import _choice
from ticketctl.reservations._choice import Choice, Floor, FreeSeat

Seats = frozenset[FreeSeat]


def luck(seed: int = 0) -> Random:
    return Random(seed)  # noqa: S311  # no secret


@dataclass
class Reference:
    """The rules by the letter: everything is tried, nothing is remembered.

    Args:
        listed: The seats as they were listed.
        complete: Whether there are no more.
    """

    listed: Sequence[FreeSeat]
    complete: bool

    def __post_init__(self) -> None:
        self.free: Seats = frozenset(self.listed)
        self.times = Counter(seat[1:] for seat in self.listed)

    def neighbours(self, one: FreeSeat, other: FreeSeat) -> bool:
        if one[1:3] != other[1:3] or one.place is None or other.place is None:
            return False
        return abs(one.place - other.place) == 1 and self.times[one[1:]] < 2 and self.times[other[1:]] < 2

    def pieces(self, seats: Iterable[FreeSeat]) -> list[Seats]:
        """Seats that hang together."""
        left, found = set(seats), []
        while left:
            piece = {left.pop()}
            while more := {seat for seat in left if any(self.neighbours(seat, other) for other in piece)}:
                piece |= more
                left -= more
            found.append(frozenset(piece))
        return found

    def blocks(self, count: int) -> list[Seats]:
        return [
            seats
            for piece in self.pieces(self.free)
            for seats in map(frozenset, itertools.combinations(piece, count))
            if len(self.pieces(seats)) == 1
        ]

    def orphans(self, free: Seats) -> set[FreeSeat]:
        return {piece for seats in self.pieces(free) if len(seats) == 1 for piece in seats}

    def row(self, name: tuple[object, ...]) -> list[int]:
        """The places of a row in the order of the house."""
        return [
            seat.place
            for seat in self.listed
            if seat[1:3] == name and seat.place is not None and self.times[seat[1:]] < 2
        ]

    def cut(self, name: tuple[object, ...]) -> bool:
        """Whether a row may have more seats than are listed."""
        order = [seat[1:3] for seat in self.listed]
        comes_back = len(list(itertools.groupby(order))) > len(set(order))
        return not self.complete and (comes_back or name == order[-1])

    def disorderly(self, name: tuple[object, ...]) -> bool:
        places = self.row(name)
        return places not in (sorted(places), sorted(places, reverse=True))

    def open_ends(self, name: tuple[object, ...]) -> list[tuple[int, int]]:
        """Places in a row behind which there may be more, and on which side."""
        places = self.row(name)
        if not self.cut(name):
            return []
        if self.disorderly(name):
            return [(place, step) for place in places for step in (1, -1) if place + step not in places]
        highest, lowest = [(max(places), 1)], [(min(places), -1)]
        if len(places) == 1:
            return highest + lowest
        return highest if places[0] < places[-1] else lowest

    def unseen(self, block: Seats) -> Iterator[Seats]:
        """What may be free in the block's row without being listed: none, one or two seats behind each open end."""
        chosen = next(iter(block))
        section, row, place = chosen[1:]
        places = self.row((section, row))
        ends = self.open_ends((section, row)) if place in places else []
        for many in itertools.product((0, 1, 2), repeat=len(ends)):
            more = {
                end + step * away for (end, step), so_many in zip(ends, many, strict=True) for away in (1, 2)[:so_many]
            }
            yield frozenset(FreeSeat(-1 - number, section, row, number) for number in more.difference(places))

    def leaves_no_orphan(self, block: Seats) -> bool:
        for unseen in self.unseen(block):
            before = self.free | unseen
            if not self.orphans(before - block) <= self.orphans(before):
                return False
        return True

    def kinds(self, count: int) -> set[str]:
        """The kinds of choice that exist; apart is always possible."""
        blocks = self.blocks(count)
        return (
            {"split"} | {"together" for _ in blocks} | {"no_orphans" for each in blocks if self.leaves_no_orphan(each)}
        )

    def fewest(self, count: int, among: Iterable[FreeSeat]) -> int:
        return min((len(self.pieces(seats)) for seats in itertools.combinations(among, count)), default=count + 1)


@st.composite
def floors(draw: st.DrawFn) -> list[FreeSeat]:
    """Seats of a few short rows, with gaps, in the order of the house, in its reverse, or in none."""
    spots = st.tuples(
        st.sampled_from([None, "left", "right"]), st.sampled_from([None, "A", "B"]), st.none() | st.integers(0, 6)
    )
    rows = st.tuples(st.just("left"), st.sampled_from(["A", "B"]), st.integers(0, 6))
    seats = draw(st.lists(rows, max_size=10, unique=True) | st.lists(spots, max_size=10))
    match draw(st.sampled_from(["as drawn", "upwards", "downwards"])):
        case "upwards":
            seats.sort(key=repr)
        case "downwards":
            seats.sort(key=repr, reverse=True)
    return [FreeSeat(seat_id, *seat) for seat_id, seat in enumerate(seats, 1)]


seeds = st.integers(0, 1000)


def seats_of(choice: Choice, listed: Sequence[FreeSeat]) -> Seats:
    return frozenset(seat for seat in listed if seat.seat_id in choice.seat_ids)


@given(floors(), st.booleans(), st.integers(1, 7), seeds)
@settings(max_examples=150, deadline=None)
def test_a_choice_is_of_the_best_kind_there_is(listed: list[FreeSeat], complete: bool, count: int, seed: int) -> None:
    reference = Reference(listed, complete)
    choice = Floor(listed, complete=complete, random=luck(seed)).choose(count, together=True, split=True)
    if len(listed) < count:
        assert choice is None
        return
    assert choice is not None, "nobody is refused while there are so many seats"
    kinds = reference.kinds(count)
    best = next(kind for kind in ("no_orphans", "together", "split") if kind in kinds)
    seats = seats_of(choice, listed)
    if best == "no_orphans" and any(
        reference.disorderly(name) for name in {seat[1:3] for seat in listed if not complete}
    ):
        assert choice.kind in ("no_orphans", "together"), "that what is unseen closes a gap is not thought of"
    else:
        assert choice.kind == best
    assert len(seats) == count == len(choice.seat_ids)
    assert list(choice.seat_ids) == sorted(choice.seat_ids), "in house order"
    if choice.kind != "split":
        assert len(reference.pieces(seats)) == 1
    if choice.kind == "no_orphans":
        assert reference.leaves_no_orphan(seats)


@given(floors(), st.booleans(), st.integers(1, 7), seeds)
@settings(max_examples=150, deadline=None)
def test_without_a_split_none_means_that_there_is_no_block(
    listed: list[FreeSeat], complete: bool, count: int, seed: int
) -> None:
    floor = Floor(listed, complete=complete, random=luck(seed))
    choice = floor.choose(count, together=True, split=False)
    assert (choice is None) == (not Reference(listed, complete).blocks(count))
    assert len(floor) == len(listed) - (count if choice else 0)


@given(floors(), st.integers(2, 7), seeds)
@settings(max_examples=150, deadline=None)
def test_seats_apart_are_in_the_fewest_pieces_and_as_near_as_the_rules_say(
    listed: list[FreeSeat], count: int, seed: int
) -> None:
    choice = Floor(listed, complete=True, random=luck(seed)).choose(count, together=True, split=True)
    if choice is None or choice.kind != "split":
        return
    reference = Reference(listed, complete=True)
    seats = seats_of(choice, listed)
    fewest = reference.fewest(count, listed)
    assert len(reference.pieces(seats)) == fewest
    for near in (slice(1, 3), slice(1, 2)):  # in one row of a section, in one section
        names = {seat[near] for seat in listed}
        if any(reference.fewest(count, [seat for seat in listed if seat[near] == name]) == fewest for name in names):
            assert len({seat[near] for seat in seats}) == 1
            return


@given(floors(), st.booleans(), st.integers(1, 4), seeds)
@settings(max_examples=150, deadline=None)
def test_without_chance_it_is_the_block_at_the_better_end_of_the_best_run(
    listed: list[FreeSeat], complete: bool, count: int, seed: int
) -> None:
    reference = Reference(listed, complete)
    assume(complete or not any(reference.disorderly(seat[1:3]) for seat in listed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_choice, "EQUAL", 1)
        choice = Floor(listed, complete=complete, random=luck(seed)).choose(count, together=True, split=False)
    blocks = reference.blocks(count)
    blocks = [block for block in blocks if reference.leaves_no_orphan(block)] or blocks
    if not blocks:
        assert choice is None
        return
    runs = [run for run in reference.pieces(listed) if any(block <= run for block in blocks)]
    best = min(runs, key=lambda run: min(seat.seat_id for seat in run))
    from_left = sorted(best, key=lambda seat: seat.place or 0)
    order = from_left if from_left[0].seat_id <= from_left[-1].seat_id else from_left[::-1]
    expected = min((block for block in blocks if block <= best), key=lambda block: min(map(order.index, block)))
    assert choice is not None
    assert seats_of(choice, listed) == expected


@given(floors(), st.booleans(), st.integers(0, 10), seeds)
@settings(max_examples=150, deadline=None)
def test_seats_that_need_not_be_together_are_the_first_ones(
    listed: list[FreeSeat], complete: bool, count: int, seed: int
) -> None:
    floor = Floor(listed, complete=complete, random=luck(seed))
    gone = [seat.seat_id for seat in listed[::3]]
    floor.remove(gone)
    left = [seat.seat_id for seat in listed if seat.seat_id not in gone]
    if count > 1:
        expected = Choice(tuple(left[:count]), "split") if len(left) >= count else None
        assert floor.choose(count, together=False, split=False) == expected


wishes = st.tuples(st.integers(1, 6), st.booleans(), st.booleans())
losses = st.lists(st.integers(0, 12), max_size=3)


@given(floors(), st.booleans(), st.lists(wishes | losses, max_size=12), seeds)
@settings(max_examples=150, deadline=None)
def test_after_any_choices_and_losses_the_floor_is_what_is_left(
    listed: list[FreeSeat], complete: bool, steps: list[tuple[int, bool, bool] | list[int]], seed: int
) -> None:
    """Each choice is also as good as one from a new floor that has what is left: the indexes are kept up."""
    floor = Floor(listed, complete=complete, random=luck(seed))
    left = list(listed)
    for step in steps:
        if isinstance(step, list):
            floor.remove(step)
            left = [seat for seat in left if seat.seat_id not in step]
        else:
            count, together, split = step
            choice = floor.choose(count, together=together, split=split)
            if choice is None:
                assert len(left) < count or (together and not split and count > 1)
            else:
                assert len(choice.seat_ids) == count
                assert set(choice.seat_ids) <= {seat.seat_id for seat in left}
            if complete and len({seat[1:] for seat in listed}) == len(listed):  # what is alone may find a neighbour
                again = Floor(left, complete=True, random=luck(seed)).choose(count, together=together, split=split)
                assert (choice and choice.kind) == (again and again.kind)
                assert _pieces(choice, listed) == _pieces(again, listed)
            left = [seat for seat in left if choice is None or seat.seat_id not in choice.seat_ids]
        assert len(floor) == len(left)


def _pieces(choice: Choice | None, listed: Sequence[FreeSeat]) -> int:
    return len(Reference(listed, complete=True).pieces(seats_of(choice, listed))) if choice else 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("complete", [True, False])
def test_8000_seats_are_sold_to_the_last_and_nobody_is_refused(seed: int, complete: bool) -> None:
    listed = [
        FreeSeat(number, f"section {number // 2000}", f"row {number // 20}", number % 20) for number in range(8000)
    ]
    chance = luck(seed)
    floor = Floor(listed, complete=complete, random=chance)
    sold: set[int] = set()
    kinds: Counter[str] = Counter()
    while len(floor):
        count = chance.randint(1, 6)
        choice = floor.choose(count, together=True, split=True)
        if choice is None:
            assert len(floor) < count
            continue
        assert len(choice.seat_ids) == count
        assert sold.isdisjoint(choice.seat_ids), "no seat is sold twice"
        sold.update(choice.seat_ids)
        kinds[choice.kind] += 1
        assert len(floor) == 8000 - len(sold)
    assert len(sold) == 8000
    assert kinds["no_orphans"] > 0.95 * kinds.total(), kinds
