"""What keeps a seat from having two owners, layer by layer: a test takes away what stands before the layer it is about.

The first layer is the lock, and a look behind it; the second the condition of the write, and the number of rows that
it found; the third the keys of the schema. `test_mutations.py` shows that any one of them is enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from conformance.locks.driver import eventually
from conformance.reservations.driver import SHORT, Desk, Venue, World, alone
from conformance.reservations.sources import Watch, source_of
from ticketctl.errors import HoldExpiredError, ReservationBusyError, SeatsUnavailableError
from ticketctl.reservations import Hold, Reservations

pytestmark = pytest.mark.integration
PATIENCE = 0.3  # whoever cannot have what he wants tries again until he loses it
DEADLOCKS = "SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'"


# --- what counts, however it comes about


@alone
async def test_nobody_is_given_what_somebody_else_has(world: World) -> None:
    first, second, venue = world.desk(), world.desk(patience=PATIENCE), world.venue()
    held = await first.hold(venue.id, venue.seats[:2], "anna")
    before = world.written(venue)
    with pytest.raises((SeatsUnavailableError, ReservationBusyError)):
        await second.hold(venue.id, venue.seats[1:3], "bert")
    assert world.written(venue) == before
    assert await first.lookup(held.hold_id) == held


# --- the first layer


@alone
async def test_whoever_looks_behind_the_lock_is_refused_at_once(world: World) -> None:
    first, second, venue = world.desk(), world.desk(patience=PATIENCE), world.venue()
    await first.hold(venue.id, venue.seats[:2], "anna")
    with pytest.raises(SeatsUnavailableError) as refused:
        await second.hold(venue.id, venue.seats[1:3], "bert")
    assert refused.value.seat_ids == (venue[1],)


@alone
async def test_those_whose_wishes_cross_wait_one_behind_the_other(world: World) -> None:
    """Both wait for the seat in the middle, and none of them has one by then that the other wants next."""
    desks, venue = [world.desk(patience=10.0), world.desk(patience=10.0)], world.venue(seats=3)
    deadlocks = world.inventory.ask(DEADLOCKS)
    with world.inventory.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM seats WHERE seat_id = %s FOR UPDATE", (venue[1],))
        asked = [
            asyncio.ensure_future(desk.hold(venue.id, venue.seats[::step], f"user-{step}"))
            for desk, step in zip(desks, (1, -1), strict=True)
        ]
        waiting = "SELECT 1 FROM performance_schema.data_lock_waits"
        await eventually(lambda: len(world.inventory.ask(waiting)) >= 2, True)
        connection.rollback()
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Hold", "SeatsUnavailableError"]
    assert world.inventory.ask(DEADLOCKS) == deadlocks


# --- the second layer


def hold(world: World, venue: Venue) -> None:
    with Reservations(world.inventory.connect) as others:
        others.hold(venue.id, [venue[0]], "bert")


def block(world: World, venue: Venue) -> None:
    with Reservations(world.inventory.connect) as others:
        others.block(venue.id, [venue[0]], actor="house")


def by_hand(change: str) -> Callable[[World, Venue], object]:
    """A program that knows nothing of versions."""
    return lambda world, venue: world.ask(f"UPDATE seats SET {change} WHERE seat_id = %s", venue[0])


MEANWHILE: dict[str, Callable[[World, Venue], object]] = {
    "held": hold,
    "blocked": block,
    "booked by hand": by_hand("status = 'BOOKED', booking_id = 1"),
    "held by hand": by_hand("status = 'RESERVED', reserved_until = UTC_TIMESTAMP(6) + INTERVAL 1 HOUR"),
}


def without_a_lock(world: World, venue: Venue, meanwhile: Callable[[World, Venue], object]) -> Desk:
    """Return a desk that locks nothing the first time, and whose seats change between its look and its write."""
    left = [meanwhile]

    def rewrite(text: str) -> str:
        return text.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "") if left else text

    def after(_: int, text: str) -> None:
        if "FROM seats FORCE" in text and left:
            left.pop()(world, venue)

    watch = Watch(after=after, rewrite=rewrite)
    connect = watch.over(world.kind, source_of(world.kind, world.inventory))
    return world.desk(connect=connect, patience=PATIENCE)


@pytest.mark.parametrize("what", MEANWHILE)
@alone
async def test_a_seat_that_changes_between_the_look_and_the_write_is_not_had(world: World, what: str) -> None:
    venue = world.venue()
    desk = without_a_lock(world, venue, MEANWHILE[what])
    with pytest.raises(SeatsUnavailableError) as refused:
        await desk.hold(venue.id, venue.seats[:2], "anna")
    assert refused.value.seat_ids == (venue[0],)
    assert world.ask("SELECT 1 FROM reservations WHERE event_id = %s AND user_id = 'anna'", venue.id) == []
    assert world.states(venue)[1:] == ["AVAILABLE"] * 3
    world.checked = "hand" not in what


@alone
async def test_a_seat_that_is_as_it_was_and_yet_has_changed_is_looked_at_again(world: World) -> None:
    """Held and given back in between: what was read of it is not to be written into its history."""

    def held_and_given_back(world: World, venue: Venue) -> None:
        with Reservations(world.inventory.connect) as others:
            others.release(others.hold(venue.id, [venue[0]], "bert"))

    venue = world.venue()
    desk = without_a_lock(world, venue, held_and_given_back)
    assert (await desk.hold(venue.id, venue.seats[:2], "anna")).seat_ids == venue.seats[:2]
    assert world.reasons(venue[0]) == ["held", "released", "held"]
    assert world.ask("SELECT version FROM seats WHERE seat_id = %s", venue[0]) == [(3,)]


# --- whose it is


async def taken_over(world: World, desk: Desk, venue: Venue) -> tuple[Hold, Hold]:
    """Return a hold that is over, and one that has a seat of it."""
    late = await desk.hold(venue.id, venue.seats[:2], "anna", ttl=SHORT)
    await world.over(late)
    return late, await desk.hold(venue.id, [venue[1]], "bert")


@alone
async def test_who_pays_too_late_takes_nothing_from_whoever_has_the_seats(world: World) -> None:
    desk, venue = world.desk(patience=PATIENCE), world.venue()
    late, held = await taken_over(world, desk, venue)
    with pytest.raises(HoldExpiredError) as refused:
        await desk.confirm(late, 7)
    assert refused.value.seat_ids == (venue[1],)
    assert await desk.lookup(held.hold_id) == held


@alone
async def test_a_hold_that_is_over_is_not_extended_over_whoever_has_its_seats(world: World) -> None:
    desk, venue = world.desk(patience=PATIENCE), world.venue()
    late, held = await taken_over(world, desk, venue)
    with pytest.raises(HoldExpiredError):
        await desk.extend(late, 600)
    assert await desk.lookup(held.hold_id) == held


WAYS: dict[str, tuple[Any, ...]] = {"extend": (600,), "confirm": (7,), "transfer": ("carl",), "release": ()}


@pytest.mark.parametrize("way", WAYS)
@alone
async def test_a_hold_has_no_seat_that_does_not_say_so_itself(world: World, way: str) -> None:
    """Somebody has given one of its seats to another hold by hand; its reservations say nothing of it."""
    desk, venue = world.desk(patience=PATIENCE), world.venue()
    held = await desk.hold(venue.id, venue.seats[:2], "anna")
    world.ask("UPDATE seats SET hold_id = 'of-bert', reserved_by = 'bert' WHERE seat_id = %s", venue[1])
    before = world.written(venue)
    if way == "release":
        assert await desk.release(held) is False
    else:
        with pytest.raises(HoldExpiredError) as refused:
            await desk.call(way, held, *WAYS[way])
        assert refused.value.seat_ids == (venue[1],)
    assert world.written(venue) == before
    world.checked = False
