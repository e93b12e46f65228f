"""R6: nobody has more than is allowed, however many ask at the same time in whatever process, and nobody less."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from conformance.reservations.driver import SHORT, Venue, World, alone, conformance
from ticketctl.errors import HoldExpiredError, LimitExceededError
from ticketctl.reservations import Hold, Limits

pytestmark = pytest.mark.integration
LIMITS: dict[str, Limits] = {
    "per_user": Limits(per_user=5),
    "open_holds": Limits(open_holds=5),
    "per_event": Limits(per_event=5),
    "all": Limits(per_user=5, open_holds=5, per_event=5),
}


def of_user(world: World, venue: Venue, user_id: str) -> int:
    """Return how many seats a user has."""
    ((count,),) = world.ask(
        "SELECT COUNT(*) FROM seats WHERE event_id = %s AND reserved_by = %s AND (status = 'BOOKED'"
        " OR (status = 'RESERVED' AND reserved_until > UTC_TIMESTAMP(6)))",
        *(venue.id, user_id),
    )
    return int(count)


async def at_once(world: World, venue: Venue, count: int, *, size: int = 1, users: int = 1, best: bool) -> list[Any]:
    """Return what so many get who ask at the same time, from two processes' worth of reservations."""
    desks = [world.desk(limits=world.limits), world.desk(limits=world.limits)]

    async def one(number: int) -> Hold:
        user = f"user-{number % users}"
        if best:
            return await desks[number % 2].hold_best(venue.id, size, user)
        seats = venue.seats[number * size : (number + 1) * size]
        return await desks[number % 2].hold(venue.id, seats, user)

    return await asyncio.gather(*map(one, range(count)), return_exceptions=True)


@pytest.mark.parametrize("best", [False, True], ids=["named", "best"])
@pytest.mark.parametrize("limit", LIMITS)
@alone
async def test_twenty_at_once_fill_a_limit_and_do_not_pass_it(world: World, limit: str, best: bool) -> None:
    world.limits, venue = LIMITS[limit], world.venue(seats=40)
    answers = await at_once(world, venue, 20, best=best)

    assert Counter(type(answer).__name__ for answer in answers) == {"Hold": 5, "LimitExceededError": 15}
    assert of_user(world, venue, "user-0") == 5
    for refused in answers:
        if isinstance(refused, LimitExceededError):
            assert refused.limit in (limit, "per_user")
            assert (refused.most, refused.wanted) == (5, 1)


@pytest.mark.parametrize("best", [False, True], ids=["named", "best"])
@conformance
async def test_groups_that_do_not_divide_a_limit_do_not_pass_it(world: World, best: bool) -> None:
    world.limits, venue = Limits(per_user=8, per_event=11), world.venue(seats=60)
    answers = await at_once(world, venue, 20, size=3, users=2, best=best)
    assert Counter(type(answer).__name__ for answer in answers) == {"Hold": 3, "LimitExceededError": 17}
    assert world.states(venue).count("RESERVED") == 9


@conformance
async def test_a_limit_of_a_user_is_one_for_each_event_and_each_user(world: World) -> None:
    world.limits, here, there = Limits(per_user=2), world.venue(), world.venue()
    desk = world.desk(limits=world.limits)
    await desk.hold(here.id, here.seats[:2], "anna")
    await desk.hold(there.id, there.seats[:2], "anna")
    await desk.hold(here.id, here.seats[2:], "bert")
    with pytest.raises(LimitExceededError) as refused:
        await desk.hold(there.id, [there[2]], "anna")
    assert (refused.value.limit, refused.value.most, refused.value.has, refused.value.wanted) == ("per_user", 2, 2, 1)
    assert world.states(there) == ["RESERVED", "RESERVED", "AVAILABLE", "AVAILABLE"]
    # What a limit forbids keeps nobody else away.
    await desk.hold(there.id, [there[2]], "bert")


@conformance
async def test_holds_that_are_over_do_not_count(world: World) -> None:
    world.limits, venue = LIMITS["all"], world.venue(seats=20)
    desk = world.desk(limits=world.limits)
    for place in range(5):
        last = await desk.hold(venue.id, [venue[place]], "anna", ttl=SHORT)
    await world.over(last)
    for place in range(5, 10):
        await desk.hold(venue.id, [venue[place]], "anna")
    with pytest.raises(LimitExceededError):
        await desk.hold(venue.id, [venue[10]], "anna")


