"""Whether a refusal was right is told by the history."""

from __future__ import annotations

import pytest

from ticketctl.reservations.history import Change
from ticketctl.simulate.refusals import Occupancy, Refusal, Refusals, Wish, judge_refusals

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
    occupancy = Occupancy(SEATS, CHANGES, [], [])
    assert occupancy.free_for(Refusal("me", seat_ids, len(seat_ids), began, ended)) == free_for


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
    occupancy = Occupancy(SEATS, CHANGES, [], [])
    assert occupancy.free_for(Refusal("me", (), count, began, ended)) == free_for


def test_refusals_are_counted_and_nothing_was_free_before_the_opening() -> None:
    refusals = [Refusal("me", (1,), 1, 120, 130), Refusal("me", (3,), 1, 500, 510), Refusal("me", (1,), 1, 250, 260)]
    found = judge_refusals(Occupancy(SEATS, CHANGES, [], []), refusals, opened=90)
    assert found == Refusals(3, 2, 410 / 1e6)
    assert judge_refusals(Occupancy(SEATS, CHANGES, [], []), [], opened=90) == Refusals(0, 0, 0.0)


@pytest.mark.parametrize(
    ("wish", "free_for"),
    [
        (Wish("other", (3,), 630, 655), None),  # on its way at the same time
        (Wish("other", (3,), 655, 700), None),
        (Wish("other", (3,), 500, 640), 10),  # one that was given up before
        (Wish("other", (3,), 661, 700), 650),  # one that came later
        (Wish("other", (1, 2), 630, 655), 650),  # one for other seats
        (Wish("me", (3,), 630, 655), 650),  # the same request, sent before
    ],
)
def test_a_seat_that_somebody_else_asks_for_is_not_to_be_had(wish: Wish, free_for: int | None) -> None:
    assert Occupancy(SEATS, [], [wish], []).free_for(Refusal("me", (3,), 1, 650, 660)) == free_for


def test_seats_that_are_asked_for_are_not_among_the_best_that_are_to_be_had() -> None:
    wishes = [Wish("a", (1,), 100, 200), Wish("b", (1, 2), 150, 300)]
    occupancy = Occupancy(SEATS, [], wishes, [])
    refused = [Refusal("me", (), count, 250, 260) for count in (1, 2)]
    assert [occupancy.free_for(refusal) for refusal in refused] == [250, None]
    assert occupancy.free_for(Refusal("me", (), 3, 350, 360)) == 50


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
    assert Occupancy(SEATS, CHANGES, [], away).free_for(Refusal("me", (1,), 1, began, ended)) == free_for
