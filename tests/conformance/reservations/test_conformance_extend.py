"""A hold ends later, never earlier, and never after its deadline."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from conformance.reservations.driver import SHORT, World, conformance
from ticketctl.errors import HoldConflictError, HoldExpiredError, HoldNotFoundError, SeatsUnavailableError

pytestmark = pytest.mark.integration


@conformance
async def test_an_extended_hold_ends_so_many_seconds_from_now(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats[:2], ttl=60)
    before = world.now()
    extended = await desk.extend(hold, 600, actor="payment")
    after = world.now()

    assert before + timedelta(seconds=600) <= extended.expires_at <= after + timedelta(seconds=600)
    assert (extended.hold_id, extended.seat_ids, extended.deadline) == (hold.hold_id, hold.seat_ids, hold.deadline)
    assert 540 < extended.remaining() <= 600
    assert extended == await desk.lookup(hold.hold_id)
    until = extended.expires_at.replace(tzinfo=None)
    assert world.ask("SELECT DISTINCT reserved_until FROM seats WHERE hold_id = %s", hold.hold_id) == [(until,)]
    assert world.audit(venue[0]) == [(1, "held", hold.hold_id, "anna"), (2, "extended", hold.hold_id, "payment")]
    assert world.news(venue) == ["seats.held", "seats.extended"]


@conformance
async def test_a_hold_is_never_made_shorter(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=600)
    before = world.written(venue)
    assert await desk.extend(hold, 60) == hold
    assert world.written(venue) == before


@conformance
async def test_no_extension_goes_beyond_the_deadline(world: World) -> None:
    desk, venue = world.desk(max_hold=300), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=60)
    assert hold.deadline - hold.expires_at == timedelta(seconds=240)

    extended = await desk.extend(hold, 3600)
    assert extended.expires_at == extended.deadline == hold.deadline
    before = world.written(venue)
    for _ in range(3):
        assert (await desk.extend(hold, 3600)).expires_at == hold.deadline
    assert world.written(venue) == before


@conformance
async def test_the_deadline_is_that_of_the_first_hour_whoever_extends(world: World) -> None:
    """It was written when the hold was made: a program with other settings cannot go beyond it."""
    desk, generous, venue = world.desk(max_hold=300), world.desk(max_hold=9000), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=60)
    assert (await generous.extend(hold, 3600)).expires_at == hold.deadline


@conformance
async def test_a_hold_that_is_longer_than_may_be_extended_lives_as_long_as_it_was_asked_for(world: World) -> None:
    desk, venue = world.desk(max_hold=60), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=600)
    assert hold.expires_at == hold.deadline
    assert (await desk.extend(hold, 3600)).expires_at == hold.expires_at


@conformance
async def test_an_extended_hold_is_not_over_at_its_first_end(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna", ttl=20)
    await desk.extend(hold, 600)
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, [venue[0]], "bert")
    assert world.left(venue, venue[0]) > 60_000 or world.front == "alone"


@pytest.mark.parametrize("swept", [False, True], ids=["over", "swept"])
@conformance
async def test_a_hold_that_is_over_cannot_be_extended(world: World, swept: bool) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=SHORT)
    await world.over(hold)
    if swept:
        await desk.sweep()
    before = world.written(venue)
    with pytest.raises(HoldExpiredError) as refused:
        await desk.extend(hold, 600)
    assert refused.value.hold_id == hold.hold_id
    assert world.written(venue) == before


@conformance
async def test_a_hold_whose_seats_others_have_cannot_be_extended(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT)
    await world.over(hold)
    await desk.hold(venue.id, [venue[2]], "bert")
    with pytest.raises(HoldExpiredError) as refused:
        await desk.extend(hold, 600)
    assert refused.value.seat_ids == (venue[2],)


@conformance
async def test_what_does_not_end_cannot_be_extended(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats[:2]))
    with pytest.raises(HoldConflictError):
        await desk.extend(booked, 600)
    released = await desk.hold(venue.id, venue.seats[2:])
    await desk.release(released)
    with pytest.raises(HoldExpiredError):
        await desk.extend(released, 600)
    with pytest.raises(HoldNotFoundError) as refused:
        await desk.extend("nobody-has-this-one", 600)
    assert refused.value.hold_id == "nobody-has-this-one"


@conformance
async def test_extensions_at_the_same_time_leave_the_latest_end(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    hold = await desks[0].hold(venue.id, venue.seats, ttl=60)
    ends = await asyncio.gather(*(desks[number % 2].extend(hold, 100 + 40 * number) for number in range(10)))
    found = await desks[0].lookup(hold.hold_id)
    assert found is not None
    assert found.expires_at == max(extended.expires_at for extended in ends)
    versions = [version for version, _, _, _ in world.audit(venue[0])]
    assert versions == list(range(1, len(versions) + 1))
