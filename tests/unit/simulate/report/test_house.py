"""Each seat has a place of its own on the plan, neighbours side by side."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from ticketctl.provision.seed.venue import house
from ticketctl.simulate.report.house import House, SeatPlace, laid_out


def seats_of(count: int, seed: int) -> list[SeatPlace]:
    rows = house(count, Random(seed))  # noqa: S311  # nothing is kept secret with it
    return [SeatPlace(row.section, row.name, number) for row in rows for number in range(1, row.seats + 1)]


@pytest.mark.parametrize("count", [1, 2, 40, 300, 500, 4_000, 30_000])
def test_every_seat_of_a_house_has_a_place_of_its_own(count: int) -> None:
    seats = seats_of(count, count)
    plan = laid_out(seats)
    assert len(set(plan.places)) == len(seats) == len(plan.places)
    assert all(0 <= column < plan.columns and 0 <= row < plan.rows for column, row in plan.places)
    for (one, place), (other, neighbour) in pairwise(zip(seats, plan.places, strict=True)):
        if one[:2] == other[:2]:
            assert neighbour == (place[0] + 1, place[1])


def test_the_stage_is_above_and_sections_of_a_level_stand_beside_each_other() -> None:
    seats = [
        SeatPlace("Stalls 2", "A", 1),
        SeatPlace("Stalls 1", "A", 1),
        SeatPlace("Stalls 1", "B", 1),
        SeatPlace("Stalls 1", "B", 2),
        SeatPlace("Balcony", "A", 1),
    ]
    assert laid_out(seats) == House(5, 4, ((4, 0), (0, 0), (0, 1), (1, 1), (2, 3)))


def test_an_empty_house_has_no_plan() -> None:
    assert laid_out([]) == House(0, 0, ())


@pytest.mark.parametrize("count", [2_000, 5_000, 30_000, 100_000])
def test_no_house_is_a_thin_strip(count: int) -> None:
    plan = laid_out(seats_of(count, count))
    assert plan.columns <= 2 * plan.rows


def test_levels_of_many_sections_are_laid_in_lines_and_stay_in_order() -> None:
    seats = [SeatPlace(f"Lower {number}", "A", 1) for number in range(1, 7)]
    assert laid_out(seats) == House(4, 5, ((0, 0), (3, 0), (0, 2), (3, 2), (0, 4), (3, 4)))
