"""The seats of a venue, for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ticketctl.provision.seed.venue import Row, house, kind_of, row_name

LONGEST_NUMBER, LONGEST_SECTION, LONGEST_ROW = 20, 50, 10  # characters, by the migrations
ANY_SIZE = st.integers(1, 400) | st.integers(1, 60_000)


def rows_of(seats: int, seed: int = 1) -> tuple[Row, ...]:
    return house(seats, Random(seed))  # noqa: S311  # nothing is kept secret with it


def numbers(rows: Sequence[Row]) -> list[str]:
    return [f"{row.code}-{position}" for row in rows for position in range(1, row.seats + 1)]


@settings(deadline=None)
@given(ANY_SIZE, st.integers())
@example(1, 0)
@example(7, 0)
@example(300, 0)
@example(301, 0)
@example(4_000, 0)
@example(25_001, 0)
@example(999_983, 0)
def test_there_are_exactly_as_many_seats_as_asked_for(seats: int, seed: int) -> None:
    rows = rows_of(seats, seed)

    assert sum(row.seats for row in rows) == seats
    assert min(row.seats for row in rows) > 0


@settings(deadline=None)
@given(ANY_SIZE, st.integers())
def test_no_two_seats_have_one_number(seats: int, seed: int) -> None:
    rows = rows_of(seats, seed)

    # The database compares them without regard to capitals.
    assert len({number.casefold() for number in numbers(rows)}) == seats
    assert len({(row.section, row.name) for row in rows}) == len(rows)


@settings(deadline=None)
@given(ANY_SIZE, st.integers())
def test_prices_are_positive_and_never_rise_on_the_way_to_the_back(seats: int, seed: int) -> None:
    prices = [row.price for row in rows_of(seats, seed)]

    assert prices[-1] > 0
    assert all(nearer >= farther for nearer, farther in pairwise(prices))
    assert {price % 1 for price in prices} <= {0, 0.5}


@settings(deadline=None)
@given(ANY_SIZE, st.integers())
def test_the_dearer_types_are_in_front(seats: int, seed: int) -> None:
    types = [row.seat_type for row in rows_of(seats, seed)]

    in_order = [seat_type for seat_type, _ in groupby(types)]
    assert in_order == [one for one in ("VIP", "PREMIUM", "REGULAR") if one in in_order]
    assert in_order[-1] == "REGULAR"


@settings(deadline=None)
@given(ANY_SIZE, st.integers())
def test_a_section_goes_on_row_by_row_from_its_first_one(seats: int, seed: int) -> None:
    by_section: dict[str, list[str]] = {}
    for row in rows_of(seats, seed):
        by_section.setdefault(row.section, []).append(row.name)

    for names in by_section.values():
        assert names == [row_name(number) for number in range(len(names))]


@settings(deadline=None)
@given(ANY_SIZE, st.integers())
def test_only_the_last_row_of_a_level_is_short(seats: int, seed: int) -> None:
    rows = rows_of(seats, seed)
    levels = len(kind_of(seats).levels)

    assert sum(row.seats < kind_of(seats).width - 2 for row in rows) <= levels


@settings(deadline=None)
@given(ANY_SIZE, st.integers())
def test_the_same_seed_makes_the_same_house(seats: int, seed: int) -> None:
    assert rows_of(seats, seed) == rows_of(seats, seed)


def test_another_seed_makes_another_house() -> None:
    assert len({rows_of(1_000, seed) for seed in range(10)}) > 5


@pytest.mark.parametrize("seats", [1, 1_000, 100_000, 1_000_000])
def test_every_name_fits_its_column(seats: int) -> None:
    rows = rows_of(seats)

    assert max(len(f"{row.code}-{row.seats}") for row in rows) <= LONGEST_NUMBER
    assert max(len(row.section) for row in rows) <= LONGEST_SECTION
    assert max(len(row.name) for row in rows) <= LONGEST_ROW


@pytest.mark.parametrize(("seats", "name"), [(1, "club"), (301, "theatre"), (4_001, "arena"), (25_001, "stadium")])
def test_a_larger_venue_is_another_kind(seats: int, name: str) -> None:
    assert kind_of(seats).name == name


def test_prices_fall_from_the_middle_of_the_house_to_its_sides() -> None:
    front = {
        int(row.section.split()[-1]): row.price
        for row in rows_of(4_000)
        if row.name == "A" and row.section.startswith("Stalls")
    }

    prices = [front[number] for number in sorted(front)]
    middle = len(prices) // 2
    assert len(prices) > 4
    assert prices == prices[::-1]
    assert prices[:middle] == sorted(prices[:middle])
    assert prices[0] < prices[middle]


def test_rows_are_named_by_letters_that_nobody_takes_for_digits() -> None:
    names = [row_name(number) for number in range(24 + 24 * 24)]

    assert names[:3] == ["A", "B", "C"]
    assert names[23:26] == ["Z", "AA", "AB"]
    assert len(set(names)) == len(names)
    assert not {"I", "O"} & set("".join(names))
