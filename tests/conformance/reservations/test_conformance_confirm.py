"""Seats are booked once, for one booking, and also by a hold that was over if nobody else has them."""

from __future__ import annotations

import asyncio

import pytest

from conformance.locks.driver import eventually
from conformance.reservations.driver import PATIENCE, SHORT, Desk, Venue, World, conformance
from ticketctl.errors import HoldConflictError, HoldExpiredError, HoldNotFoundError, SeatsUnavailableError
from ticketctl.reservations import Hold
from ticketctl.reservations.history import Told

pytestmark = pytest.mark.integration


async def over(world: World, desk: Desk, venue: Venue, seats: slice = slice(None), user: str = "anna") -> Hold:
    """Return a hold that is over."""
    hold = await desk.hold(venue.id, venue.seats[seats], user, ttl=SHORT)
    await world.over(hold)
    return hold


@conformance
async def test_a_confirmed_hold_is_booked(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats[:2], "anna")
    booked = await desk.confirm(hold, 77, actor="payment")

    assert (booked.status, booked.booking_id, booked.seat_ids) == ("CONFIRMED", 77, hold.seat_ids)
    assert booked.remaining() == 0.0
    assert booked == await desk.lookup(hold.hold_id)
    seats = world.ask(
        "SELECT status, version, reserved_by, reserved_until, hold_id, booking_id FROM seats WHERE seat_id = %s",
        venue[0],
    )
    assert seats == [("BOOKED", 2, "anna", None, hold.hold_id, 77)]
    rows = world.ask("SELECT DISTINCT status, booking_id FROM reservations WHERE hold_id = %s", hold.hold_id)
    assert rows == [("CONFIRMED", 77)]
    assert world.audit(venue[0]) == [(1, "held", hold.hold_id, "anna"), (2, "confirmed", hold.hold_id, "payment")]
    assert world.news(venue) == ["seats.held", "seats.confirmed"]


