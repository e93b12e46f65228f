"""Which seats somebody gets who names none: every rule by an example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

import pytest

from ticketctl.reservations import _choice
from ticketctl.reservations._choice import EQUAL, Choice, Floor, FreeSeat, place_of, row_of
from ticketctl.reservations._house import LONGEST_ROW


def luck(seed: int = 0) -> Random:
    return Random(seed)  # noqa: S311  # no secret


def seats_of(*rows: str) -> Iterator[FreeSeat]:
    """Rows in house order: `x` is free, anything else is not, a blank begins the next section."""
    section, seat_id = 0, 0
    for number, row in enumerate(rows):
        section += row == ""
        for place, mark in enumerate(row):
            seat_id += 1
            if mark == "x":
                yield FreeSeat(seat_id, f"section {section}", f"row {number}", place)


def floor(*rows: str, complete: bool = True, seed: int = 0) -> Floor:
    return Floor(seats_of(*rows), complete=complete, random=luck(seed))


def chosen(
    *rows: str, count: int, complete: bool = True, together: bool = True, split: bool = True
) -> Iterable[Choice]:
    """Everything that may be chosen: whatever chance says."""
    choices = {
        floor(*rows, complete=complete, seed=seed).choose(count, together=together, split=split) for seed in range(100)
    }
    assert None not in choices
    return {choice for choice in choices if choice}


def only(*rows: str, count: int, complete: bool = True, together: bool = True) -> Choice:
    (choice,) = chosen(*rows, count=count, complete=complete, together=together)
    return choice


@pytest.mark.parametrize(
    ("position", "number", "place"),
    [
        (7, "A-12", 7),
        (0, "A-12", 0),
        (None, "A-12", 12),
        (None, "B7", 7),
        (None, "007", 7),
        (None, "Row 3 Seat 15", 15),
        (None, "12A", None),
        (None, "A-12 ", None),
        (None, "A-12\n", None),
        (None, "A-١٢", None),
        (None, "", None),
    ],
)
def test_a_place_is_the_position_or_the_number_at_the_end(position: int | None, number: str, place: int | None) -> None:
    assert place_of(position, number) == place


@pytest.mark.parametrize(
    ("row", "number", "name"),
    [
        ("A", "B-12", "A"),
        ("", "B-12", ""),
        (None, "B-12", "B-"),
        (None, "12", None),
        (None, "VIP", None),
        (None, "", None),
    ],
)
def test_a_row_without_a_name_is_called_by_what_stands_before_the_number(
    row: str | None, number: str, name: str | None
) -> None:
    assert row_of(row, number) == name


def test_a_run_of_as_many_seats_as_wanted_leaves_nobody_alone() -> None:
    assert {choice.kind for choice in chosen("xxx.xxx", count=3)} == {"no_orphans"}
    assert only("xxx", count=3) == Choice((1, 2, 3), "no_orphans")


def test_one_seat_more_than_wanted_is_passed_over_for_a_worse_block_that_leaves_none() -> None:
    assert only("xxxx", "xxx", count=3) == Choice((5, 6, 7), "no_orphans")


def test_two_seats_more_are_left_on_one_side() -> None:
    assert chosen("xxxxx", count=3) == {Choice((1, 2, 3), "no_orphans"), Choice((3, 4, 5), "no_orphans")}


def test_no_block_is_one_seat_away_from_a_taken_one() -> None:
    assert {choice.seat_ids for choice in chosen("..xxxxxx", count=2)} == {(3, 4), (5, 6), (7, 8)}
    assert {choice.seat_ids for choice in chosen("xxxxx", count=2)} == {(1, 2), (4, 5)}


def test_an_orphan_is_left_rather_than_that_somebody_sits_apart() -> None:
    assert chosen("xxx", "x", count=2) == {Choice((1, 2), "together"), Choice((2, 3), "together")}


def test_the_rule_of_orphans_costs_no_booking() -> None:
    pairs = floor("xx.xx", "xx")
    choices = [pairs.choose(1, together=True, split=False) for _ in range(6)]
    assert [choice.kind for choice in choices if choice] == ["together", "no_orphans"] * 3
    assert len(pairs) == 0


def test_an_orphan_that_was_there_before_does_not_matter() -> None:
    assert only("x.xx.x", count=2) == Choice((3, 4), "no_orphans")


def test_seats_of_two_rows_or_sections_are_no_neighbours() -> None:
    apart = [
        FreeSeat(1, "parquet", "A", 1),
        FreeSeat(2, "parquet", "B", 2),
        FreeSeat(3, "gallery", "A", 2),
        FreeSeat(4, None, "A", 2),
    ]
    assert Floor(apart, complete=True, random=luck()).choose(2, together=True, split=False) is None


def test_places_make_neighbours_and_not_the_house_order() -> None:
    """Uneven numbers on one side: the house numbers 1 3 5 from the left, then 2 4 6 from the right."""
    free = [FreeSeat(seat_id, None, "A", place) for seat_id, place in enumerate((0, 5, 1, 4, 2))]
    choice = Floor(free, complete=True, random=luck()).choose(3, together=True, split=False)
    assert choice == Choice((0, 2, 4), "no_orphans")


def test_a_seat_without_a_place_has_no_neighbour_and_can_be_had_alone() -> None:
    free = [FreeSeat(1, None, None, None), FreeSeat(2, None, None, 1), FreeSeat(3, None, None, None)]
    assert Floor(free, complete=True, random=luck()).choose(2, together=True, split=False) is None
    alone = Floor(free, complete=False, random=luck())
    assert sorted(choice.seat_ids for _ in range(3) if (choice := alone.choose(1, together=True, split=False))) == [
        (1,),
        (2,),
        (3,),
    ]


def test_two_seats_at_one_place_are_nobodys_neighbours() -> None:
    """A-1 B-1 A-2 B-2 with neither row nor section: nobody knows who sits beside whom."""
    free = [FreeSeat(1, None, None, 1), FreeSeat(2, None, None, 1), FreeSeat(3, None, None, 2)]
    assert Floor(free, complete=True, random=luck()).choose(2, together=True, split=False) is None
    both = Floor([*free, FreeSeat(4, None, None, 3)], complete=True, random=luck())
    assert both.choose(2, together=True, split=False) == Choice((3, 4), "no_orphans")


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("row", "allowed", "kind"),
    [
        ("xxx.x", {1, 3, 5}, "no_orphans"),
        ("xx.x", {4}, "no_orphans"),
        ("xx", {1, 2}, "together"),
        ("xxxxx", {1, 3, 5}, "no_orphans"),
    ],
)
def test_a_single_seat_leaves_no_orphan_where_it_can(row: str, allowed: set[int], kind: str, together: bool) -> None:
    choices = chosen(row, count=1, together=together)
    assert {choice.seat_ids[0] for choice in choices} == allowed
    assert {choice.kind for choice in choices} == {kind}


def test_seats_that_need_not_be_together_are_the_first_of_the_house_order() -> None:
    apart = floor("x.xx", "xxxx")
    assert apart.choose(2, together=False, split=False) == Choice((1, 3), "split")
    apart.remove([4])
    assert apart.choose(3, together=False, split=True) == Choice((5, 6, 7), "split")
    assert apart.choose(2, together=False, split=True) is None
    assert len(apart) == 1


def test_seats_apart_are_refused_where_they_will_not_do() -> None:
    apart = floor("xx.xx.xx")
    assert apart.choose(4, together=True, split=False) is None
    assert len(apart) == 6, "nothing was taken"


def test_seats_apart_are_in_as_few_pieces_as_can_be() -> None:
    assert only("x.x.x.x.x", "xxx", "xx", count=5) == Choice((10, 11, 12, 13, 14), "split")


def test_seats_apart_are_in_one_row_where_that_makes_no_more_pieces() -> None:
    """Two pieces would be had earlier, from the first row and the second."""
    assert only("xx", "xx", "xx.xx", count=4) == Choice((5, 6, 8, 9), "split")


def test_seats_apart_are_in_one_section_where_no_row_has_them() -> None:
    assert only("xx", "", "xx", "xx", count=4) == Choice((3, 4, 5, 6), "split")


def test_seats_apart_are_anywhere_where_no_section_has_them() -> None:
    assert only("xx", "", "x", "", "xx", count=4) == Choice((1, 2, 4, 5), "split")


def test_the_second_piece_is_the_nearest_to_the_first() -> None:
    rows = [*["xx"] * 5, *["x"] * 20, *["xx"] * 5]
    near = [set(choice.seat_ids) for choice in chosen(*rows, count=4)]
    first, last = set(range(1, 11)), set(range(31, 41))
    assert all(pieces <= first or pieces <= last for pieces in near)
    assert any(pieces <= first for pieces in near)


def test_the_last_piece_leaves_no_orphan_where_it_can() -> None:
    assert {choice.seat_ids for choice in chosen("xxx.xxx.xx", count=5)} == {(1, 2, 3, 9, 10), (5, 6, 7, 9, 10)}
    leaving_one = {choice.seat_ids for choice in chosen("xx.xxx", count=4)}
    assert leaving_one == {(1, 2, 4, 5), (1, 4, 5, 6)}, "where it cannot, nobody is refused"


def test_no_piece_is_so_short_that_there_must_be_one_more() -> None:
    """The single seat is nearer to the first row than the third row is."""
    assert only("xxx", "x", "xxx", "xxx", count=9) == Choice((1, 2, 3, 5, 6, 7, 8, 9, 10), "split")


def test_each_row_that_has_the_pieces_is_used_before_they_come_from_two() -> None:
    many = floor(*["xx.xx"] * 3 * EQUAL)
    choices = [many.choose(4, together=True, split=True) for _ in range(3 * EQUAL)]
    assert {choice.seat_ids for choice in choices if choice} == {
        tuple(5 * row + seat for seat in (1, 2, 4, 5)) for row in range(3 * EQUAL)
    }


def test_seats_apart_are_given_as_long_as_there_are_so_many() -> None:
    apart = floor("x.x.x.x.x", "x", "", "x.x")
    choice = apart.choose(8, together=True, split=True)
    assert choice
    assert len(set(choice.seat_ids)) == 8
    assert len(apart) == 0
    assert apart.choose(1, together=True, split=True) is None


def test_the_best_rows_are_sold_first() -> None:
    """In a house where everything is free, a pair comes out of the ends of the four best rows, each as often."""
    rows = ["x" * 20] * 6
    ends = {(20 * row + first, 20 * row + first + 1) for row in range(4) for first in (1, 19)}
    often = Counter(
        choice.seat_ids
        for seed in range(400)
        if (choice := floor(*rows, seed=seed).choose(2, together=True, split=True))
    )
    assert len(ends) == EQUAL
    assert often.keys() == ends
    assert min(often.values()) > 25, "of 50"


def test_a_run_is_as_good_as_its_best_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_choice, "EQUAL", 1)
    free = [FreeSeat(1, None, "A", 5), FreeSeat(2, None, "B", 1), FreeSeat(3, None, "B", 2), FreeSeat(4, None, "A", 4)]
    best = Floor(free, complete=True, random=luck()).choose(2, together=True, split=False)
    assert best == Choice((1, 4), "no_orphans")


def test_where_one_row_is_left_those_who_choose_at_once_still_start_at_different_places() -> None:
    starts = {choice.seat_ids[0] for choice in chosen("x" * 30, count=3)}
    assert starts == {1, 4, 7, 10, 13, 16, 19, 28}


def test_seats_that_are_numbered_through_are_sold_from_their_better_end() -> None:
    many = "x" * (LONGEST_ROW + 1)
    assert {choice.seat_ids[0] for choice in chosen(many, count=2)} == {1, 3, 5, 7, 9, 11, 13, 15}
    falling = [seat._replace(place=-seat.place) for seat in seats_of(many) if seat.place is not None]
    ids = {
        choice.seat_ids[0]
        for seed in range(200)
        if (choice := Floor(falling, complete=True, random=luck(seed)).choose(2, together=True, split=True))
    }
    assert ids == {1, 3, 5, 7, 9, 11, 13, 15}


def test_the_same_chance_makes_the_same_choices() -> None:
    one, other = floor(*["x" * 9] * 9, seed=3), floor(*["x" * 9] * 9, seed=3)
    sizes = [1, 4, 2, 3, 6, 2, 5]
    assert [one.choose(size, together=True, split=True) for size in sizes] == [
        other.choose(size, together=True, split=True) for size in sizes
    ]


def test_what_others_have_is_chosen_no_more_and_divides_a_run() -> None:
    lost = floor("xxxxxx")
    lost.remove([3, 3, 99])
    lost.remove([3])
    assert len(lost) == 5
    assert lost.choose(4, together=True, split=False) is None
    assert lost.choose(3, together=True, split=False) == Choice((4, 5, 6), "no_orphans")


def test_an_empty_floor_has_nothing() -> None:
    for complete in (True, False):
        empty = Floor([], complete=complete, random=luck())
        empty.remove([1])
        assert len(empty) == 0
        assert empty.choose(1, together=True, split=True) is None
        assert empty.choose(2, together=False, split=True) is None


@pytest.mark.parametrize("count", [0, -1])
def test_less_than_one_seat_cannot_be_chosen(count: int) -> None:
    with pytest.raises(ValueError, match="one seat or more"):
        floor("xx").choose(count, together=True, split=True)


def test_a_seat_that_comes_twice_is_there_once() -> None:
    twice = Floor([*seats_of("xx.x"), FreeSeat(2, "section 0", "row 0", 1)], complete=True, random=luck())
    assert len(twice) == 3
    assert twice.choose(2, together=True, split=False) == Choice((1, 2), "no_orphans")
    assert twice.choose(2, together=False, split=True) is None
