"""Seats that nobody named: the best that are free and that suit, together, and none refused that is free."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from conformance.reservations.driver import SHORT, Venue, World, alone, conformance
from ticketctl.errors import SeatsUnavailableError

pytestmark = pytest.mark.integration


def row(section: str | None, name: str, count: int, kind: str = "REGULAR", price: str = "50.00") -> list[Any]:
    """Return the seats of a row, in places from 1."""
    return [(section, name, place, kind, Decimal(price)) for place in range(1, count + 1)]


def places(venue: Venue, seat_ids: tuple[int, ...]) -> list[int]:
    """Return which of the event's seats they are, from 0."""
    return [venue.seats.index(seat_id) for seat_id in seat_ids]


@conformance
async def test_the_best_are_neighbours_in_a_row(world: World) -> None:
    desk, venue = world.desk(), world.venue(*row("A", "1", 3), *row("A", "2", 3), *row("B", "1", 6))
    for count in (6, 3, 3):
        hold = await desk.hold_best(venue.id, count)
        found = places(venue, hold.seat_ids)
        assert found in ([6, 7, 8, 9, 10, 11], [0, 1, 2], [3, 4, 5])
    assert world.states(venue) == ["RESERVED"] * 12


@conformance
async def test_nobody_is_left_a_single_seat_while_there_is_another_way(world: World) -> None:
    desk, venue = world.desk(), world.venue(*row("A", "1", 5), *row("A", "2", 4))
    hold = await desk.hold_best(venue.id, 4)  # of five it would leave one
    assert places(venue, hold.seat_ids) == [5, 6, 7, 8]
    # Then there is none: a single seat costs nobody a booking.
    assert len((await desk.hold_best(venue.id, 4)).seat_ids) == 4


