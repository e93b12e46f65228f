"""Sessions in different time zones agree on when a hold ends: nobody asks `NOW()`, which follows the session's zone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conformance.reservations.driver import SHORT, Desk, Venue, World, alone, conformance
from conformance.reservations.sources import Watch, source_of
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Hold

pytestmark = pytest.mark.integration
TOKYO, DENVER = "+09:00", "-07:00"


def desk_in(world: World, zone: str, watch: Watch | None = None) -> Desk:
    """Return reservations whose connections are in a time zone."""
    source = source_of(world.kind, world.inventory, init_command=f"SET time_zone = '{zone}'")
    return world.desk(connect=source if watch is None else watch.over(world.kind, source))


def with_now(text: str) -> str:
    """Return a statement as somebody would write it who does not know about time zones."""
    return text.replace("UTC_TIMESTAMP(6)", "NOW(6)")


async def taken_from(holder: Desk, other: Desk, venue: Venue) -> Hold | None:
    """Hold seats; return what another one gets who wants the same."""
    await holder.hold(venue.id, venue.seats, "anna", ttl=600)
    try:
        return await other.hold(venue.id, venue.seats, "bert", ttl=600)
    except SeatsUnavailableError:
        return None


@pytest.mark.parametrize("zones", [(TOKYO, DENVER), (DENVER, TOKYO)], ids=["east first", "west first"])
@conformance
async def test_no_live_hold_is_taken_by_a_session_in_another_zone(world: World, zones: tuple[str, str]) -> None:
    first, second = (desk_in(world, zone) for zone in zones)
    venue = world.venue()
    assert await taken_from(first, second, venue) is None
    # Nor chosen, nor seen as free, nor written off.
    with pytest.raises(SeatsUnavailableError):
        await second.hold_best(venue.id, 1, "bert")
    with pytest.raises(SeatsUnavailableError):
        await second.block(venue.id, [venue[0]])
    assert (await second.seat_map(venue.id)).letters == "RRRR"
    await second.sweep(10_000)
    assert world.states(venue) == ["RESERVED"] * 4
    assert world.reasons(venue[0]) == ["held"]


@conformance
async def test_sessions_in_all_zones_tell_of_a_hold_what_its_maker_was_told(world: World) -> None:
    east, west, venue = desk_in(world, TOKYO), desk_in(world, DENVER), world.venue()
    before = world.now()
    hold = await east.hold(venue.id, venue.seats, "anna", ttl=100)
    assert timedelta(seconds=100) <= hold.expires_at - before < timedelta(seconds=160)
    for desk in (east, west, world.desk()):
        found = await desk.lookup(hold.hold_id)
        assert found == hold
        assert 40 < found.remaining() <= 100
    extended = await west.extend(hold, 200)
    assert 140 < extended.remaining() <= 200
    assert await east.lookup(hold.hold_id) == extended


@conformance
async def test_a_hold_that_is_over_is_over_in_all_zones(world: World) -> None:
    east, west = desk_in(world, TOKYO), desk_in(world, DENVER)
    for first, second in ((east, west), (west, east)):
        venue = world.venue()
        hold = await first.hold(venue.id, venue.seats, "anna", ttl=SHORT)
        await world.over(hold)
        assert (await second.seat_map(venue.id)).letters == "AAAA"
        assert (await second.lookup(hold.hold_id)).status == "EXPIRED"  # type: ignore[union-attr]
        assert (await second.hold(venue.id, venue.seats, "bert")).status == "ACTIVE"
        assert world.reasons(venue[0]) == ["held", "expired", "held"]


@alone
async def test_with_now_in_its_place_a_live_hold_is_taken(world: World) -> None:
    """The negative control: what the other tests look for is there to be seen when the statements are wrong."""
    watch = Watch(rewrite=with_now)
    east, west = desk_in(world, TOKYO, watch), desk_in(world, DENVER, watch)
    venue = world.venue()
    stolen = await taken_from(west, east, venue)
    assert stolen is not None
    assert stolen.user_id == "bert"
    assert world.reasons(venue[0]) == ["held", "expired", "held"]  # ten minutes too early
    assert any("UTC_TIMESTAMP(6)" in text for text in watch.texts)
    world.checked = False
