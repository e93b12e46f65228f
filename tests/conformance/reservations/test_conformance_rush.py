"""R7: when as many seats are wanted as there are, all are sold, and nobody is refused whom seats apart would suit."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from decimal import Decimal

import pytest

from conformance.reservations.driver import World, alone, fronted
from ticketctl.errors import ReservationError, SeatsUnavailableError

pytestmark = pytest.mark.integration
SECTIONS, ROWS, WIDTH = 8, 25, 40
BUYERS = 160


def groups(dice: random.Random, seats: int) -> list[int]:
    """Return sizes of 1 to 4 that are so many seats together."""
    sizes = []
    while seats:
        sizes.append(min(seats, dice.randint(1, 4)))
        seats -= sizes[-1]
    return sizes


@pytest.mark.parametrize("objects", [1, 8])
@fronted
async def test_8000_seats_are_sold_to_160_buyers_at_once_who_want_as_many(world: World, objects: int) -> None:
    seats = [
        (f"S{section}", str(row), place, "REGULAR", Decimal(50))
        for section in range(SECTIONS)
        for row in range(1, ROWS + 1)
        for place in range(1, WIDTH + 1)
    ]
    venue = world.venue(*seats)
    # Nobody waits so long that the wait, not the choice, decides: how fast it is, benchmarks tell.
    desks = [world.desk(patience=60.0) for _ in range(objects)]
    dice = random.Random(objects)  # noqa: S311  # any groups will do
    wanted = [groups(dice, len(seats) // BUYERS) for _ in range(BUYERS)]

    sold: list[int] = []
    failures: list[ReservationError] = []

    async def buy(number: int) -> None:
        for size in wanted[number]:
            if failures:  # it is lost: nobody has to go on
                return
            try:
                hold = await desks[number % objects].hold_best(venue.id, size, f"buyer-{number}", ttl=3600)
            except ReservationError as error:
                failures.append(error)
            else:
                assert len(hold.seat_ids) == size
                sold.extend(hold.seat_ids)

    await asyncio.gather(*map(buy, range(BUYERS)))
    assert not failures, failures[0]
    assert len(sold) == len(set(sold)) == len(seats)
    assert world.ask("SELECT status, COUNT(*) FROM seats WHERE event_id = %s GROUP BY status", venue.id) == [
        ("RESERVED", len(seats))
    ]
    with pytest.raises(SeatsUnavailableError):
        await desks[0].hold_best(venue.id, 1, "late")


@pytest.mark.parametrize("objects", [1, 8])
@alone
async def test_fewer_seats_than_are_wanted_are_sold_to_the_last_one(world: World, objects: int) -> None:
    """One seat each, and half as many seats as buyers: exactly the other half is refused."""
    venue = world.venue(seats=BUYERS // 2)
    desks = [world.desk(patience=60.0) for _ in range(objects)]
    answers = await asyncio.gather(
        *(desks[number % objects].hold_best(venue.id, 1, f"buyer-{number}") for number in range(BUYERS)),
        return_exceptions=True,
    )
    assert Counter(type(answer).__name__ for answer in answers) == {
        "Hold": BUYERS // 2,
        "SeatsUnavailableError": BUYERS // 2,
    }


@alone
async def test_seats_that_are_given_back_in_a_rush_are_sold_as_well(world: World) -> None:
    """Half of the buyers change their mind; whoever comes again and again has a seat in the end."""
    venue = world.venue(seats=24)
    desks = [world.desk(patience=60.0) for _ in range(2)]

    async def hesitate(number: int) -> None:
        with contextlib.suppress(SeatsUnavailableError):
            hold = await desks[number % 2].hold_best(venue.id, 2, f"hesitant-{number}")
            assert await desks[number % 2].release(hold)

    async def insist(number: int) -> None:
        while True:
            try:
                await desks[number % 2].hold_best(venue.id, 2, f"insistent-{number}")
            except SeatsUnavailableError:
                await asyncio.sleep(0.01)
            else:
                return

    await asyncio.gather(*map(hesitate, range(12)), *map(insist, range(12)))
    assert world.states(venue) == ["RESERVED"] * 24
