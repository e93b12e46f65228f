"""Whether a refusal was right is told by the history."""

from __future__ import annotations

import pytest

from ticketctl.reservations.history import Change
from ticketctl.simulate.refusals import Occupancy, Refusal, Refusals, judge_refusals

SEATS = (1, 2, 3)


def change(seat_id: int, version: int, status: str, at: int, until: int | None = None) -> Change:
    return Change(0, seat_id, 9, version, None, status, None, None, None, None, until, None, at)


# Seat 1 is held from 100 and runs out at 200, noticed at 300; seat 2 is booked from 150; seat 3 never is.
CHANGES = [
    change(1, 2, "AVAILABLE", 300),
    change(1, 1, "RESERVED", 100, until=200),
    change(2, 1, "RESERVED", 140, until=1_000),
    change(2, 2, "BOOKED", 150),
]


@pytest.mark.parametrize(
    ("seat_ids", "began", "ended", "free_for"),
    [
        ((1,), 50, 90, 50),  # never held before, so free since the clock began
        ((1,), 50, 100, None),  # it was taken while the request was under way
        ((1,), 120, 130, None),
        ((1,), 190, 210, None),
        ((1,), 200, 210, None),  # by a hair
        ((1,), 250, 260, 50),  # over, though nobody has written it down yet
        ((1,), 400, 410, 200),
        ((2,), 500, 510, None),
        ((1, 2), 500, 510, None),  # one of them is enough
        ((1, 3), 500, 510, 300),  # both are free, the one since 200
        ((7,), 500, 510, 500),  # a seat that nobody ever had
    ],
)
def test_a_refusal_of_named_seats(seat_ids: tuple[int, ...], began: int, ended: int, free_for: int | None) -> None:
    occupancy = Occupancy(SEATS, CHANGES, {}, [])
    assert occupancy.free_for(Refusal(seat_ids, len(seat_ids), began, ended)) == free_for


@pytest.mark.parametrize(
    ("count", "began", "ended", "free_for"),
    [
        (3, 0, 10, 0),
        (3, 90, 100, None),
        (2, 105, 110, 105),
        (2, 120, 145, None),  # two were free at first, one at the end
        (1, 160, 170, 160),
        (2, 250, 260, 50),
        (3, 250, 260, None),
    ],
)
def test_a_refusal_of_the_best_seats(count: int, began: int, ended: int, free_for: int | None) -> None:
    occupancy = Occupancy(SEATS, CHANGES, {}, [])
    assert occupancy.free_for(Refusal((), count, began, ended)) == free_for


def test_refusals_are_counted_and_nothing_was_free_before_the_opening() -> None:
    refusals = [Refusal((1,), 1, 120, 130), Refusal((3,), 1, 500, 510), Refusal((1,), 1, 250, 260)]
    found = judge_refusals(Occupancy(SEATS, CHANGES, {}, []), refusals, opened=90)
    assert found == Refusals(3, 2, 410 / 1e6)
    assert judge_refusals(Occupancy(SEATS, CHANGES, {}, []), [], opened=90) == Refusals(0, 0, 0.0)


def test_a_seat_is_taken_from_the_moment_at_which_the_request_came_that_got_it() -> None:
    held = change(3, 1, "RESERVED", 700, until=2_000)._replace(hold_id="late")
    refused = Refusal((3,), 1, 650, 660)
    assert Occupancy(SEATS, [held], {}, []).free_for(refused) == 650
    assert Occupancy(SEATS, [held], {"late": 640}, []).free_for(refused) is None
    assert Occupancy(SEATS, [held], {"late": 670}, []).free_for(refused) == 650


@pytest.mark.parametrize(
    ("began", "ended", "free_for"),
    [
        (250, 260, 50),  # before
        (350, 410, None),  # MySQL went away meanwhile
        (450, 460, None),
        (490, 520, None),
        (550, 560, 50),  # nothing was to be had before 500
    ],
)
def test_what_is_refused_while_mysql_does_not_serve_is_nobodys_fault(
    began: int, ended: int, free_for: int | None
) -> None:
    away = [(10, 20), (400, 500)]
    assert Occupancy(SEATS, CHANGES, {}, away).free_for(Refusal((1,), 1, began, ended)) == free_for
