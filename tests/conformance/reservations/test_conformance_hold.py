"""Seats that are named are held, all of them or none."""

from __future__ import annotations

import asyncio
import json

import pytest

from conformance.reservations.driver import TTL, World, alone, conformance
from conformance.reservations.sources import source_of
from ticketctl.errors import SeatsUnavailableError, SeatsUnknownError

pytestmark = pytest.mark.integration


@conformance
async def test_a_hold_is_what_was_asked_for(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=5)
    before = world.now()
    hold = await desk.hold(venue.id, [venue[3], venue[1]], "anna", ttl=90)

    assert (hold.event_id, hold.user_id, hold.seat_ids) == (venue.id, "anna", (venue[1], venue[3]))
    assert (hold.status, hold.booking_id) == ("ACTIVE", None)
    assert 90 <= (hold.expires_at - before).total_seconds() < 90 + 60
    assert hold.remaining() <= 90
    assert world.states(venue) == ["AVAILABLE", "RESERVED", "AVAILABLE", "RESERVED", "AVAILABLE"]


@conformance
async def test_all_that_is_written_of_a_hold_is_written_in_one_transaction(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats[:2], "anna", actor="box-office")

    until = hold.expires_at.replace(tzinfo=None)
    rows = world.ask(
        "SELECT seat_id, user_id, status, hold_position, expires_at, hold_deadline FROM reservations"
        " WHERE hold_id = %s ORDER BY hold_position",
        hold.hold_id,
    )
    deadline = hold.deadline.replace(tzinfo=None)
    assert rows == [(seat, "anna", "ACTIVE", place, until, deadline) for place, seat in enumerate(venue.seats[:2])]
    seats = world.ask(
        "SELECT status, version, reserved_by, reserved_until, hold_id, booking_id FROM seats WHERE seat_id = %s",
        venue[0],
    )
    assert seats == [("RESERVED", 1, "anna", until, hold.hold_id, None)]
    assert world.audit(venue[0]) == [(1, "held", hold.hold_id, "box-office")]
    ((kind, payload),) = world.ask(
        "SELECT event_type, payload FROM outbox_events WHERE aggregate_id = %s AND aggregate_type = 'event_seats'",
        venue.id,
    )
    assert kind == "seats.held"
    assert json.loads(payload) == {
        "hold_id": hold.hold_id,
        "user_id": "anna",
        "seat_ids": list(venue.seats[:2]),
        "until": until.isoformat(" ", timespec="microseconds"),
    }


@conformance
async def test_one_seat_that_is_taken_leaves_all_as_they_were_and_is_named(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=5)
    await desk.hold(venue.id, [venue[2]], "anna")
    before = world.written(venue)

    with pytest.raises(SeatsUnavailableError) as refused:
        await desk.hold(venue.id, venue.seats, "bert")
    assert (refused.value.event_id, refused.value.seat_ids) == (venue.id, (venue[2],))
    assert world.written(venue) == before
    # The others are not kept from anybody either.
    await desk.hold(venue.id, [venue[0], venue[1], venue[3], venue[4]], "carl")


@alone
async def test_all_seats_that_are_taken_are_named_in_order(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=6)
    booked = await desk.hold(venue.id, [venue[4]], "anna")
    await desk.confirm(booked)
    await desk.hold(venue.id, [venue[1]], "anna")
    await desk.block(venue.id, [venue[2]])

    with pytest.raises(SeatsUnavailableError) as refused:
        await desk.hold(venue.id, venue.seats[::-1], "bert")
    assert refused.value.seat_ids == (venue[1], venue[2], venue[4])


@conformance
async def test_a_user_has_no_way_around_an_own_hold(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    await desk.hold(venue.id, venue.seats[:2], "anna")
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, venue.seats[1:3], "anna")


