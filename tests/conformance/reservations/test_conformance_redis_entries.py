"""How long Redis refuses a seat: for as long as it is taken, and after that for no longer than an intent lives.

Nobody waits here for entries to end: what is looked at is how long the server says that they will live.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from conformance.locks.driver import eventually
from conformance.reservations.driver import Desk, Venue, World, fronted
from conformance.reservations.sources import CrashError, Watch, source_of
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Hold

pytestmark = pytest.mark.integration
INTENT = 3_000  # milliseconds
LONGEST = 600_000
SLACK = 60_000  # what a busy machine may take between an answer and a look
BOUND = INTENT + 2_000


def watched(world: World) -> tuple[Desk, Watch]:
    watch = Watch()
    return world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory))), watch


@fronted
async def test_a_hold_has_an_intent_before_it_is_committed_and_then_an_entry_as_long_as_itself(world: World) -> None:
    (desk, watch), venue = watched(world), world.venue()
    before_commit: list[int] = []

    def look(_: int, text: str) -> None:
        if text == "COMMIT":
            before_commit.extend(sorted(world.left(venue, seat) for seat in venue.seats)[-2:])

    watch.before = look
    for hold in (desk.hold(venue.id, venue.seats[:2], ttl=500), desk.hold_best(venue.id, 2, ttl=500)):
        held = await hold
        for seat in held.seat_ids:
            await eventually(lambda seat=seat: world.left(venue, seat) > INTENT, True)  # type: ignore[misc]
            assert 500_000 - SLACK < world.left(venue, seat) <= 500_000
        assert all(0 < milliseconds <= INTENT for milliseconds in before_commit)
        assert len(before_commit) == 2
        before_commit.clear()
        await desk.release(held)
        before_commit.clear()


@fronted
async def test_what_is_extended_or_booked_is_refused_for_longer(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats, ttl=100)
    await desk.extend(hold, 400)
    assert 400_000 - SLACK < world.left(venue, venue[0]) <= 400_000
    await desk.confirm(hold, 7)
    assert LONGEST - SLACK < world.left(venue, venue[0]) <= LONGEST
    long = world.venue()
    await desk.hold(long.id, long.seats, ttl=86_400)
    await eventually(lambda: world.left(long, long[0]) > INTENT, True)
    assert LONGEST - SLACK < world.left(long, long[0]) <= LONGEST


@fronted
async def test_what_is_given_back_is_not_refused_any_more(world: World) -> None:
    desk, venue = world.desk(), world.venue()
    hold = await desk.hold(venue.id, venue.seats[:2])
    booked = await desk.confirm(await desk.hold(venue.id, venue.seats[2:]), 7)
    await desk.release(hold)
    await desk.cancel(booked)
    assert [world.left(venue, seat) < 0 for seat in venue.seats] == [True] * 4


@fronted
async def test_an_entry_does_not_outlive_its_hold_by_more_than_was_promised(world: World) -> None:
    """Both are asked for at one moment, the hold's end first: what passes in between makes the difference smaller."""
    desk, venue = world.desk(), world.venue()
    for ttl in (0.5, 5.0, 60.0):
        hold = await desk.hold_best(venue.id, 1, ttl=ttl)
        for _ in range(10):
            entry = world.left(venue, hold.seat_ids[0])
            left = (hold.expires_at - world.now()).total_seconds() * 1000
            assert entry <= max(left, 0) + BOUND


@fronted
async def test_an_entry_counts_from_the_beginning_of_its_hold_however_long_the_commit_took(world: World) -> None:
    (desk, watch), venue = watched(world), world.venue()
    watch.after = lambda _, text: time.sleep(0.7) if text == "COMMIT" else None
    for best in (False, True):
        hold = await (desk.hold_best(venue.id, 1, ttl=60) if best else desk.hold(venue.id, [venue[0]], ttl=60))
        await eventually(lambda hold=hold: world.left(venue, hold.seat_ids[0]) > INTENT, True)  # type: ignore[misc]
        left = (hold.expires_at - world.now()).total_seconds() * 1000
        assert world.left(venue, hold.seat_ids[0]) <= left + 350  # the way to Redis takes some milliseconds


@pytest.mark.parametrize("best", [False, True], ids=["named", "best"])
@fronted
async def test_a_hold_that_is_asked_for_again_after_its_end_keeps_no_seat(world: World, best: bool) -> None:
    desks, venue = [world.desk(), world.desk()], world.venue()

    def ask(desk: Desk) -> Awaitable[Hold]:
        if best:
            return desk.hold_best(venue.id, 4, "anna", hold_id=f"a-{venue.id}")
        return desk.hold(venue.id, venue.seats, "anna", hold_id=f"a-{venue.id}")

    for desk in desks:
        await desks[0].release(await ask(desk))
        assert (await ask(desk)).status == "CANCELLED"
        await eventually(lambda: refused_for(world, venue) < 0, True, 1.0)  # not as long as an intent


