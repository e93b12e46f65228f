"""Holds and bookings are given back, and nobody gives back what others have."""

from __future__ import annotations

import asyncio

import pytest

from conformance.reservations.driver import SHORT, World, conformance
from ticketctl.errors import HoldConflictError, HoldNotFoundError

pytestmark = pytest.mark.integration


@conformance
async def test_released_seats_are_free_at_once(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna")
    assert await desk.release(hold, actor="support")

    assert (await desk.seat_map(venue.id)).letters == "AAAA"
    seats = world.ask(
        "SELECT status, version, reserved_by, reserved_until, hold_id, booking_id FROM seats WHERE seat_id = %s",
        venue[0],
    )
    assert seats == [("AVAILABLE", 2, None, None, None, None)]
    assert world.ask("SELECT DISTINCT status FROM reservations WHERE hold_id = %s", hold.hold_id) == [("CANCELLED",)]
    assert world.audit(venue[0]) == [(1, "held", hold.hold_id, "anna"), (2, "released", hold.hold_id, "support")]
    assert world.news(venue) == ["seats.held", "seats.released"]
    found = await desk.lookup(hold.hold_id)
    assert found is not None
    assert (found.status, found.remaining()) == ("CANCELLED", 0.0)
    # No wait: the next one has them.
    assert (await world.desk().hold(venue.id, venue.seats, "bert")).seat_ids == venue.seats


@conformance
async def test_releasing_again_is_said_to_have_been_done(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    hold = await desks[0].hold(venue.id, venue.seats)
    assert await desks[0].release(hold)
    before = world.written(venue)
    assert await desks[1].release(hold.hold_id)
    assert world.written(venue) == before


@conformance
async def test_of_many_releases_at_once_one_does_it_and_all_say_so(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    hold = await desks[0].hold(venue.id, venue.seats)
    assert await asyncio.gather(*(desks[number % 2].release(hold) for number in range(12))) == [True] * 12
    assert world.reasons(venue[0]) == ["held", "released"]
    assert world.news(venue) == ["seats.held", "seats.released"]


@pytest.mark.parametrize("swept", [False, True], ids=["over", "swept"])
@conformance
async def test_a_hold_that_was_over_was_not_given_back(world: World, swept: bool) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=SHORT)
    await world.over(hold)
    if swept:
        await desk.sweep()
    before = world.written(venue)
    assert not await desk.release(hold)
    assert world.written(venue) == before


@conformance
async def test_seats_that_others_have_taken_over_stay_theirs(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats[:3], "anna", ttl=SHORT)
    await world.over(hold)
    second = await desk.hold(venue.id, venue.seats[1:3], "bert")
    assert not await desk.release(hold)
    assert (await desk.lookup(second.hold_id)) == second
    assert (await desk.seat_map(venue.id)).letters == "ARRA"
    # Nor does Redis forget whose they are.
    assert world.front == "alone" or world.left(venue, venue[1]) > 60_000


@conformance
async def test_what_was_given_back_and_taken_by_others_stays_theirs(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await desk.hold(venue.id, venue.seats, "anna")
    await desk.release(first)
    second = await desk.hold(venue.id, venue.seats, "bert")
    assert await desk.release(first)
    assert (await desk.seat_map(venue.id)).letters == "RRRR"
    assert (await desk.lookup(second.hold_id)) == second
    assert world.front == "alone" or world.left(venue, venue[1]) > 60_000


@conformance
async def test_a_booking_is_cancelled_and_not_released(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats, "anna"), 7)
    before = world.written(venue)
    with pytest.raises(HoldConflictError) as refused:
        await desk.release(booked)
    assert refused.value.hold_id == booked.hold_id
    assert world.written(venue) == before

    cancelled = await desk.cancel(booked, actor="support")
    assert (cancelled.status, cancelled.booking_id, cancelled.seat_ids) == ("CANCELLED", 7, venue.seats)
    assert world.audit(venue[0])[-1] == (3, "cancelled", booked.hold_id, "support")
    ((booking,),) = world.ask("SELECT booking_id FROM seat_audit WHERE seat_id = %s AND seat_version = 3", venue[0])
    assert booking == 7
    assert world.ask("SELECT status, hold_id, booking_id FROM seats WHERE seat_id = %s", venue[0]) == [
        ("AVAILABLE", None, None)
    ]
    assert world.news(venue) == ["seats.held", "seats.confirmed", "seats.cancelled"]
    assert (await desk.hold(venue.id, venue.seats, "bert")).status == "ACTIVE"


@conformance
async def test_cancelling_again_changes_nothing(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    booked = await desks[0].confirm(await desks[0].hold(venue.id, venue.seats), 7)
    first = await desks[0].cancel(booked)
    before = world.written(venue)
    assert await desks[1].cancel(booked.hold_id) == first
    assert world.written(venue) == before
    # What was cancelled is released already.
    assert await desks[1].release(booked)


@conformance
async def test_a_cancelled_booking_does_not_take_the_seats_of_the_next_one(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats, "anna"), 7)
    await desk.cancel(booked)
    following = await desk.confirm(await desk.hold(venue.id, venue.seats, "bert"), 8)
    await desk.cancel(booked)
    assert (await desk.lookup(following.hold_id)) == following
    assert (await desk.seat_map(venue.id)).letters == "BBBB"


@conformance
async def test_a_hold_is_released_and_not_cancelled(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats[:2])
    over = await desk.hold(venue.id, venue.seats[2:], ttl=SHORT)
    await world.over(over)
    for each in (hold, over):
        with pytest.raises(HoldConflictError):
            await desk.cancel(each)
    assert world.states(venue) == ["RESERVED"] * 4


@conformance
async def test_there_is_nothing_to_give_back_where_there_is_no_hold(world: World) -> None:
    desk = world.desk()
    for way in ("release", "cancel", "seats"):
        with pytest.raises(HoldNotFoundError):
            await desk.call(way, "nobody-has-this-one")
