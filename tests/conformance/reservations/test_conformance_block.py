"""Seats are kept from sale, and given to it again."""

from __future__ import annotations

import asyncio

import pytest

from conformance.reservations.driver import SHORT, World, conformance
from ticketctl.errors import SeatsUnavailableError, SeatsUnknownError
from ticketctl.reservations import Hold

pytestmark = pytest.mark.integration


@conformance
async def test_blocked_seats_are_not_for_sale(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    assert await desk.block(venue.id, [venue[2], venue[0]], actor="stage") == 2

    assert (await desk.seat_map(venue.id)).letters == "XAXA"
    assert world.audit(venue[0]) == [(1, "blocked", None, "stage")]
    assert world.news(venue) == ["seats.blocked"]
    with pytest.raises(SeatsUnavailableError) as refused:
        await desk.hold(venue.id, venue.seats)
    assert refused.value.seat_ids == (venue[0], venue[2])
    assert (await desk.hold_best(venue.id, 2)).seat_ids == (venue[1], venue[3])


@conformance
async def test_blocking_again_changes_nothing(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    await desk.block(venue.id, venue.seats[:2])
    before = world.written(venue)
    assert await desk.block(venue.id, venue.seats[:2]) == 0
    assert world.written(venue) == before
    assert await desk.block(venue.id, venue.seats[:3]) == 1
    assert world.reasons(venue[0]) == ["blocked"]


@conformance
async def test_seats_that_are_held_or_booked_are_not_blocked_nor_any_with_them(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    await desk.hold(venue.id, [venue[1]], "anna")
    await desk.confirm(await desk.hold(venue.id, [venue[3]], "anna"))
    before = world.written(venue)
    with pytest.raises(SeatsUnavailableError) as refused:
        await desk.block(venue.id, venue.seats)
    assert (refused.value.event_id, refused.value.seat_ids) == (venue.id, (venue[1], venue[3]))
    assert world.written(venue) == before


@conformance
async def test_a_seat_whose_hold_is_over_is_blocked(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT)
    await world.over(hold)
    assert await desk.block(venue.id, [venue[0]], actor="stage") == 1
    assert world.audit(venue[0])[1:] == [(2, "expired", hold.hold_id, "stage"), (3, "blocked", None, "stage")]
    assert world.news(venue) == ["seats.held", "seats.expired", "seats.blocked"]


@conformance
async def test_unblocked_seats_can_be_held_at_once(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    await desk.block(venue.id, venue.seats)
    with pytest.raises(SeatsUnavailableError):  # Redis learns of it as well
        await desk.hold(venue.id, venue.seats)
    assert await desk.unblock(venue.id, venue.seats[:3], actor="stage") == 3
    assert (await desk.seat_map(venue.id)).letters == "AAAX"
    assert (await desk.hold(venue.id, venue.seats[:3])).status == "ACTIVE"
    assert world.audit(venue[0])[1] == (2, "unblocked", None, "stage")
    assert world.news(venue) == ["seats.blocked", "seats.unblocked", "seats.held"]


@conformance
async def test_unblocking_leaves_all_others_as_they_are(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    await desk.hold(venue.id, [venue[0]], "anna")
    await desk.confirm(await desk.hold(venue.id, [venue[1]], "anna"))
    await desk.block(venue.id, [venue[2]])
    assert await desk.unblock(venue.id, venue.seats) == 1
    assert (await desk.seat_map(venue.id)).letters == "RBAA"
    before = world.written(venue)
    assert await desk.unblock(venue.id, venue.seats) == 0
    assert world.written(venue) == before


@conformance
async def test_seats_that_the_event_does_not_have_are_neither_blocked_nor_unblocked(world: World) -> None:
    desk, here, there = world.desk(), world.venue(), world.venue()
    await desk.block(there.id, there.seats)
    for way in (desk.block, desk.unblock):
        with pytest.raises(SeatsUnknownError) as refused:
            await way(here.id, [here[0], there[0], 10**12])
        assert refused.value.seat_ids == (there[0], 10**12)
    assert world.states(here) == ["AVAILABLE"] * 4
    assert world.states(there) == ["BLOCKED"] * 4


@conformance
async def test_of_those_who_block_and_those_who_hold_at_once_one_has_a_seat(world: World) -> None:
    desks = [world.desk(), world.desk()]
    for _ in range(4):
        venue = world.venue()
        answers = await asyncio.gather(
            desks[0].block(venue.id, venue.seats),
            *(desks[1].hold(venue.id, [seat], "anna") for seat in venue.seats),
            return_exceptions=True,
        )
        held = sum(isinstance(answer, Hold) for answer in answers)
        if held:
            assert isinstance(answers[0], SeatsUnavailableError)
            assert world.states(venue).count("RESERVED") == held
        else:
            assert answers == [4, *answers[1:]]
            assert world.states(venue) == ["BLOCKED"] * 4
