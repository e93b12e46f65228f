"""A caller is cancelled at each of its awaits, and at each statement: what it began is ended, or given back.

One object does it all, with two connections: one that was pooled in the middle of something, or a place for one that
was lost, would be found by whoever comes next.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from conformance.locks.driver import eventually
from conformance.locks.sweep import MOMENTS, CancelledAt
from conformance.locks.tasks import in_task
from conformance.reservations.driver import Desk, Venue, World, aio_alone, aio_only
from conformance.reservations.sources import Watch, source_of
from ticketctl.locks._resp import command
from ticketctl.reservations import AsyncReservations, Hold

pytestmark = pytest.mark.integration
CONNECTIONS = 2


class Case(NamedTuple):
    """Something that is begun and cancelled.

    Attributes:
        prepare: Makes what it needs.
        begin: Begins it.
        cancelled: What becomes of the seats when it is cancelled, letters of the map; one of these.
        least: How many statements it has at least.
    """

    prepare: Callable[[Desk, Venue], Awaitable[Any]]
    begin: Callable[[Desk, Venue, Any], Awaitable[Any]]
    cancelled: tuple[str, ...]
    least: int


async def _nothing(_: Desk, __: Venue) -> None:
    """Nothing is needed."""


async def _held(desk: Desk, venue: Venue) -> Hold:
    return await desk.hold(venue.id, venue.seats, "anna")


async def _booked(desk: Desk, venue: Venue) -> Hold:
    return await desk.confirm(await _held(desk, venue), 7)


CASES: dict[str, Case] = {
    "hold": Case(_nothing, lambda desk, venue, _: desk.hold(venue.id, venue.seats, "anna"), ("AA",), 6),
    "hold with an id": Case(
        _nothing,
        lambda desk, venue, _: desk.hold(venue.id, venue.seats, "anna", hold_id=f"a-{venue.id}"),
        ("AA", "RR"),
        6,
    ),
    "hold the best": Case(_nothing, lambda desk, venue, _: desk.hold_best(venue.id, 2, "anna"), ("AA",), 6),
    "hold the best with an id": Case(
        _nothing,
        lambda desk, venue, _: desk.hold_best(venue.id, 2, "anna", hold_id=f"a-{venue.id}"),
        ("AA", "RR"),
        6,
    ),
    "extend": Case(_held, lambda desk, _, hold: desk.extend(hold, 600), ("RR",), 7),
    "release": Case(_held, lambda desk, _, hold: desk.release(hold), ("AA",), 7),
    "confirm": Case(_held, lambda desk, _, hold: desk.confirm(hold, 7), ("BB",), 7),
    "cancel": Case(_booked, lambda desk, _, hold: desk.cancel(hold), ("AA",), 7),
    "transfer": Case(_held, lambda desk, _, hold: desk.transfer(hold, "bert"), ("RR",), 7),
    "block": Case(_nothing, lambda desk, venue, _: desk.block(venue.id, venue.seats), ("XX",), 5),
}


class Scene:
    """One desk, watched, at which everything is cancelled."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.watch = Watch()
        source = self.watch.over(world.kind, source_of(world.kind, world.inventory))
        self.desk = world.desk(connect=source, connections=CONNECTIONS, batches=1)
        self.other = world.desk()

    async def ends_well(self, case: Case, venue: Venue, *, was_cancelled: bool) -> None:
        """Check what has become of the seats, when nothing is at work any more."""
        self.watch.before = self.watch.after = None
        reservations = self.desk.reservations
        assert isinstance(reservations, AsyncReservations)
        while reservations._working:
            await asyncio.wait(set(reservations._working))
        assert self.world.transactions() == 0, "a connection is pooled in the middle of a transaction"
        if not was_cancelled:
            return
        letters = (await self.other.seat_map(venue.id)).letters
        assert letters in case.cancelled
        if letters == "AA" and self.world.front == "redis":
            await reservations._front.ask([command("PING")])  # behind all that was sent
            assert [self.world.left(venue, seat) < 0 for seat in venue.seats] == [True, True]
        found = await self.other.lookup(f"a-{venue.id}")
        assert (found is not None) == (len(case.cancelled) == 2 and letters == "RR")
        # What was begun can be asked for again by its id, and is what it was.
        if len(case.cancelled) == 2:
            again = await case.begin(self.other, venue, None)
            assert again == (found or again)
            assert again.status == "ACTIVE"

    async def goes_on(self) -> None:
        """Check that it works as before, on the connections that it had."""
        venue, another = self.world.venue(), self.world.venue()
        holds = await asyncio.gather(
            *(self.desk.hold(venue.id, [seat], f"user-{seat}") for seat in venue.seats[:3]),
            self.desk.hold_best(another.id, 2, "zoe"),
        )
        assert (await self.desk.seat_map(venue.id)).letters == "RRRA"
        assert await self.desk.release(holds[0])
        assert self.watch.opened <= CONNECTIONS


