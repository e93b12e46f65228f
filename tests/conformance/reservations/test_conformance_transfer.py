"""Holds and bookings are handed to other users; the seats stay as they are."""

from __future__ import annotations

import asyncio

import pytest

from conformance.reservations.driver import SHORT, World, conformance
from ticketctl.errors import HoldExpiredError, HoldNotFoundError, LimitExceededError, SeatsUnavailableError
from ticketctl.reservations import Limits

pytestmark = pytest.mark.integration


@conformance
async def test_a_transferred_hold_is_the_same_hold_of_another_user(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats[:2], "anna", ttl=60)
    handed = await desk.transfer(hold, "bert")

    assert (handed.hold_id, handed.user_id, handed.status) == (hold.hold_id, "bert", "ACTIVE")
    assert (handed.expires_at, handed.deadline, handed.seat_ids) == (hold.expires_at, hold.deadline, hold.seat_ids)
    assert 0 < handed.remaining() <= 60
    assert handed == await desk.lookup(hold.hold_id)
    assert world.ask("SELECT reserved_by FROM seats WHERE seat_id = %s", venue[0]) == [("bert",)]
    assert world.ask("SELECT DISTINCT user_id FROM reservations WHERE hold_id = %s", hold.hold_id) == [("bert",)]
    assert world.audit(venue[0]) == [(1, "held", hold.hold_id, "anna"), (2, "transferred", hold.hold_id, "anna")]
    assert world.news(venue) == ["seats.held", "seats.transferred"]
    assert (await desk.confirm(handed, 7)).user_id == "bert"


@conformance
async def test_a_transferred_booking_is_the_same_booking_of_another_user(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats, "anna"), 7)
    handed = await desk.transfer(booked.hold_id, "bert", actor="support")

    assert (handed.user_id, handed.status, handed.booking_id) == ("bert", "CONFIRMED", 7)
    seats = world.ask("SELECT status, reserved_by, booking_id, reserved_until FROM seats WHERE seat_id = %s", venue[0])
    assert seats == [("BOOKED", "bert", 7, None)]
    assert world.audit(venue[0])[-1] == (3, "transferred", booked.hold_id, "support")
    assert (await desk.cancel(handed)).user_id == "bert"


@conformance
async def test_handing_a_hold_to_whoever_has_it_changes_nothing(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna")
    before = world.written(venue)
    assert await desk.transfer(hold, "anna") == hold
    assert world.written(venue) == before
    await desk.transfer(hold, "bert")
    await desk.transfer(hold, "bert")
    assert world.reasons(venue[0]) == ["held", "transferred"]


@conformance
async def test_what_sold_out_is_handed_on_all_the_same(world: World) -> None:
    world.limits = Limits(per_event=4, per_user=4)
    desk, venue = world.desk(limits=world.limits), world.venue(seats=5)
    hold = await desk.hold(venue.id, venue.seats[:2], "anna")
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats[2:4], "anna"), 7)
    with pytest.raises(LimitExceededError):
        await desk.hold(venue.id, [venue[4]], "bert")
    assert (await desk.transfer(hold, "bert")).user_id == "bert"
    assert (await desk.transfer(booked, "carl")).user_id == "carl"


@conformance
async def test_whoever_has_as_much_as_allowed_is_handed_nothing(world: World) -> None:
    world.limits = Limits(per_user=3)
    desk, venue = world.desk(limits=world.limits), world.venue(seats=8)
    hold = await desk.hold(venue.id, venue.seats[:2], "anna")
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats[2:3], "anna"), 7)
    await desk.hold(venue.id, venue.seats[3:5], "bert")
    before = world.written(venue)
    with pytest.raises(LimitExceededError) as refused:
        await desk.transfer(hold, "bert")
    assert (refused.value.limit, refused.value.most, refused.value.has, refused.value.wanted) == ("per_user", 3, 2, 2)
    assert world.written(venue) == before

    await desk.transfer(booked, "bert")
    with pytest.raises(LimitExceededError):
        await desk.transfer(hold, "bert")
    # The giver has room again.
    await desk.hold(venue.id, [venue[5]], "anna")


@conformance
async def test_a_booking_is_no_open_hold_of_the_one_who_is_handed_it(world: World) -> None:
    world.limits = Limits(open_holds=1)
    desk, venue = world.desk(limits=world.limits), world.venue()
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats[:1], "anna"), 7)
    hold = await desk.hold(venue.id, venue.seats[1:2], "anna")
    await desk.hold(venue.id, venue.seats[2:], "bert")
    with pytest.raises(LimitExceededError) as refused:
        await desk.transfer(hold, "bert")
    assert refused.value.limit == "open_holds"
    assert (await desk.transfer(booked, "bert")).user_id == "bert"


@conformance
async def test_many_gifts_at_once_do_not_exceed_what_one_may_have(world: World) -> None:
    world.limits = Limits(per_user=3)
    desks = [world.desk(limits=world.limits), world.desk(limits=world.limits)]
    venue = world.venue(seats=10)
    holds = [await desks[0].hold(venue.id, [seat], f"user-{place}") for place, seat in enumerate(venue.seats)]
    answers = await asyncio.gather(
        *(desks[number % 2].transfer(hold, "zoe") for number, hold in enumerate(holds)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert {type(answer) for answer in refused} == {LimitExceededError}
    assert len(refused) == 7
    ((has,),) = world.ask("SELECT COUNT(*) FROM seats WHERE event_id = %s AND reserved_by = 'zoe'", venue.id)
    assert has == 3


@conformance
async def test_what_is_over_is_not_handed_on(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    over = await desk.hold(venue.id, venue.seats[:2], "anna", ttl=SHORT)
    released = await desk.hold(venue.id, venue.seats[2:], "anna")
    await desk.release(released)
    await world.over(over)
    for hold in (over, released):
        with pytest.raises(HoldExpiredError) as refused:
            await desk.transfer(hold, "bert")
        assert refused.value.hold_id == hold.hold_id
    await desk.hold(venue.id, [venue[1]], "carl")
    with pytest.raises(HoldExpiredError) as refused:
        await desk.transfer(over, "bert")
    assert refused.value.seat_ids == (venue[1],)
    with pytest.raises(HoldNotFoundError):
        await desk.transfer("nobody-has-this-one", "bert")


@conformance
async def test_a_handed_hold_is_not_free_for_a_moment(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna")
    answers = await asyncio.gather(
        desk.transfer(hold, "bert"),
        *(desk.hold(venue.id, [seat], "carl") for seat in venue.seats),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers[1:]] == [SeatsUnavailableError] * 4
    assert world.reasons(venue[0]) == ["held", "transferred"]
