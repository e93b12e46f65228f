"""Without Redis, or with one that is ill, holds are slower: never two for a seat, none lost, all well afterwards."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest

from conformance.locks.driver import eventually
from conformance.locks.servers import RedisServer
from conformance.reservations.driver import Desk, Venue, World, alone, fronted
from conformance.reservations.sources import Watch, source_of
from ticketctl.errors import SeatsUnavailableError

pytestmark = pytest.mark.integration
QUICK = 0.3  # seconds until a Redis that does not answer is taken for gone


async def live_a_life(desks: Sequence[Desk], venue: Venue) -> None:
    """Do everything that is done with seats, at two desks that see each other's doings at once."""
    first, second = desks
    hold = await first.hold(venue.id, venue.seats[:2], "anna")
    with pytest.raises(SeatsUnavailableError) as refused:
        await second.hold(venue.id, venue.seats[1:], "bert")
    assert refused.value.seat_ids == (venue[1],)
    best = await second.hold_best(venue.id, 2, "bert")
    assert best.seat_ids == venue.seats[2:]
    assert (await second.extend(hold, 300)).remaining() > 200
    assert (await first.transfer(hold, "carl")).user_id == "carl"
    booked = await second.confirm(hold, 7)
    assert await first.release(best)
    assert (await second.hold(venue.id, venue.seats[2:], "dora")).status == "ACTIVE"
    await first.cancel(booked)
    assert await second.block(venue.id, venue.seats[:2]) == 2
    assert await first.unblock(venue.id, venue.seats[:2]) == 2
    assert (await first.seat_map(venue.id)).letters == "AARR"


async def comes_back(world: World, desk: Desk) -> None:
    """Return when holds of a desk are told to Redis, and refused by it."""

    async def one_more() -> bool:
        venue = world.venue(seats=1)
        await desk.hold(venue.id, venue.seats)
        return world.left(venue, venue[0]) > 0

    await eventually(one_more, True, 30)


@alone
async def test_there_is_no_redis(world: World) -> None:
    await live_a_life([world.desk(), world.desk()], world.venue())


@alone
async def test_redis_cannot_be_reached(world: World) -> None:
    desks = [world.desk(client=world.client(port=1)) for _ in range(2)]
    await live_a_life(desks, world.venue())
    await asyncio.gather(*(desks[0].hold_best(world.venue().id, 1) for _ in range(10)))


@fronted
async def test_one_process_has_redis_and_the_other_has_not(world: World) -> None:
    """What Redis is not told of, MySQL knows; what was given back behind its back is refused as long as an intent."""
    with_it, without = world.desk(), world.desk(client=world.client(port=1))
    venue = world.venue()
    hold = await without.hold(venue.id, venue.seats[:2], "anna")
    with pytest.raises(SeatsUnavailableError):
        await with_it.hold(venue.id, venue.seats, "bert")
    assert world.left(venue, venue[0]) <= 3_000  # entered by whoever was refused, for a moment
    assert world.left(venue, venue[2]) < 0
    await with_it.hold(venue.id, venue.seats[2:], "bert")
    assert await without.release(hold)
    await eventually(lambda: world.left(venue, venue[0]) < 0, True, 30)
    assert (await with_it.hold(venue.id, venue.seats[:2], "carl")).status == "ACTIVE"


@contextmanager
def out_of_memory(server: RedisServer) -> Iterator[None]:
    """Have it refuse whatever would need memory, as one that evicts nothing does when it is full."""
    with server.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        try:
            yield
        finally:
            client.config_set("maxmemory", "0")


@contextmanager
def locked_up(server: RedisServer) -> Iterator[None]:
    """Have it ask everybody for a password that nobody has."""
    with server.client() as client:
        client.config_set("requirepass", "nobody-has-it")
        client.auth("nobody-has-it")
        try:
            yield
        finally:
            client.config_set("requirepass", "")