@conformance
async def test_what_is_written_of_the_best_is_what_is_written_of_named_ones(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold_best(venue.id, 2, "anna", ttl=60, actor="kiosk", hold_id=f"a-{venue.id}")
    assert hold == await desk.lookup(f"a-{venue.id}")
    assert world.audit(hold.seat_ids[0]) == [(1, "held", hold.hold_id, "kiosk")]
    assert world.news(venue) == ["seats.held"]
    if world.front == "redis":
        assert 3_000 < world.left(venue, hold.seat_ids[0]) <= 60_000


@alone
async def test_only_what_suits_is_given(world: World) -> None:
    desk = world.desk()
    venue = world.venue(
        *row("A", "1", 4, "VIP", "90.00"), *row("A", "2", 4, "REGULAR", "50.00"), *row("B", "1", 4, "PREMIUM", "50.01")
    )
    wishes: list[tuple[dict[str, Any], range]] = [
        ({"section": "B"}, range(8, 12)),
        ({"seat_type": "VIP"}, range(4)),
        ({"max_price": 50}, range(4, 8)),
        ({"max_price": Decimal("50.00"), "section": "A"}, range(4, 8)),
        ({"max_price": 89.99, "seat_type": "PREMIUM"}, range(8, 12)),
    ]
    for wish, suits in wishes:
        hold = await desk.hold_best(venue.id, 2, **wish)
        assert set(places(venue, hold.seat_ids)) <= set(suits), wish
        await desk.release(hold)
    nothing: list[dict[str, Any]] = [
        {"section": "C"},
        {"section": "B", "seat_type": "VIP"},
        {"max_price": 49.99},
        {"max_price": 0},
        {"seat_type": "VIP", "max_price": 89},
    ]
    for wish in nothing:
        with pytest.raises(SeatsUnavailableError) as refused:
            await desk.hold_best(venue.id, 1, **wish)
        assert (refused.value.event_id, refused.value.seat_ids) == (venue.id, ())
    with pytest.raises(SeatsUnavailableError):
        await desk.hold_best(venue.id, 5, section="B")
    with pytest.raises(SeatsUnavailableError):
        await desk.hold_best(2**61, 1)
    assert world.states(venue) == ["AVAILABLE"] * 12


@conformance
async def test_seats_apart_are_given_only_to_those_who_take_them(world: World) -> None:
    desk, venue = world.desk(), world.venue(*row("A", "1", 7))
    await desk.hold(venue.id, venue.seats[1::2], "others")
    with pytest.raises(SeatsUnavailableError, match="no 2 free seats together"):
        await desk.hold_best(venue.id, 2, split=False)
    assert places(venue, (await desk.hold_best(venue.id, 1, split=False)).seat_ids)[0] in (0, 2, 4, 6)
    assert len((await desk.hold_best(venue.id, 3)).seat_ids) == 3
    assert world.states(venue) == ["RESERVED"] * 7


@conformance
async def test_whoever_does_not_want_neighbours_gets_the_first_that_are_free(world: World) -> None:
    desk, venue = world.desk(), world.venue(*row("A", "1", 9))
    await desk.hold(venue.id, venue.seats[1:5:2], "others")
    hold = await desk.hold_best(venue.id, 3, together=False)
    assert places(venue, hold.seat_ids) == [0, 2, 4]


@alone
async def test_neighbours_are_neighbours_by_what_stands_on_them_where_the_house_gave_no_places(world: World) -> None:
    """Seats of a row in places 1, 2, 4, 5, 10, by their numbers."""
    seats = [("A", "1", place, "REGULAR", Decimal(10)) for place in (1, 2, 4, 5, 10)]
    desk, venue = world.desk(), world.venue(*seats)
    world.ask("UPDATE seats SET row_position = NULL WHERE event_id = %s", venue.id)
    with pytest.raises(SeatsUnavailableError):
        await desk.hold_best(venue.id, 3, split=False)
    found = [places(venue, (await desk.hold_best(venue.id, 2, split=False)).seat_ids) for _ in range(2)]
    assert sorted(found) == [[0, 1], [2, 3]]


@conformance
async def test_seats_whose_holds_are_over_are_found_without_a_sweeper(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=6)
    over = await desk.hold(venue.id, venue.seats[:4], "anna", ttl=SHORT)
    await world.over(over)
    hold = await desk.hold_best(venue.id, 6, "bert")
    assert hold.seat_ids == venue.seats
    assert world.reasons(venue[0]) == ["held", "expired", "held"]
    assert world.reasons(venue[5]) == ["held"]


@conformance
async def test_what_others_have_is_not_given(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=8)
    await desk.hold(venue.id, venue.seats[:2], "anna")
    await desk.confirm(await desk.hold(venue.id, venue.seats[2:4], "anna"))
    await desk.block(venue.id, venue.seats[4:6])
    assert (await desk.hold_best(venue.id, 2)).seat_ids == venue.seats[6:]
    with pytest.raises(SeatsUnavailableError):
        await desk.hold_best(venue.id, 1)


@conformance
async def test_the_last_seats_are_had_by_as_many_as_there_are(world: World) -> None:
    """Thirty come for seven seats at once: seven have one, all others are told that there is none."""
    desks, venue = [world.desk(), world.desk()], world.venue(seats=7)
    answers = await asyncio.gather(
        *(desks[number % 2].hold_best(venue.id, 1, f"user-{number}") for number in range(30)), return_exceptions=True
    )
    assert Counter(type(answer).__name__ for answer in answers) == {"Hold": 7, "SeatsUnavailableError": 23}
    assert world.states(venue) == ["RESERVED"] * 7


@conformance
async def test_named_and_best_at_once_never_have_one_seat_twice(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue(seats=40)
    answers = await asyncio.gather(
        *(desks[number % 2].hold_best(venue.id, 2, f"best-{number}") for number in range(20)),
        *(desks[number % 2].hold(venue.id, [seat], f"named-{number}") for number, seat in enumerate(venue.seats[:20])),
        return_exceptions=True,
    )
    held = [seat for answer in answers if not isinstance(answer, BaseException) for seat in answer.seat_ids]
    assert len(held) == len(set(held)) == world.states(venue).count("RESERVED")
    assert {type(answer) for answer in answers if isinstance(answer, BaseException)} <= {SeatsUnavailableError}


@alone
async def test_neighbours_are_found_behind_thousands_of_seats_whose_holds_are_over(world: World) -> None:
    """Nobody sweeps, and the first 2,200 seats that are free again have a sold one on each side."""
    world.checked = False
    desk, venue = world.desk(), world.venue(*row("A", "1", 4_402))
    sold, neighbours = venue.seats[1:4_400:2], venue.seats[4_400:]
    world.ask(
        "UPDATE seats SET status = 'RESERVED', reserved_until = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR WHERE event_id = %s",
        venue.id,
    )
    marks = ", ".join(["%s"] * len(sold))
    world.ask(f"UPDATE seats SET status = 'BOOKED', reserved_until = NULL WHERE seat_id IN ({marks})", *sold)
    hold = await desk.hold_best(venue.id, 2, split=False)
    assert hold.seat_ids == neighbours