@pytest.mark.parametrize("what", CASES)
@aio_only
async def test_at_each_await(world: World, what: str) -> None:
    case, scene = CASES[what], Scene(world)
    await scene.goes_on()
    for step in range(20):
        reached = 0
        for moment in MOMENTS:
            venue = world.venue(seats=2)
            prepared = await case.prepare(scene.desk, venue)
            cancelled = CancelledAt(case.begin(scene.desk, venue, prepared), step, moment)
            was_cancelled = False
            try:
                await in_task(cancelled)
            except asyncio.CancelledError:
                was_cancelled = True
            reached = max(reached, cancelled.steps)
            await scene.ends_well(case, venue, was_cancelled=was_cancelled)
        if reached <= step:
            assert step >= 1
            break
    await scene.goes_on()


@pytest.mark.parametrize("what", CASES)
@aio_only
async def test_at_each_statement(world: World, what: str) -> None:
    case, scene = CASES[what], Scene(world)
    await scene.goes_on()
    for moment in range(60):
        step, after = divmod(moment, 2)
        venue = world.venue(seats=2)
        prepared = await case.prepare(scene.desk, venue)
        task = in_task(case.begin(scene.desk, venue, prepared))

        def cancel(number: int, _text: str, step: int = step, task: asyncio.Task[object] = task) -> None:
            if number == step:
                task.cancel()

        scene.watch.begin()
        scene.watch.before, scene.watch.after = (None, cancel) if after else (cancel, None)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await scene.ends_well(case, venue, was_cancelled=task.cancelled())
        if not task.cancelled():
            assert step >= case.least - 1  # the answer to the last statement may be the caller's already
            break
    else:
        raise AssertionError("it never comes to an end")
    await scene.goes_on()


@aio_only
async def test_one_of_a_batch_is_cancelled_and_the_others_have_their_seats(world: World) -> None:
    for victim in range(6):
        scene, venue = Scene(world), world.venue(seats=12)
        first = in_task(scene.desk.hold(venue.id, [venue[11]], "first"))  # those who follow share the next batch
        await eventually(lambda scene=scene: bool(scene.watch.texts), True, 30)  # type: ignore[misc]
        tasks = [in_task(scene.desk.hold(venue.id, [seat], f"user-{seat}")) for seat in venue.seats[:6]]
        await asyncio.sleep(0)

        def cancel(_: int, text: str, task: asyncio.Task[object] = tasks[victim]) -> None:
            if text.startswith("INSERT INTO seat_audit"):
                task.cancel()

        scene.watch.after = cancel
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        scene.watch.after = None
        await first
        lost = [number for number, answer in enumerate(answers) if isinstance(answer, BaseException)]
        assert lost in ([], [victim])
        assert all(isinstance(answers[number], asyncio.CancelledError) for number in lost)
        await eventually(lambda venue=venue: world.states(venue).count("RESERVED"), 7 - len(lost), 30)  # type: ignore[misc]
        await scene.goes_on()