@fronted
async def test_whoever_is_refused_by_mysql_leaves_no_intent_and_an_entry_of_who_has_the_seat(world: World) -> None:
    first, second, venue = world.desk(), world.desk(), world.venue()
    held = await first.hold(venue.id, [venue[0]], "anna")
    booked = await first.confirm(await first.hold(venue.id, [venue[1]], "anna"), 7)
    await first.block(venue.id, [venue[2]])
    world.server.forget_everything()
    with pytest.raises(SeatsUnavailableError):
        await second.hold(venue.id, venue.seats, "bert")

    with world.server.client() as client:
        await eventually(lambda: client.exists(f"seat:{{{venue.id}}}:{venue[3]}"), 0)
        holders = client.mget([f"seat:{{{venue.id}}}:{seat}" for seat in venue.seats])
    assert holders == [held.hold_id, booked.hold_id, "#BLOCKED", None]
    assert all(0 < world.left(venue, seat) <= INTENT for seat in venue.seats[:3])
    # Whoever has it can give it back as if it had never been forgotten.
    await first.release(held)
    assert world.left(venue, venue[0]) < 0


# --- a process ends at one of the steps


async def crash_at_each_step(
    world: World,
    prepare: Callable[[Desk, Venue], Awaitable[Any]],
    operation: Callable[[Desk, Any], Awaitable[Any]],
    look: Callable[[Venue, Any, bool], Awaitable[None]],
) -> int:
    """Begin something again and again, end the process at another step each time, and look.

    Returns:
        How many steps there are.
    """

    def crash(number: int, _text: str) -> None:
        if number == step:
            raise CrashError(number)

    for moment in range(60):
        step, after = divmod(moment, 2)
        desk, watch = watched(world)
        venue = world.venue(seats=2)
        prepared = await prepare(desk, venue)
        watch.begin()
        watch.before, watch.after = (None, crash) if after else (crash, None)
        try:
            await operation(desk, prepared)
        except CrashError:
            watch.vanish()
        else:
            return moment
        await eventually(lambda watch=watch: watch.numbers() & set(world.sessions()), set(), 30)  # type: ignore[misc]
        committed = watch.texts[step] == "COMMIT" and bool(after)
        await look(venue, prepared, committed)
    raise AssertionError("it never comes to an end")


def refused_for(world: World, venue: Venue) -> int:
    """Return for how many milliseconds Redis refuses one of the seats at most."""
    return max(world.left(venue, seat) for seat in venue.seats)


async def _the_venue(_: Desk, venue: Venue) -> Venue:
    return venue


@pytest.mark.parametrize("best", [False, True], ids=["named", "best"])
@fronted
async def test_a_hold_whose_process_ended_is_refused_for_as_long_as_an_intent(world: World, best: bool) -> None:
    other = world.desk()

    def ask(desk: Desk, venue: Venue) -> Awaitable[Any]:
        if best:
            return desk.hold_best(venue.id, 2, "anna", hold_id=f"a-{venue.id}")
        return desk.hold(venue.id, venue.seats, "anna", hold_id=f"a-{venue.id}")

    async def look(venue: Venue, _: Any, committed: bool) -> None:
        assert refused_for(world, venue) <= INTENT
        assert world.states(venue) == (["RESERVED"] * 2 if committed else ["AVAILABLE"] * 2)
        # Its own intent keeps nobody from asking again, whether or not it was held.
        assert (await ask(other, venue)).seat_ids == venue.seats
        assert world.reasons(venue[0]) == ["held"]

    assert await crash_at_each_step(world, _the_venue, ask, look) >= 12


@pytest.mark.parametrize("way", ["release", "cancel"])
@fronted
async def test_seats_whose_way_back_was_cut_are_refused_for_as_long_as_an_intent(world: World, way: str) -> None:
    other = world.desk()

    async def prepare(desk: Desk, venue: Venue) -> Any:
        hold = await desk.hold(venue.id, venue.seats, "anna", hold_id=f"a-{venue.id}")
        return hold if way == "release" else await desk.confirm(hold, 7)

    async def look(venue: Venue, hold: Any, committed: bool) -> None:
        free = world.states(venue) == ["AVAILABLE"] * 2
        assert free == committed
        if free:
            assert refused_for(world, venue) <= INTENT
        # Whoever asks for the hold again is not kept from it by what its own end has left in Redis.
        again = await other.hold(venue.id, venue.seats, "anna", hold_id=hold.hold_id)
        assert again.status == ("CANCELLED" if free else hold.status)
        # Done again, it is done, and nobody has to wait.
        await other.call(way, hold)
        assert refused_for(world, venue) < 0
        assert (await other.hold(venue.id, venue.seats, "bert")).status == "ACTIVE"

    assert await crash_at_each_step(world, prepare, lambda desk, hold: desk.call(way, hold), look) >= 14


@pytest.mark.parametrize("way", ["extend", "confirm"])
@fronted
async def test_what_was_cut_while_it_was_kept_is_never_free(world: World, way: str) -> None:
    """Redis may know of the shorter life only; then MySQL refuses."""
    other = world.desk()
    argument = {"extend": 600, "confirm": 7}[way]

    async def look(venue: Venue, hold: Any, _: bool) -> None:
        world.server.forget_everything()
        with pytest.raises(SeatsUnavailableError):
            await other.hold(venue.id, venue.seats, "bert")
        await other.call(way, hold, argument)
        assert refused_for(world, venue) > INTENT or way == "extend"

    async def prepare(desk: Desk, venue: Venue) -> Any:
        return await desk.hold(venue.id, venue.seats, "anna")

    assert await crash_at_each_step(world, prepare, lambda desk, hold: desk.call(way, hold, argument), look) >= 14
