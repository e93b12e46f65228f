"""R5: a hold ends by the database's clock and by nobody's help: no sweeper runs here, but where it is called."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from conformance.reservations.driver import PATIENCE, SHORT, World, alone, conformance
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations.history import Told

pytestmark = pytest.mark.integration
EXACT = 0.123456


@conformance
async def test_seats_of_a_hold_that_is_over_can_be_held(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await desk.hold(venue.id, venue.seats[:2], "anna", ttl=SHORT)
    await world.over(first)
    second = await desk.hold(venue.id, venue.seats[1:], "bert")

    assert world.states(venue) == ["RESERVED"] * 4  # nobody has touched the first
    seat_map = await desk.seat_map(venue.id)
    assert tuple(seat for seat, state in seat_map.items() if state == "RESERVED") == second.seat_ids


@conformance
async def test_a_seat_that_is_taken_over_has_two_changes(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await desk.hold(venue.id, venue.seats[:3], "anna", ttl=SHORT)
    await world.over(first)
    second = await desk.hold(venue.id, [venue[1]], "bert", actor="kiosk")

    assert world.audit(venue[1]) == [
        (1, "held", first.hold_id, "anna"),
        (2, "expired", first.hold_id, "kiosk"),
        (3, "held", second.hold_id, "kiosk"),
    ]
    assert world.ask("SELECT version FROM seats WHERE seat_id = %s", venue[1]) == [(3,)]
    # Of the others nothing is written yet.
    assert world.reasons(venue[0]) == world.reasons(venue[2]) == ["held"]
    rows = world.ask("SELECT status FROM reservations WHERE hold_id = %s ORDER BY seat_id", first.hold_id)
    assert rows == [("ACTIVE",), ("EXPIRED",), ("ACTIVE",)]
    assert world.news(venue) == ["seats.held", "seats.expired", "seats.held"]


@conformance
async def test_a_hold_over_several_that_are_over_tells_of_each(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=5)
    over = [await desk.hold(venue.id, venue.seats[place : place + 2], f"{place}", ttl=SHORT) for place in (0, 2)]
    for hold in over:
        await world.over(hold)
    last = await desk.hold(venue.id, venue.seats, "carl")

    assert last.seat_ids == venue.seats
    assert world.news(venue) == ["seats.held", "seats.held", "seats.expired", "seats.expired", "seats.held"]
    assert {(await desk.lookup(hold.hold_id)).status for hold in over} == {"EXPIRED"}  # type: ignore[union-attr]


@conformance
async def test_a_user_may_take_over_an_own_hold_that_is_over(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    first = await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT)
    await world.over(first)
    second = await desk.hold(venue.id, venue.seats, "anna")
    assert first.hold_id != second.hold_id
    assert world.reasons(venue[0]) == ["held", "expired", "held"]


@conformance
async def test_a_hold_that_is_over_says_so_although_nobody_wrote_it(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=SHORT)
    await world.over(hold)
    before = world.written(venue)

    found = await desk.lookup(hold.hold_id)
    assert found is not None
    assert (found.status, found.remaining(), found.expires_at) == ("EXPIRED", 0.0, hold.expires_at)
    assert hold.remaining() == 0.0
    assert (await desk.seat_map(venue.id)).letters == "AAAA"
    assert world.written(venue) == before


@conformance
async def test_a_hold_that_has_lost_one_seat_is_over_as_a_whole(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna", ttl=SHORT)
    await world.over(hold)
    await desk.hold(venue.id, [venue[0]], "bert")
    found = await desk.lookup(hold.hold_id)
    assert found is not None
    assert (found.status, found.seat_ids) == ("EXPIRED", venue.seats)


@conformance
async def test_a_hold_that_lives_is_not_taken_over(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    held = await desk.hold(venue.id, venue.seats, "anna", ttl=30)
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, [venue[0]], "bert")
    assert world.reasons(venue[0]) == ["held"]
    assert (await desk.lookup(held.hold_id)) == held


@alone
async def test_a_hold_ends_to_the_microsecond_when_it_was_said_to(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    before = world.now()
    hold = await desk.hold(venue.id, [venue[0]], ttl=EXACT)
    after = world.now()

    life = timedelta(seconds=EXACT)
    assert before + life <= hold.expires_at <= after + life
    until = hold.expires_at.replace(tzinfo=None)
    assert world.ask("SELECT reserved_until FROM seats WHERE seat_id = %s", venue[0]) == [(until,)]
    assert world.ask("SELECT expires_at FROM reservations WHERE hold_id = %s", hold.hold_id) == [(until,)]
    assert world.ask("SELECT reserved_until FROM seat_audit WHERE hold_id = %s", hold.hold_id) == [(until,)]
    assert (await desk.lookup(hold.hold_id)).expires_at == hold.expires_at  # type: ignore[union-attr]


@alone
async def test_many_short_holds_do_not_round_to_seconds(world: World) -> None:
    """What rounds to whole seconds would agree now and then, and not twelve times."""
    desk, venue = world.desk(), world.venue(seats=12)
    holds = [await desk.hold(venue.id, [seat], ttl=0.25) for seat in venue.seats]
    assert {hold.expires_at.microsecond for hold in holds} != {0}
    assert len({hold.expires_at for hold in holds}) == 12


@conformance
async def test_whoever_comes_before_the_end_is_refused_and_whoever_comes_after_it_is_not(world: World) -> None:
    """Asked again and again across the end: what answers say agrees with the database's clock on both sides."""
    desk, venue = world.desk(), world.venue()
    first = await desk.hold(venue.id, [venue[0]], "anna", ttl=0.7)
    refusals = 0
    while True:
        asked = world.now()
        try:
            second = await desk.hold(venue.id, [venue[0]], "bert", ttl=30)
        except SeatsUnavailableError:
            refusals += 1
            # MySQL refuses nobody after the end; Redis for as long as an intent at most.
            late = 0.0 if world.front == "alone" else 3.0
            assert asked < first.expires_at + timedelta(seconds=late)
            await asyncio.sleep(0.02)
        else:
            break
    assert second.expires_at - timedelta(seconds=30) > first.expires_at
    world.told += [Told(hold.hold_id, hold.seat_ids, hold.user_id, "held") for hold in (first, second)]
    assert world.reasons(venue[0]) == ["held", "expired", "held"]


@alone
async def test_many_come_for_a_seat_in_the_moment_when_its_hold_ends(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    first = await desks[0].hold(venue.id, venue.seats, "anna", ttl=0.5)

    async def insist(number: int) -> str | None:
        while world.now() <= first.expires_at + timedelta(seconds=0.2):
            try:
                return (await desks[number % 2].hold(venue.id, venue.seats, f"user-{number}")).hold_id
            except SeatsUnavailableError:
                await asyncio.sleep(0.01)
        return None

    async with asyncio.timeout(PATIENCE):
        winners = [won for won in await asyncio.gather(*map(insist, range(12))) if won]
    assert len(winners) == 1
    assert world.reasons(venue[3]) == ["held", "expired", "held"]