@conformance
async def test_seats_that_do_not_exist_are_named(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    nowhere = venue[-1] + 10**6
    with pytest.raises(SeatsUnknownError) as refused:
        await desk.hold(venue.id, [nowhere, venue[0]])
    assert (refused.value.event_id, refused.value.seat_ids) == (venue.id, (nowhere,))
    assert world.states(venue) == ["AVAILABLE"] * 4
    with pytest.raises(SeatsUnknownError):
        await desk.hold(venue.id + 10**9, [venue[0]])


@conformance
async def test_seats_of_another_event_do_not_exist_in_this_one(world: World) -> None:
    desk, here, there = world.desk(), world.venue(), world.venue()
    with pytest.raises(SeatsUnknownError) as refused:
        await desk.hold(here.id, [here[0], there[1], there[0]])
    assert refused.value.seat_ids == (there[0], there[1])
    assert world.states(here) == world.states(there) == ["AVAILABLE"] * 4


@conformance
async def test_seats_of_another_event_that_are_taken_do_not_exist_either(world: World) -> None:
    desk, here, there = world.desk(), world.venue(), world.venue()
    await desk.hold(there.id, there.seats, "anna")
    with pytest.raises(SeatsUnknownError):
        await desk.hold(here.id, [there[0]], "bert")


@conformance
async def test_of_many_who_want_a_seat_at_once_one_has_it(world: World) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()
    answers = await asyncio.gather(
        *(desks[number % 2].hold(venue.id, venue.seats[:2][:: (-1) ** number], f"{number}") for number in range(40)),
        return_exceptions=True,
    )
    (won,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert {type(answer) for answer in answers if answer is not won} == {SeatsUnavailableError}
    assert world.reasons(venue[0]) == world.reasons(venue[1]) == ["held"]


@alone
async def test_crossing_wishes_end_with_somebody_who_has_all_and_others_who_have_none(world: World) -> None:
    """Each wants three seats that lie far apart, named in any order: nobody waits in a circle."""
    desks, venue = [world.desk() for _ in range(3)], world.venue(seats=12)

    async def one(number: int) -> int:
        wanted = [venue[(number * step + number) % 12] for step in (1, 5, 7)]
        try:
            return len((await desks[number % 3].hold(venue.id, set(wanted), f"user-{number}")).seat_ids)
        except SeatsUnavailableError:
            return 0

    held = sum(await asyncio.gather(*(one(number) for number in range(60))))
    assert world.states(venue).count("RESERVED") == held > 0


@conformance
async def test_the_most_seats_that_can_be_named_are_held_at_once(world: World) -> None:
    desk, venue = world.desk(), world.venue(seats=500)
    hold = await desk.hold(venue.id, reversed(venue.seats), ttl=TTL)
    assert hold.seat_ids == venue.seats
    assert (await desk.seat_map(venue.id)).letters == "R" * 500
    assert await desk.release(hold)


@conformance
async def test_seats_that_come_one_by_one_are_taken_once(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    assert (await desk.hold(venue.id, (seat for seat in venue.seats))).seat_ids == venue.seats


@conformance
async def test_users_whose_names_look_alike_are_different_ones(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    names = ["Zoë", "Zoe", "zoe", "zoe "]
    for number, name in enumerate(names):
        assert (await desk.hold(venue.id, [venue[number]], name)).user_id == name
    rows = world.ask("SELECT user_id FROM reservations WHERE event_id = %s ORDER BY seat_id", venue.id)
    assert [name for (name,) in rows] == names


@alone
async def test_one_request_that_cannot_be_sent_harms_none_that_shares_its_transaction(world: World) -> None:
    """A connection that cannot carry all letters there are: only who has such a name is told so."""
    desk = world.desk(connect=source_of(world.kind, world.inventory, charset="latin1"), batches=1)
    for foreign in range(1, 8):  # wherever it stands among those who wait
        venue = world.venue(seats=8)
        answers = await asyncio.gather(
            *(desk.hold(venue.id, [seat], "Жанна" if n == foreign else "Zoë") for n, seat in enumerate(venue.seats)),
            return_exceptions=True,
        )
        assert [n for n, answer in enumerate(answers) if isinstance(answer, BaseException)] == [foreign]
        assert isinstance(answers[foreign], UnicodeEncodeError)