@conformance
async def test_confirming_again_for_the_same_booking_changes_nothing(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    hold = await desks[0].hold(venue.id, venue.seats)
    booked = await desks[0].confirm(hold, 7)
    before = world.written(venue)
    assert await desks[1].confirm(hold.hold_id, 7) == booked
    assert world.written(venue) == before


@conformance
async def test_many_confirmations_at_once_are_one(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    hold = await desks[0].hold(venue.id, venue.seats)
    answers = await asyncio.gather(*(desks[number % 2].confirm(hold, 7) for number in range(12)))
    assert {answer.booking_id for answer in answers} == {7}
    assert world.reasons(venue[0]) == ["held", "confirmed"]
    assert world.news(venue) == ["seats.held", "seats.confirmed"]


@conformance
async def test_seats_that_are_booked_are_not_booked_for_another_booking(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    hold = await desks[0].hold(venue.id, venue.seats)
    answers = await asyncio.gather(
        *(desks[number % 2].confirm(hold, 7 + number) for number in range(8)), return_exceptions=True
    )
    (booked,) = [answer for answer in answers if isinstance(answer, Hold)]
    assert {type(answer) for answer in answers if answer is not booked} == {HoldConflictError}
    found = await desks[1].lookup(hold.hold_id)
    assert found == booked


@conformance
async def test_booked_seats_do_not_end(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna", ttl=0.5)
    booked = await desk.confirm(hold)
    await eventually(lambda: world.now() > hold.expires_at, True, PATIENCE)
    while await desk.sweep(10_000):
        pass
    assert world.states(venue) == ["BOOKED"] * 4
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, [venue[0]], "bert")
    assert await desk.lookup(hold.hold_id) == booked
    # Redis knows for as long as it may, not only for as long as the hold had.
    assert world.front == "alone" or world.left(venue, venue[0]) > 60_000


@conformance
async def test_a_hold_that_was_over_is_booked_while_its_seats_are_its_own(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await over(world, desk, venue)
    booked = await desk.confirm(hold, 7)
    assert (booked.status, booked.seat_ids) == ("CONFIRMED", venue.seats)
    assert world.reasons(venue[0]) == ["held", "confirmed"]
    assert world.states(venue) == ["BOOKED"] * 4
    world.told += [Told(hold.hold_id, hold.seat_ids, "anna", "confirmed")]


@conformance
async def test_a_hold_that_was_swept_away_is_booked_while_its_seats_are_free(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await over(world, desk, venue)
    while await desk.sweep():
        pass
    assert world.states(venue) == ["AVAILABLE"] * 4
    assert (await desk.confirm(hold, 7)).status == "CONFIRMED"
    assert world.reasons(venue[0]) == ["held", "expired", "reclaimed"]


@conformance
async def test_a_hold_of_which_some_seats_were_swept_away_is_booked(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT)
    await world.over(hold)
    while "AVAILABLE" not in world.states(venue):  # what others have left behind comes first
        await desk.sweep(1)
    assert world.states(venue).count("AVAILABLE") == 1
    assert (await desk.confirm(hold, 7)).seat_ids == venue.seats
    assert sorted({tuple(world.reasons(seat)) for seat in venue.seats}) == [
        ("held", "confirmed"),
        ("held", "expired", "reclaimed"),
    ]


@pytest.mark.parametrize("taken", [slice(0, 4), slice(1, 2)], ids=["all", "one"])
@conformance
async def test_a_hold_whose_seats_others_have_is_not_booked_and_nothing_changes(world: World, taken: slice) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await over(world, desk, venue)
    second = await desk.hold(venue.id, venue.seats[taken], "bert")
    before = world.written(venue)
    for _ in range(2):
        with pytest.raises(HoldExpiredError) as refused:
            await desk.confirm(hold, 7)
        assert (refused.value.hold_id, refused.value.seat_ids) == (hold.hold_id, venue.seats[taken])
    assert world.written(venue) == before
    assert (await desk.confirm(second, 8)).status == "CONFIRMED"
    with pytest.raises(HoldExpiredError):  # sold is not to be had either
        await desk.confirm(hold, 7)
    world.told += [
        Told(hold.hold_id, hold.seat_ids, "anna", "held"),
        Told(second.hold_id, second.seat_ids, "bert", "confirmed"),
    ]


@conformance
async def test_a_hold_whose_seat_was_blocked_after_its_end_is_not_booked(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await over(world, desk, venue)
    await desk.block(venue.id, [venue[3]])
    with pytest.raises(HoldExpiredError) as refused:
        await desk.confirm(hold, 7)
    assert refused.value.seat_ids == (venue[3],)


@conformance
async def test_a_hold_whose_seats_were_taken_by_one_that_is_over_as_well_is_booked(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await over(world, desk, venue)
    second = await over(world, desk, venue, slice(1, 3), "bert")
    booked = await desk.confirm(first, 7)

    assert booked.seat_ids == venue.seats
    assert world.states(venue) == ["BOOKED"] * 4
    assert world.reasons(venue[0]) == ["held", "confirmed"]
    assert [(reason, hold) for _, reason, hold, _ in world.audit(venue[1])] == [
        ("held", first.hold_id),
        ("expired", first.hold_id),
        ("held", second.hold_id),
        ("expired", second.hold_id),
        ("reclaimed", first.hold_id),
    ]
    assert (await desk.lookup(second.hold_id)).status == "EXPIRED"  # type: ignore[union-attr]
    with pytest.raises(HoldExpiredError):
        await desk.confirm(second, 8)


@conformance
async def test_a_hold_whose_seats_were_taken_and_given_back_is_booked(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await over(world, desk, venue)
    second = await desk.hold(venue.id, venue.seats, "bert")
    await desk.release(second)
    assert (await desk.confirm(first, 7)).status == "CONFIRMED"
    assert world.reasons(venue[0]) == ["held", "expired", "held", "released", "reclaimed"]


@conformance
async def test_whoever_comes_first_to_a_hold_that_is_over_has_its_seats(world: World) -> None:
    """Its user pays for it in the moment in which others take the seats over."""
    desks = [world.desk(), world.desk()]
    for _ in range(6):
        venue = world.venue()
        hold = await over(world, desks[0], venue)
        answers = await asyncio.gather(
            desks[0].confirm(hold, 7),
            *(desk.hold(venue.id, venue.seats[1:3], "bert") for desk in desks),
            return_exceptions=True,
        )
        (won,) = [answer for answer in answers if isinstance(answer, Hold)]
        lost = [type(answer) for answer in answers if answer is not won]
        if won.user_id == "anna":
            assert lost == [SeatsUnavailableError] * 2
            assert world.states(venue) == ["BOOKED"] * 4
        else:
            assert lost == [HoldExpiredError, SeatsUnavailableError]
            assert world.states(venue) == ["RESERVED"] * 4


@conformance
async def test_what_was_given_back_is_not_booked(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    released = await desk.hold(venue.id, venue.seats[:2])
    await desk.release(released)
    cancelled = await desk.confirm(await desk.hold(venue.id, venue.seats[2:]), 7)
    await desk.cancel(cancelled)
    for hold, booking in ((released, 7), (cancelled, 7), (cancelled, 8)):
        with pytest.raises(HoldConflictError) as refused:
            await desk.confirm(hold, booking)
        assert refused.value.hold_id == hold.hold_id
    assert world.states(venue) == ["AVAILABLE"] * 4
    with pytest.raises(HoldNotFoundError):
        await desk.confirm("nobody-has-this-one", 7)
