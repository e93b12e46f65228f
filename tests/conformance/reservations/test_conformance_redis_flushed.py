"""Redis forgets everything, scripts too, before and after each statement of each operation: nothing goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from conformance.reservations.driver import Desk, Venue, World, fronted
from conformance.reservations.sources import Watch, source_of
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Hold

pytestmark = pytest.mark.integration
Preparation = Callable[[Desk, Venue], Awaitable[Any]]
Operation = Callable[[Desk, Any], Awaitable[Any]]


async def _hold(desk: Desk, venue: Venue) -> Hold:
    return await desk.hold(venue.id, venue.seats, "anna")


async def each_step(world: World, prepare: Preparation, operation: Operation, letter: str) -> int:
    """Do something again and again, each time with another moment at which Redis forgets everything.

    Args:
        world: The world.
        prepare: Makes what the operation is done with.
        operation: It.
        letter: What all seats are on the map afterwards.

    Returns:
        How many moments there are.
    """

    def forget(number: int, _text: str) -> None:
        if number == step:
            happened.append(number)
            world.server.forget_everything()

    happened: list[int] = []
    watch, other = Watch(), world.desk()
    desk = world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory)))
    for moment in range(60):
        step, before = divmod(moment, 2)
        venue = world.venue(seats=2)
        happened.clear()
        prepared = await prepare(desk, venue)
        watch.begin()
        watch.before, watch.after = (forget, None) if before else (None, forget)
        await operation(desk, prepared)
        watch.before = watch.after = None

        assert (await other.seat_map(venue.id)).letters == letter * 2
        await is_told_the_truth(other, venue, letter)
        if not happened:
            return moment
    raise AssertionError("it never comes to an end")


async def is_told_the_truth(desk: Desk, venue: Venue, letter: str) -> None:
    """Check that somebody else gets seats that are free, now, and no others."""
    if letter == "A":
        assert (await desk.hold(venue.id, venue.seats, "bert")).seat_ids == venue.seats
        return
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, [venue[1]], "bert")
    with pytest.raises(SeatsUnavailableError):
        await desk.hold_best(venue.id, 1, "bert")


async def _just_the_venue(_: Desk, venue: Venue) -> Venue:
    return venue


async def _confirmed(desk: Desk, venue: Venue) -> Hold:
    return await desk.confirm(await _hold(desk, venue), 7)


@fronted
async def test_while_seats_are_held(world: World) -> None:
    assert await each_step(world, _just_the_venue, _hold, "R") >= 12


@fronted
async def test_while_the_best_are_held(world: World) -> None:
    def best(desk: Desk, venue: Any) -> Awaitable[Hold]:
        return desk.hold_best(venue.id, 2, "anna")

    assert await each_step(world, _just_the_venue, best, "R") >= 12


@fronted
async def test_while_a_hold_is_released(world: World) -> None:
    assert await each_step(world, _hold, lambda desk, hold: desk.release(hold), "A") >= 14


@fronted
async def test_while_a_hold_is_confirmed(world: World) -> None:
    assert await each_step(world, _hold, lambda desk, hold: desk.confirm(hold, 7), "B") >= 14


@fronted
async def test_while_a_hold_is_extended(world: World) -> None:
    assert await each_step(world, _hold, lambda desk, hold: desk.extend(hold, 600), "R") >= 14


@fronted
async def test_while_a_booking_is_cancelled(world: World) -> None:
    assert await each_step(world, _confirmed, lambda desk, hold: desk.cancel(hold), "A") >= 14
