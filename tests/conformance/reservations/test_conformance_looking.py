"""What is read changes nothing, and says what is written."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from conformance.reservations.driver import SHORT, World, alone, conformance
from ticketctl.errors import HoldNotFoundError
from ticketctl.reservations import Seat

pytestmark = pytest.mark.integration
EFFECTIVE = """
SELECT seat_id, IF(status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6), 'AVAILABLE', status)
FROM seats WHERE event_id = %s ORDER BY seat_id
"""


@conformance
async def test_a_hold_is_found_by_its_id(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, "anna", hold_id=f"Of_Anna-{venue.id}")
    found = await world.desk().lookup(hold.hold_id)
    assert found == hold
    assert 0 < found.remaining() <= 120
    # Ids are compared letter by letter.
    assert await desk.lookup(hold.hold_id.lower()) is None
    assert await desk.lookup("nobody-has-this-one") is None


@alone
async def test_the_seats_of_a_hold_are_told_as_people_know_them(world: World) -> None:
    rows: list[tuple[object, ...]] = [
        ("A", "1", 7, "VIP", Decimal("199.99")),
        (None, None, None, "PREMIUM", Decimal("0.00")),
        ("Parkett links", "Ä", 12, "REGULAR", Decimal("99999999.99")),
    ]
    desk, venue = world.desk(), world.venue(*rows)
    hold = await desk.hold(venue.id, venue.seats[::-1])
    expected = (
        Seat(venue[0], "A-1-7", "A", "1", "VIP", Decimal("199.99")),
        Seat(venue[1], "None-None-None", None, None, "PREMIUM", Decimal("0.00")),
        Seat(venue[2], "Parkett links-Ä-12", "Parkett links", "Ä", "REGULAR", Decimal("99999999.99")),
    )
    assert await desk.seats(hold) == expected
    await desk.release(hold)
    assert await desk.seats(hold.hold_id) == expected  # also of one that has none any more
    with pytest.raises(HoldNotFoundError):
        await desk.seats("nobody-has-this-one")


@alone
async def test_a_seat_map_has_every_state(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=6)
    over = await desk.hold(venue.id, [venue[0]], ttl=SHORT)
    await desk.hold(venue.id, [venue[1]])
    await desk.confirm(await desk.hold(venue.id, [venue[2]]))
    await desk.block(venue.id, [venue[3]])
    await desk.release(await desk.hold(venue.id, [venue[4]]))
    await world.over(over)
    seat_map = await desk.seat_map(venue.id)

    assert (seat_map.event_id, seat_map.letters) == (venue.id, "ARBXAA")
    states = ["AVAILABLE", "RESERVED", "BOOKED", "BLOCKED", "AVAILABLE", "AVAILABLE"]
    assert dict(seat_map) == dict(zip(venue.seats, states, strict=True))
    assert seat_map.counts() == {"AVAILABLE": 3, "RESERVED": 1, "BOOKED": 1, "BLOCKED": 1}
    assert (len(seat_map), tuple(seat_map), tuple(seat_map.seat_ids)) == (6, venue.seats, venue.seats)
    assert str(venue.id) in repr(seat_map)
    assert venue[0] - 1 not in seat_map
    assert venue[5] + 1 not in seat_map
    with pytest.raises(KeyError):
        seat_map[venue[5] + 1]


@alone
async def test_the_map_of_an_event_without_seats_is_empty(world: World) -> None:
    seat_map = await world.desk().seat_map(2**62)
    assert (dict(seat_map), len(seat_map), seat_map.letters) == ({}, 0, "")
    assert seat_map.counts() == {"AVAILABLE": 0, "RESERVED": 0, "BOOKED": 0, "BLOCKED": 0}
    assert 1 not in seat_map


@alone
async def test_a_map_with_gaps_between_its_seats_is_right(world: World) -> None:
    """Another event's seats lie in between, and some were removed."""
    world.checked = False
    desk, venue, other = world.desk(), world.venue(seats=5), world.venue(seats=3)
    world.ask("DELETE FROM seats WHERE seat_id IN (%s, %s)", venue[1], venue[4])
    world.ask("UPDATE seats SET event_id = %s, seat_number = 'moved' WHERE seat_id = %s", venue.id, other[1])
    await desk.hold(venue.id, [venue[2]])
    seat_map = await desk.seat_map(venue.id)

    states = {venue[0]: "AVAILABLE", venue[2]: "RESERVED", venue[3]: "AVAILABLE", other[1]: "AVAILABLE"}
    assert dict(seat_map) == states
    assert list(seat_map.seat_ids) == sorted(states)
    for missing in (venue[1], venue[4], other[0]):
        assert missing not in seat_map
        with pytest.raises(KeyError):
            seat_map[missing]


@alone
async def test_a_map_agrees_with_the_rows(world: World) -> None:
    """Thousands of seats in random states, more than GROUP_CONCAT joins if nobody asks for it."""
    world.checked = False
    desk, venue = world.desk(), world.venue(seats=3000)
    dice = random.Random(7)  # noqa: S311  # any seats will do
    for state in ("BOOKED", "BLOCKED", "AVAILABLE"):
        some = dice.sample(venue.seats, 700)
        marks = ", ".join(["%s"] * len(some))
        world.ask(f"UPDATE seats SET status = '{state}' WHERE seat_id IN ({marks})", *some)
    for sign in ("-", "+"):
        some = dice.sample(venue.seats, 700)
        marks = ", ".join(["%s"] * len(some))
        world.ask(
            "UPDATE seats SET status = 'RESERVED', reserved_until = UTC_TIMESTAMP(6)"
            f" {sign} INTERVAL 1 HOUR WHERE seat_id IN ({marks})",
            *some,
        )
    seat_map = await desk.seat_map(venue.id)
    assert dict(seat_map) == dict(world.ask(EFFECTIVE, venue.id))
    assert set(seat_map.counts().values()).isdisjoint({0})
    assert sum(seat_map.counts().values()) == 3000


@alone
async def test_a_map_says_nothing_of_other_events(world: World) -> None:
    desk, here, there = world.desk(), world.venue(), world.venue()
    await desk.hold(there.id, there.seats)
    assert (await desk.seat_map(here.id)).letters == "AAAA"
    assert (await desk.seat_map(there.id)).letters == "RRRR"


@alone
async def test_what_is_read_is_what_others_have_just_committed(world: World) -> None:
    """No look stands on a snapshot that an earlier one on the same connection has left."""
    reader, writer, venue = world.desk(), world.desk(), world.venue()
    assert (await reader.seat_map(venue.id)).letters == "AAAA"
    hold = await writer.hold(venue.id, venue.seats)
    assert (await reader.seat_map(venue.id)).letters == "RRRR"
    assert await reader.lookup(hold.hold_id) == hold
    await writer.release(hold)
    assert (await reader.seat_map(venue.id)).letters == "AAAA"
    assert (await reader.lookup(hold.hold_id)).status == "CANCELLED"  # type: ignore[union-attr]
