"""R4: a hold whose id the caller chose may be asked for again and again: one effect, and the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from conformance.reservations.driver import SHORT, Desk, Venue, World, conformance
from ticketctl.errors import HoldConflictError, SeatsUnavailableError
from ticketctl.reservations import Hold, Limits

pytestmark = pytest.mark.integration


@conformance
async def test_the_same_request_gets_the_same_hold(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    first = await desks[0].hold(venue.id, venue.seats[:2], "anna", hold_id="of-anna-1" + str(venue.id))
    before = world.written(venue)
    for number in range(6):
        again = await desks[number % 2].hold(venue.id, venue.seats[1::-1], "anna", hold_id=first.hold_id)
        assert again == first
    assert world.written(venue) == before
    assert world.reasons(venue[0]) == ["held"]


@conformance
async def test_the_same_request_many_times_at_once_is_one_hold(world: World) -> None:
    desks, venue = [world.desk(), world.desk(), world.desk()], world.venue()
    holds = await asyncio.gather(
        *(desks[number % 3].hold(venue.id, venue.seats[:3], "anna", hold_id=f"a-{venue.id}") for number in range(24))
    )
    assert len({(hold.hold_id, hold.seat_ids, hold.expires_at, hold.deadline) for hold in holds}) == 1
    assert world.reasons(venue[0]) == ["held"]
    assert world.news(venue) == ["seats.held"]


@conformance
async def test_the_same_wish_many_times_at_once_gets_the_same_seats(world: World) -> None:
    desks, venue = [world.desk(), world.desk(), world.desk()], world.venue(seats=40)
    holds = await asyncio.gather(
        *(desks[number % 3].hold_best(venue.id, 3, "anna", hold_id=f"a-{venue.id}") for number in range(24))
    )
    assert len({(hold.hold_id, hold.seat_ids, hold.expires_at) for hold in holds}) == 1
    assert world.states(venue).count("RESERVED") == 3


@conformance
async def test_requests_in_one_batch_that_repeat_each_other_do_not_harm_the_rest(world: World) -> None:
    """Those who repeat a request, and those who have nothing to do with it, all at once."""
    desk, venue = world.desk(batches=1), world.venue(seats=30)
    ids = [f"{venue.id}-{number}" for number in range(10)]
    repeated = [*enumerate(venue.seats[:10])] * 2
    answers = await asyncio.gather(
        *(desk.hold(venue.id, [seat], f"user-{place}", hold_id=ids[place]) for place, seat in repeated),
        *(desk.hold(venue.id, [seat], f"user-{place}") for place, seat in enumerate(venue.seats[20:])),
    )
    assert answers[:10] == answers[10:20]
    assert world.states(venue) == ["RESERVED"] * 10 + ["AVAILABLE"] * 10 + ["RESERVED"] * 10


CHANGES: dict[str, Callable[[Desk, Venue, str], Awaitable[Hold]]] = {
    "seats": lambda desk, venue, hold_id: desk.hold(venue.id, venue.seats[:3], "anna", hold_id=hold_id),
    "fewer seats": lambda desk, venue, hold_id: desk.hold(venue.id, [venue[1]], "anna", hold_id=hold_id),
    "other seats": lambda desk, venue, hold_id: desk.hold(venue.id, venue.seats[2:], "anna", hold_id=hold_id),
    "user": lambda desk, venue, hold_id: desk.hold(venue.id, venue.seats[:2], "bert", hold_id=hold_id),
    "time": lambda desk, venue, hold_id: desk.hold(venue.id, venue.seats[:2], "anna", ttl=60, hold_id=hold_id),
    "way": lambda desk, venue, hold_id: desk.hold_best(venue.id, 2, "anna", hold_id=hold_id),
}


@conformance
async def test_another_request_with_the_same_id_is_an_error(world: World) -> None:
    desk = world.desk()
    for change, request in CHANGES.items():
        venue = world.venue()
        first = await desk.hold(venue.id, venue.seats[:2], "anna", hold_id=f"a-{venue.id}")
        before = world.written(venue)
        with pytest.raises(HoldConflictError) as refused:
            await request(desk, venue, first.hold_id)
        assert refused.value.hold_id == first.hold_id, change
        assert world.written(venue) == before, change


@conformance
async def test_another_event_with_the_same_id_is_an_error(world: World) -> None:
    desk, here, there = world.desk(), world.venue(), world.venue()
    first = await desk.hold(here.id, here.seats, "anna", hold_id=f"a-{here.id}")
    with pytest.raises(HoldConflictError):
        await desk.hold(there.id, there.seats, "anna", hold_id=first.hold_id)
    assert world.states(there) == ["AVAILABLE"] * 4


WISHES: list[dict[str, Any]] = [
    {"section": "A"},
    {"seat_type": "REGULAR"},
    {"max_price": 60},
    {"together": False},
    {"split": False},
]


@conformance
async def test_another_wish_with_the_same_id_is_an_error(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await desk.hold_best(venue.id, 2, "anna", hold_id=f"a-{venue.id}")
    for change in WISHES:
        with pytest.raises(HoldConflictError):
            await desk.hold_best(venue.id, 2, "anna", hold_id=first.hold_id, **change)
    assert world.states(venue).count("RESERVED") == 2


@conformance
async def test_of_two_different_requests_with_one_id_at_once_one_is_an_error(world: World) -> None:
    """Their seats have nothing in common: only the id tells that they are not both to be had."""
    desks, venue = [world.desk(), world.desk()], world.venue(seats=2)
    answers = await asyncio.gather(
        *(desk.hold(venue.id, [venue[place]], "anna", hold_id=f"a-{venue.id}") for place, desk in enumerate(desks)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Hold", "HoldConflictError"]
    assert world.states(venue).count("RESERVED") == 1


@conformance
async def test_a_wish_that_took_the_last_seats_gets_them_again(world: World) -> None:
    """Its own hold is why there is nothing left: neither the event nor a limit stands in its way."""
    world.limits = Limits(per_user=2, open_holds=1, per_event=2)
    desks = [world.desk(limits=world.limits), world.desk(limits=world.limits), world.desk(), world.desk()]
    venue = world.venue(seats=2)
    first = await desks[0].hold_best(venue.id, 2, "anna", hold_id=f"a-{venue.id}")
    for desk in desks:
        assert await desk.hold_best(venue.id, 2, "anna", hold_id=first.hold_id) == first
    assert world.reasons(venue[0]) == ["held"]


# --- again, after something has happened to the hold


LATER: list[tuple[Callable[[Desk, Hold], Awaitable[object]], str, str, int | None]] = [
    (lambda desk, hold: desk.extend(hold, 600), "ACTIVE", "anna", None),
    (lambda desk, hold: desk.confirm(hold, 7), "CONFIRMED", "anna", 7),
    (lambda desk, hold: desk.transfer(hold, "bert"), "ACTIVE", "bert", None),
    (lambda desk, hold: desk.release(hold), "CANCELLED", "anna", None),
]


@pytest.mark.parametrize("best", [False, True], ids=["named", "best"])
@conformance
async def test_the_same_request_later_gets_the_hold_as_it_is_now(world: World, best: bool) -> None:
    desks = [world.desk(), world.desk()]

    async def request(desk: Desk, venue: Venue) -> Hold:
        if best:
            return await desk.hold_best(venue.id, 2, "anna", hold_id=f"a-{venue.id}")
        return await desk.hold(venue.id, venue.seats[:2], "anna", hold_id=f"a-{venue.id}")

    for happens, status, user, booking in LATER:
        venue = world.venue()
        first = await request(desks[0], venue)
        await happens(desks[0], first)
        before = world.written(venue)
        for desk in desks:
            again = await request(desk, venue)
            assert (again.status, again.user_id, again.booking_id) == (status, user, booking)
            assert again == await desk.lookup(first.hold_id)
        assert world.written(venue) == before


@conformance
async def test_the_same_request_after_the_end_is_not_held_again(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT, hold_id=f"a-{venue.id}")
    await world.over(first)
    assert (await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT, hold_id=first.hold_id)).status == "EXPIRED"
    await desk.sweep()
    assert (await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT, hold_id=first.hold_id)).status == "EXPIRED"
    assert world.reasons(venue[0]) == ["held", "expired"]


@pytest.mark.parametrize("how", ["expired", "released"])
@conformance
async def test_the_same_request_when_others_have_the_seats_holds_nothing(world: World, how: str) -> None:
    """It is told what became of its hold, or that others have the seats, which Redis knows as well; both are true."""
    desk, venue = world.desk(), world.venue()
    ttl = SHORT if how == "expired" else 60
    first = await desk.hold(venue.id, venue.seats, "anna", ttl=ttl, hold_id=f"a-{venue.id}")
    if how == "expired":
        await world.over(first)
    else:
        await desk.release(first)
    await desk.hold(venue.id, [venue[0]], "bert")
    before = world.written(venue)
    (answer,) = await asyncio.gather(
        desk.hold(venue.id, venue.seats, "anna", ttl=ttl, hold_id=first.hold_id), return_exceptions=True
    )
    if isinstance(answer, Hold):
        assert answer.status == ("EXPIRED" if how == "expired" else "CANCELLED")
    else:
        assert isinstance(answer, SeatsUnavailableError)
        assert answer.seat_ids == (venue[0],)
    assert world.written(venue) == before


@conformance
async def test_an_id_that_was_refused_may_be_tried_again(world: World) -> None:
    """Nothing was made, so there is nothing to repeat: when the seat is free, the same request has it."""
    desk, venue = world.desk(), world.venue()
    other = await desk.hold(venue.id, [venue[0]], "bert")
    for _ in range(2):
        with pytest.raises(SeatsUnavailableError):
            await desk.hold(venue.id, venue.seats, "anna", hold_id=f"a-{venue.id}")
    await desk.release(other)
    assert (await desk.hold(venue.id, venue.seats, "anna", hold_id=f"a-{venue.id}")).status == "ACTIVE"
