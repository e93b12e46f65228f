"""What is over is written off: nothing else, nothing twice, and nobody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from conformance.reservations.driver import SHORT, Venue, World, alone, conformance
from conformance.reservations.inventory import Inventory
from conformance.reservations.sources import Watch, source_of
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Hold, Reservations

pytestmark = pytest.mark.integration


async def over(world: World, venue: Venue, seats: slice = slice(None)) -> Hold:
    hold = await world.desk().hold(venue.id, venue.seats[seats], "anna", ttl=SHORT)
    await world.over(hold)
    return hold


@alone
async def test_what_is_over_is_written_off_and_nothing_else(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=8)
    gone = await over(world, venue, slice(0, 2))
    await desk.hold(venue.id, venue.seats[2:4], "bert")
    await desk.confirm(await desk.hold(venue.id, venue.seats[4:6], "carl"))
    await desk.block(venue.id, [venue[6]])
    while await desk.sweep(10_000, actor="broom"):
        pass

    assert world.states(venue) == ["AVAILABLE"] * 2 + ["RESERVED"] * 2 + ["BOOKED"] * 2 + ["BLOCKED", "AVAILABLE"]
    assert world.audit(venue[0]) == [(1, "held", gone.hold_id, "anna"), (2, "expired", gone.hold_id, "broom")]
    assert world.ask("SELECT DISTINCT status FROM reservations WHERE hold_id = %s", gone.hold_id) == [("EXPIRED",)]
    seats = world.ask("SELECT reserved_by, reserved_until, hold_id, version FROM seats WHERE seat_id = %s", venue[0])
    assert seats == [(None, None, None, 2)]
    assert world.news(venue).count("seats.expired") == 1


@alone
async def test_so_many_seats_at_a_time_and_the_oldest_first(world: World, inventory: Inventory) -> None:
    assert inventory is world.inventory  # without what others have left in it, which ends when it likes
    desk, venue = world.desk(), world.venue(seats=7)
    for place in range(7):
        await over(world, venue, slice(place, place + 1))
    swept = [await desk.sweep(3) for _ in range(4)]
    assert swept == [3, 3, 1, 0]
    assert world.states(venue) == ["AVAILABLE"] * 7
    rows = world.ask(
        "SELECT seat_id FROM seat_audit WHERE event_id = %s AND seat_version = 2 ORDER BY audit_id", venue.id
    )
    assert [seat for (seat,) in rows] == list(venue.seats)


@alone
async def test_many_at_once_write_each_hold_off_once(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue(seats=40)
    await over(world, venue)
    async with asyncio.timeout(60):
        while "RESERVED" in world.states(venue):
            await asyncio.gather(*(desks[number % 2].sweep(10) for number in range(8)))
    assert {tuple(world.reasons(seat)) for seat in venue.seats} == {("held", "expired")}


@alone
async def test_a_row_that_somebody_has_locked_is_left_for_later(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=3)
    await over(world, venue)
    world.outside.begin()
    try:
        world.ask("SELECT * FROM seats WHERE seat_id = %s FOR UPDATE", venue[1])
        while await desk.sweep(10_000):
            pass
        assert world.ask("SELECT status FROM seats WHERE seat_id = %s FOR UPDATE", venue[1]) == [("RESERVED",)]
    finally:
        world.outside.rollback()
    assert world.states(venue) == ["AVAILABLE", "RESERVED", "AVAILABLE"]
    while await desk.sweep(10_000):
        pass
    assert world.states(venue) == ["AVAILABLE"] * 3


@alone
async def test_a_seat_that_was_taken_over_after_it_was_found_is_left_alone(world: World) -> None:
    """Looked for without a lock, it was over; when it is locked, somebody else has it."""
    watch, venue = Watch(), world.venue(seats=2)
    await over(world, venue)
    thief = Reservations(source_of("threads", world.inventory))
    desk = world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory)))
    stolen: list[Hold] = []

    def steal(_: int, text: str) -> None:
        if "idx_reserved_until" in text and not stolen:
            stolen.append(thief.hold(venue.id, [venue[0]], "bert", ttl=60))

    watch.after = steal
    while await desk.sweep(10_000):
        pass
    watch.after = None
    assert thief.lookup(stolen[0].hold_id) == stolen[0]
    thief.close()
    assert world.reasons(venue[0]) == ["held", "expired", "held"]
    assert world.reasons(venue[1]) == ["held", "expired"]


@conformance
async def test_sweepers_and_holders_at_once_never_lose_a_seat(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue(seats=20)
    await over(world, venue)
    answers = await asyncio.gather(
        *(desks[0].sweep(7) for _ in range(6)),
        *(desks[number % 2].hold(venue.id, [seat], f"user-{number}") for number, seat in enumerate(venue.seats)),
        return_exceptions=True,
    )
    assert not [answer for answer in answers[6:] if not isinstance(answer, Hold | SeatsUnavailableError)]
    # Nobody else wanted them: each who asked has one.
    assert all(isinstance(answer, Hold) for answer in answers[6:])
    assert {tuple(world.reasons(seat)) for seat in venue.seats} == {("held", "expired", "held")}
