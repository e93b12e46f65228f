"""A list of free seats that was cut off: what is behind its end is not known, and not guessed."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from ticketctl.reservations._choice import Choice, Floor, FreeSeat


def floor(places: Iterable[tuple[str, int]], *, complete: bool = False, seed: int = 0) -> Floor:
    """Seats by row and place, in house order; their ids count from 1."""
    seats = [FreeSeat(seat_id, None, row, place) for seat_id, (row, place) in enumerate(places, 1)]
    return Floor(seats, complete=complete, random=Random(seed))  # noqa: S311  # no secret


def row(name: str, *places: int) -> list[tuple[str, int]]:
    return [(name, place) for place in places]


def chosen(places: Iterable[tuple[str, int]], count: int, *, complete: bool = False) -> set[Choice | None]:
    """Everything that may be chosen: whatever chance says."""
    listed = list(places)
    return {floor(listed, complete=complete, seed=seed).choose(count, together=True, split=True) for seed in range(100)}


def test_what_fills_the_last_row_as_far_as_it_is_known_may_leave_an_orphan() -> None:
    assert chosen(row("A", 1, 2, 3), 3) == {Choice((1, 2, 3), "together")}
    assert chosen(row("A", 1, 2, 3), 3, complete=True) == {Choice((1, 2, 3), "no_orphans")}


def test_two_seats_that_are_left_towards_the_end_are_no_orphan_whatever_is_behind_them() -> None:
    assert chosen(row("A", 1, 2, 3, 4, 5), 3) == {Choice((1, 2, 3), "no_orphans")}
    assert {choice and choice.kind for choice in chosen(row("A", 1, 2, 3, 4), 3)} == {"together"}


def test_the_rows_before_the_last_are_known() -> None:
    assert chosen(row("A", 1, 2, 3) + row("B", 1, 2, 3), 3) == {Choice((1, 2, 3), "no_orphans")}


def test_the_last_row_goes_on_only_where_the_house_order_leads() -> None:
    assert chosen(row("A", 1, 2, 3, 5, 6, 7), 3) == {Choice((1, 2, 3), "no_orphans")}
    assert chosen(row("A", 7, 6, 5, 3, 2, 1), 3) == {Choice((1, 2, 3), "no_orphans")}
    assert chosen(row("A", 5, 4, 3, 2, 1), 3) == {Choice((1, 2, 3), "no_orphans")}


def test_a_row_without_direction_may_go_on_at_every_end() -> None:
    mixed = row("A", 2, 1, 3, 5, 6, 7, 4, 8)
    assert chosen(mixed, 4) == {Choice((3, 4, 5, 7), "no_orphans")}, "places 3 to 6: two are left on either side"
    for count in (5, 6, 7, 8):
        assert {choice and choice.kind for choice in chosen(mixed, count)} == {"together"}, "too few for both sides"
    assert {choice and choice.kind for choice in chosen(row("A", 2, 1, 3, 6, 7, 8), 3)} == {"together"}


def test_a_row_of_which_one_seat_is_known_may_go_on_either_way() -> None:
    assert chosen(row("A", 5), 1) == {Choice((1,), "together")}
    assert chosen(row("A", 1, 2, 3) + row("B", 5), 1) == {Choice((1,), "no_orphans"), Choice((3,), "no_orphans")}


def test_every_row_may_go_on_where_the_house_order_comes_back_to_rows() -> None:
    by_place = [(name, place) for place in (1, 2, 3) for name in ("A", "B")]
    assert chosen(by_place, 3) == {Choice((1, 3, 5), "together"), Choice((2, 4, 6), "together")}
    assert {choice and choice.kind for choice in chosen(by_place, 3, complete=True)} == {"no_orphans"}


@pytest.mark.parametrize(("lost", "kind"), [(6, "no_orphans"), (1, "together")])
def test_behind_a_seat_that_is_taken_nothing_is_unknown(lost: int, kind: str) -> None:
    taken = floor(row("A", 1, 2, 3, 4, 5, 6))
    taken.remove([lost])
    choice = taken.choose(5, together=True, split=True)
    assert choice
    assert choice.kind == kind


def test_seats_without_neighbours_have_none_behind_the_end_either() -> None:
    seats = [FreeSeat(1, None, "A", 1), FreeSeat(2, None, "A", None)]
    kinds = set()
    for seed in range(50):
        unnumbered = Floor(seats, complete=False, random=Random(seed))  # noqa: S311  # no secret
        kinds.add(unnumbered.choose(1, together=True, split=True))
    assert kinds == {Choice((2,), "no_orphans")}


def test_the_last_piece_of_seats_apart_keeps_away_from_open_ends() -> None:
    places = (2, 1, 3, 4, 5, 7, 8, 9, 10, 11)
    assert chosen(row("A", *places), 6) == {
        Choice((1, 2, 3, 4, 5, 8), "split"),
        Choice((3, 6, 7, 8, 9, 10), "split"),
    }, "a whole run, and the middle of the other one"


def test_what_is_not_known_costs_no_booking() -> None:
    last = floor(row("A", 1, 2) + row("B", 1))
    assert last.choose(3, together=True, split=True) == Choice((1, 2, 3), "split")
    assert len(last) == 0