@aio_only
async def test_many_are_cancelled_at_any_time_and_nothing_is_left_of_them(world: World) -> None:
    scene, venue = Scene(world), world.venue(seats=20)

    async def one(number: int) -> None:
        task = in_task(scene.desk.hold(venue.id, [venue[number % 20]], f"user-{number}"))
        for _ in range(number % 9):
            await asyncio.sleep(0)
        await asyncio.sleep(0.001 * (number % 13))
        task.cancel()
        with contextlib.suppress(BaseException):
            held = await task
            assert isinstance(held, Hold)
            await scene.desk.release(held)

    await asyncio.gather(*map(one, range(120)))
    await eventually(lambda: world.states(venue), ["AVAILABLE"] * 20, 60)
    for seat in venue.seats:
        await eventually(lambda seat=seat: world.left(venue, seat) < 0, True, 60)  # type: ignore[misc]
    await scene.goes_on()


@aio_only
async def test_who_is_cancelled_hears_of_it_at_once(world: World) -> None:
    """The transaction stands still, because somebody else has the seat's row; its caller does not."""
    desk, venue = world.desk(), world.venue(seats=1)
    world.outside.begin()
    world.ask("SELECT * FROM seats WHERE event_id = %s FOR UPDATE", venue.id)
    try:
        task = in_task(desk.block(venue.id, venue.seats))
        await asyncio.sleep(0.05)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=20)
        assert done == {task}
        assert task.cancelled()
    finally:
        world.outside.rollback()
    await eventually(lambda: world.states(venue), ["BLOCKED"], 60)  # and yet it is done


@pytest.mark.parametrize("step", range(6))
@aio_alone
async def test_a_loop_that_ends_in_the_middle_leaves_no_transaction_behind(world: World, step: int) -> None:
    venue, other = world.venue(), world.desk()
    watch = Watch()

    def run_and_leave() -> None:
        async def main() -> None:
            source = watch.over("asyncio", source_of("asyncio", world.inventory))
            seats = AsyncReservations(source)
            reached = asyncio.Event()
            watch.before = lambda number, _: reached.set() if number == step else None
            holding = asyncio.ensure_future(seats.hold(venue.id, venue.seats, "anna"))
            await reached.wait()
            holding.cancel()

        asyncio.run(main())

    await asyncio.to_thread(run_and_leave)
    await eventually(lambda: watch.numbers() & set(world.sessions()), set(), 30)
    assert world.states(venue) in (["AVAILABLE"] * 4, ["RESERVED"] * 4)
    if world.states(venue) == ["AVAILABLE"] * 4:
        assert (await other.hold(venue.id, venue.seats, "bert")).status == "ACTIVE"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@aio_only
async def test_a_program_that_cancels_everything_finds_no_transaction_on_a_pooled_connection(
    world: World, after: bool
) -> None:
    """The tasks of the library as well: what was at work is given up, and the object can be used as before."""
    for step in range(9):
        scene, venue = Scene(world), world.venue(seats=6)
        this, held = asyncio.current_task(), await scene.desk.hold(venue.id, venue.seats[:2], "anna")

        def cancel_all(number: int, _text: str, step: int = step, this: Any = this) -> None:
            if number == step:
                for task in asyncio.all_tasks() - {this}:
                    task.cancel()

        scene.watch.begin()
        scene.watch.before, scene.watch.after = (None, cancel_all) if after else (cancel_all, None)
        await asyncio.gather(
            in_task(scene.desk.release(held)),
            in_task(scene.desk.hold_best(venue.id, 2, "bert")),
            return_exceptions=True,
        )
        scene.watch.before = scene.watch.after = None
        await eventually(world.transactions, 0, 30)
        another = world.venue(seats=3)
        holds = await asyncio.gather(*(scene.desk.hold(another.id, [seat], f"user-{seat}") for seat in another.seats))
        assert len(holds) == 3
        await scene.desk.close()