@conformance
async def test_what_was_given_back_does_not_count_and_what_was_booked_does(world: World) -> None:
    world.limits, venue = Limits(per_user=4, open_holds=2), world.venue(seats=12)
    desk = world.desk(limits=world.limits)
    first = await desk.hold(venue.id, venue.seats[:2], "anna")
    await desk.hold(venue.id, [venue[2]], "anna")
    with pytest.raises(LimitExceededError) as refused:
        await desk.hold(venue.id, [venue[3]], "anna")
    assert refused.value.limit == "open_holds"
    booked = await desk.confirm(first)  # is no open hold any more, but two seats
    third = await desk.hold(venue.id, [venue[3]], "anna")
    await desk.release(third)
    with pytest.raises(LimitExceededError) as refused:
        await desk.hold(venue.id, venue.seats[4:6], "anna")
    assert (refused.value.limit, refused.value.has, refused.value.wanted) == ("per_user", 3, 2)
    await desk.cancel(booked)
    assert (await desk.hold(venue.id, venue.seats[4:6], "anna")).status == "ACTIVE"


@conformance
async def test_a_limit_of_an_event_counts_all_users_and_no_blocked_seats(world: World) -> None:
    world.limits, venue = Limits(per_event=3), world.venue(seats=8)
    desk = world.desk(limits=world.limits)
    await desk.block(venue.id, venue.seats[6:])
    await desk.confirm(await desk.hold(venue.id, venue.seats[:2], "anna"))
    over = await desk.hold(venue.id, [venue[2]], "bert", ttl=SHORT)
    await world.over(over)
    await desk.hold(venue.id, [venue[3]], "carl")
    with pytest.raises(LimitExceededError) as refused:
        await desk.hold_best(venue.id, 1, "dora")
    assert (refused.value.limit, refused.value.most, refused.value.has, refused.value.wanted) == ("per_event", 3, 3, 1)


@pytest.mark.parametrize("limits", [Limits(per_user=3), Limits(per_event=3)], ids=["per_user", "per_event"])
@pytest.mark.parametrize("swept", [False, True], ids=["over", "swept"])
@alone
async def test_a_hold_that_is_over_is_booked_only_within_the_limits(world: World, swept: bool, limits: Limits) -> None:
    world.limits, venue = limits, world.venue(seats=8)
    desk = world.desk(limits=world.limits)
    late = await desk.hold(venue.id, venue.seats[:2], "anna", ttl=SHORT)
    await world.over(late)
    if swept:
        await desk.sweep(10_000)
    other = await desk.hold(venue.id, venue.seats[2:4], "anna")
    before = world.written(venue)
    with pytest.raises(HoldExpiredError) as refused:
        await desk.confirm(late, 7)
    assert refused.value.seat_ids == ()  # they are free: it is the limit
    assert "limit" in refused.value.why
    assert world.written(venue) == before

    await desk.release(other)
    assert (await desk.confirm(late, 7)).status == "CONFIRMED"


@conformance
async def test_a_hold_that_lives_is_booked_whatever_the_limits(world: World) -> None:
    venue = world.venue()
    hold = await world.desk().hold(venue.id, venue.seats, "anna")
    strict = world.desk(limits=Limits(per_user=1, per_event=1, open_holds=1))
    assert (await strict.confirm(hold, 7)).status == "CONFIRMED"


@alone
async def test_late_payments_and_new_holds_at_once_do_not_pass_a_limit(world: World) -> None:
    for limits in (Limits(per_user=6), Limits(per_event=6)):
        world.limits, venue = limits, world.venue(seats=24)
        desks = [world.desk(limits=limits), world.desk(limits=limits)]
        late = [await desks[0].hold(venue.id, venue.seats[2 * n : 2 * n + 2], "anna", ttl=SHORT) for n in range(3)]
        for hold in late:
            await world.over(hold)
        answers = await asyncio.gather(
            *(desks[number % 2].confirm(hold, number + 1) for number, hold in enumerate(late)),
            *(desks[number % 2].hold(venue.id, [venue[6 + number]], "anna") for number in range(10)),
            return_exceptions=True,
        )
        kinds = {type(answer) for answer in answers}
        assert kinds <= {Hold, HoldExpiredError, LimitExceededError}
        assert of_user(world, venue, "anna") == 6


@conformance
async def test_a_user_who_asks_again_with_the_same_id_is_not_counted_twice(world: World) -> None:
    world.limits, venue = Limits(per_user=2, open_holds=1, per_event=2), world.venue()
    desks = [world.desk(limits=world.limits), world.desk(limits=world.limits)]
    holds = await asyncio.gather(
        *(desks[number % 2].hold(venue.id, venue.seats[:2], "anna", hold_id=f"a-{venue.id}") for number in range(8))
    )
    assert {hold.seat_ids for hold in holds} == {venue.seats[:2]}
