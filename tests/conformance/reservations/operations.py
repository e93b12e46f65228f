"""Every operation that there is, on a few seats, with what has to be there before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from conformance.reservations.driver import SHORT, Desk, Venue, World
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Hold, Limits

LONG = 3600.0  # a hold that is not over while a test runs
LIMITS = Limits(per_user=500, open_holds=200, per_event=2000)
Prepare = Callable[[World, Venue], Awaitable[Any]]
Act = Callable[[Desk, Venue, Any], Awaitable[Any]]


class Operation(NamedTuple):
    """What is done.

    Attributes:
        act: It; returns the seats that it was about, a hold, or nothing where it was about the first three.
        prepare: What is there before.
        limits: Those of the desk.
    """

    act: Act
    prepare: Prepare | None = None
    limits: Limits | None = None


async def held(world: World, venue: Venue, *, ttl: float = LONG, seats: slice = slice(3)) -> Hold:
    return await world.desk().hold(venue.id, venue.seats[seats], "anna", ttl=ttl)


async def over(world: World, venue: Venue, *, seats: slice = slice(3)) -> Hold:
    hold = await held(world, venue, ttl=SHORT, seats=seats)
    await world.over(hold)
    return hold


async def two_over(world: World, venue: Venue) -> Hold:
    await over(world, venue, seats=slice(2, 4))
    return await over(world, venue, seats=slice(1))


async def all_over(world: World, venue: Venue) -> Hold:
    return await over(world, venue, seats=slice(None))


async def swept(world: World, venue: Venue) -> Hold:
    hold = await over(world, venue)
    await all_swept(world)
    return hold


async def over_alone(world: World, venue: Venue) -> Hold:
    """Nothing else is left for a sweeper."""
    await all_swept(world)
    return await over(world, venue)


async def all_swept(world: World) -> None:
    while await world.desk().sweep():
        pass


async def booked(world: World, venue: Venue) -> Hold:
    return await world.desk().confirm(await held(world, venue), 7)


async def blocked(world: World, venue: Venue) -> None:
    await world.desk().block(venue.id, venue.seats[:3])


async def refused(desk: Desk, venue: Venue, _: Any) -> tuple[int, ...]:
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, venue.seats[1:4], "bert")
    return venue.seats[1:4]


async def repeated(desk: Desk, venue: Venue, hold: Hold) -> Hold:
    return await desk.hold(venue.id, hold.seat_ids, "anna", ttl=LONG, hold_id=hold.hold_id)


def hold(seats: slice) -> Act:
    return lambda desk, venue, _: desk.hold(venue.id, venue.seats[seats], "bert")


OPERATIONS: dict[str, Operation] = {
    "a hold of one seat": Operation(hold(slice(2, 3))),
    "a hold of four seats": Operation(hold(slice(1, 5))),
    "a hold with limits": Operation(hold(slice(1, 5)), limits=LIMITS),
    "a hold over others that are over": Operation(hold(slice(4)), two_over),
    "a hold that is refused": Operation(refused, held),
    "a hold that is asked for again": Operation(repeated, held),
    "the best": Operation(lambda desk, venue, _: desk.hold_best(venue.id, 2, "bert")),
    "the best with limits": Operation(lambda desk, venue, _: desk.hold_best(venue.id, 2, "bert"), limits=LIMITS),
    "extend": Operation(lambda desk, _, hold: desk.extend(hold, 2 * LONG), held),
    "release": Operation(lambda desk, _, hold: desk.release(hold), held),
    "confirm": Operation(lambda desk, _, hold: desk.confirm(hold, 7), held),
    "confirm what is over": Operation(lambda desk, _, hold: desk.confirm(hold, 7), over),
    "confirm what is over with limits": Operation(lambda desk, _, hold: desk.confirm(hold, 7), over, LIMITS),
    "confirm what was swept": Operation(lambda desk, _, hold: desk.confirm(hold, 7), swept),
    "cancel": Operation(lambda desk, _, hold: desk.cancel(hold), booked),
    "transfer": Operation(lambda desk, _, hold: desk.transfer(hold, "bert"), held),
    "transfer with limits": Operation(lambda desk, _, hold: desk.transfer(hold, "bert"), held, LIMITS),
    "transfer a booking": Operation(lambda desk, _, hold: desk.transfer(hold, "bert"), booked),
    "block": Operation(lambda desk, venue, _: desk.block(venue.id, venue.seats[:3])),
    "block what is over": Operation(lambda desk, venue, _: desk.block(venue.id, venue.seats[:3]), over),
    "unblock": Operation(lambda desk, venue, _: desk.unblock(venue.id, venue.seats[:3]), blocked),
    "sweep": Operation(lambda desk, *_: desk.sweep(), over_alone),
}