@contextmanager
def stopped(server: RedisServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@asynccontextmanager
async def ill(world: World, how: str) -> AsyncIterator[None]:
    illness = {"full": out_of_memory, "locked": locked_up, "paused": RedisServer.paused, "stopped": stopped}[how]
    context = illness(world.server)
    await asyncio.to_thread(context.__enter__)
    try:
        yield
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


@pytest.mark.parametrize("how", ["full", "locked", "paused", "stopped"])
@fronted
async def test_redis_falls_ill_in_the_middle_and_gets_well_again(world: World, how: str) -> None:
    desks = [world.desk(redis_timeout=QUICK) for _ in range(2)]
    before, during, after = (world.venue() for _ in range(3))
    held = await desks[0].hold(before.id, before.seats[:2], "anna")
    released = await desks[0].hold(before.id, before.seats[2:], "anna")
    await eventually(lambda: world.left(before, before[0]) > 3_000, True)

    async with ill(world, how):
        if how == "locked":  # who is in stays in: begin with new connections
            desks = [world.desk(redis_timeout=QUICK) for _ in range(2)]
        await live_a_life(desks, during)
        for desk in desks:  # what was held before is held still, and what is given back is free
            with pytest.raises(SeatsUnavailableError):
                await desk.hold(before.id, before.seats[:2], "bert")
        assert await desks[0].release(released)

    for desk in desks:
        await comes_back(world, desk)
    await live_a_life(desks, after)
    # The first desk has told it what it had not heard: what was released meanwhile is not refused for minutes.
    await eventually(lambda: world.left(before, before[2]) < 0, True, 30)
    assert (await desks[1].hold(before.id, before.seats[2:], "bert")).status == "ACTIVE"
    with pytest.raises(SeatsUnavailableError):
        await desks[1].hold(before.id, [before[0]], "bert")
    assert await desks[1].lookup(held.hold_id) == held


@fronted
async def test_what_an_ill_redis_answers_is_looked_at(world: World) -> None:
    """It says no to many commands in one write; none of its answers is left lying about for the loop to complain of."""
    watch, venue, batches = Watch(), world.venue(seats=24), iter(range(100))
    desk = world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory)), batches=1)
    with ExitStack() as illness:

        def fall_ill(_: int, text: str) -> None:
            if text.startswith("INSERT INTO outbox_events") and next(batches) == 1:  # of more than one hold
                illness.enter_context(out_of_memory(world.server))

        watch.before = fall_ill
        # A record of what was logged would keep the answers.
        logging.disable(logging.CRITICAL)
        illness.callback(logging.disable, logging.NOTSET)
        await asyncio.gather(*(desk.hold_best(venue.id, 2, f"user-{number}") for number in range(12)))
        watch.before = None
    assert world.states(venue) == ["RESERVED"] * 24
    await comes_back(world, desk)  # what is sent last is kept until something else is
    gc.collect()
    await asyncio.sleep(0)
    assert not world.complaints


@fronted
async def test_redis_refuses_a_taken_seat_without_asking_mysql(world: World) -> None:
    watch = Watch()
    first, venue = world.desk(), world.venue()
    second = world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory)))
    await first.hold(venue.id, [venue[1]], "anna")
    await eventually(lambda: world.left(venue, venue[1]) > 3_000, True)
    for _ in range(5):
        with pytest.raises(SeatsUnavailableError) as refused:
            await second.hold(venue.id, venue.seats[:3], "bert")
        assert refused.value.seat_ids == (venue[1],)
    assert watch.opened == 0
    # And whoever was refused has left nothing there.
    assert [world.left(venue, seat) > 0 for seat in venue.seats] == [False, True, False, False]


@fronted
async def test_scripts_that_redis_has_forgotten_are_told_again(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    await desk.hold(venue.id, [venue[0]], "anna")
    for seat in venue.seats[1:]:
        with world.server.client() as client:
            client.script_flush()
        hold = await desk.hold(venue.id, [seat], "anna")
        await eventually(lambda seat=seat: world.left(venue, seat) > 3_000, True)  # type: ignore[misc]
        with world.server.client() as client:
            client.script_flush()
        assert await desk.release(hold)
        assert world.left(venue, seat) < 0
