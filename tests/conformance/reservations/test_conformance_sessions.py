"""Whatever connections a program has, however many are lost: they are used, replaced, bounded and closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncmy.cursors
import pymysql.cursors
import pytest
import sqlalchemy

from conformance.locks.driver import eventually
from conformance.reservations.driver import SHORT, Desk, World, alone, conformance
from conformance.reservations.inventory import HOST
from conformance.reservations.sources import Watch, source_of
from ticketctl.errors import HoldConflictError, LimitExceededError, ReservationBackendError, SeatsUnavailableError
from ticketctl.reservations import Limits

pytestmark = pytest.mark.integration
FEW = 3
LIMITS = Limits(per_user=3, open_holds=3, per_event=7)


async def live_a_life(world: World, desk: Desk) -> None:
    """Use every statement that there is."""
    venue, other = world.venue(seats=8), world.venue(seats=3)
    world.ask("UPDATE seats SET event_id = %s, seat_number = 'moved' WHERE seat_id = %s", venue.id, other[1])
    over = await desk.hold(venue.id, venue.seats[:2], "zoë", ttl=SHORT)
    await world.over(over)
    hold = await desk.hold(venue.id, venue.seats[1:3], "anna", hold_id=f"a-{venue.id}")
    assert await desk.hold(venue.id, venue.seats[1:3], "anna", hold_id=hold.hold_id) == hold
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, venue.seats[2:4], "bert")
    with pytest.raises(HoldConflictError):  # found when the seat is written already
        await desk.hold(venue.id, [venue[6]], "anna", hold_id=hold.hold_id)
    assert world.states(venue)[6] == "AVAILABLE"
    best = await desk.hold_best(venue.id, 2, "bert", section="A", max_price=50, seat_type="REGULAR")
    with pytest.raises(LimitExceededError):
        await desk.hold_best(venue.id, 4, "bert")
    assert [seat.seat_id for seat in await desk.seats(best)] == list(best.seat_ids)
    assert (await desk.extend(hold, 300)).remaining() > 200
    assert (await desk.transfer(hold, "carl")).user_id == "carl"
    assert (await desk.confirm(hold, 7)).booking_id == 7
    assert (await desk.lookup(hold.hold_id)).status == "CONFIRMED"  # type: ignore[union-attr]
    assert await desk.release(best)
    assert await desk.block(venue.id, [best.seat_ids[0]]) == 1
    seat_map = await desk.seat_map(venue.id)
    assert (seat_map[venue[1]], seat_map[best.seat_ids[0]], seat_map[other[1]]) == ("BOOKED", "BLOCKED", "AVAILABLE")
    assert await desk.unblock(venue.id, best.seat_ids) == 1
    while await desk.sweep():
        pass
    assert world.states(venue)[0] == "AVAILABLE"
    assert (await desk.cancel(hold)).status == "CANCELLED"
    world.checked = False  # a seat was moved into the event


OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dictionaries": ({"cursorclass": pymysql.cursors.DictCursor}, {"cursor_cls": asyncmy.cursors.DictCursor}),
    "autocommit": ({"autocommit": True}, {"autocommit": True}),
    "no autocommit": ({"autocommit": False}, {"autocommit": False}),
    "latin1": ({"charset": "latin1"}, {"charset": "latin1"}),
    "read committed": (
        {"init_command": "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"},
        {"init_command": "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"},
    ),
    "ansi": (
        {"init_command": "SET SESSION sql_mode = 'ANSI,TRADITIONAL'"},
        {"init_command": "SET SESSION sql_mode = 'ANSI,TRADITIONAL'"},
    ),
}


@pytest.mark.parametrize("how", OPTIONS)
@alone
async def test_connections_may_be_made_as_programs_make_them(world: World, how: str) -> None:
    options = OPTIONS[how][world.kind == "asyncio"]
    watch = Watch()
    source = watch.over(world.kind, source_of(world.kind, world.inventory, **options))
    await live_a_life(world, world.desk(connect=source, limits=LIMITS))


async def kill_all(world: World) -> int:
    """Kill all of the service's connections but the one that looks; return how many."""
    numbers = world.sessions()
    for number in numbers:
        world.kill(number)
    await eventually(lambda: set(world.sessions()) & set(numbers), set(), 30)
    return len(numbers)


async def of_a_pool(world: World) -> None:
    arguments = world.inventory.arguments()
    url = sqlalchemy.URL.create(
        "mysql+pymysql", arguments["user"], arguments["password"], HOST, arguments["port"], arguments["database"]
    )
    engine = sqlalchemy.create_engine(url, pool_size=1, max_overflow=FEW)
    desk = world.desk(connect=engine.raw_connection, connections=FEW, limits=LIMITS)
    await live_a_life(world, desk)
    venue = world.venue(seats=10)
    await asyncio.gather(*(desk.hold(venue.id, [seat], f"user-{seat}") for seat in venue.seats[:7]))
    assert 1 <= len(world.sessions()) <= FEW
    await kill_all(world)
    assert (await desk.seat_map(venue.id)).letters == "RRRRRRRAAA"
    await desk.close()
    await eventually(world.sessions, [], 30)
    # None has gone back to the pool with settings that are not the pool's.
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT @@innodb_lock_wait_timeout")).scalar() == 50
    engine.dispose()


test_connections_may_come_from_a_pool_of_sqlalchemy = conformance(of_a_pool, kinds=("threads",), fronts=("alone",))


@alone
async def test_what_is_sent_is_text(world: World) -> None:
    """Bytes stand in a statement as they are: whoever lists what runs is told error 3854 by MySQL, and nothing else.

    In some character sets half of such bytes would even swallow the quotation mark behind them.
    """
    watch = Watch()
    desk = world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory)), limits=LIMITS)
    await live_a_life(world, desk)
    assert not [value for value in watch.parameters if isinstance(value, bytes)]


async def warm(world: World, desk: Desk, connections: int) -> None:
    """Have all connections of a desk made."""
    venue = world.venue(seats=1)
    for _ in range(50):
        await asyncio.gather(*(desk.seat_map(venue.id) for _ in range(4 * connections)))
        if len(world.sessions()) >= connections:
            return
    raise AssertionError("it does not use all of its connections")


@conformance
async def test_connections_that_were_killed_while_they_idled_are_replaced_and_nobody_hears_of_it(world: World) -> None:
    # With next to no patience: a connection that was lost while it idled is no failure of the servers.
    desk, venue = world.desk(connections=FEW, patience=0.0), world.venue(seats=8)
    steps: list[Callable[[], Awaitable[Any]]] = [
        lambda: desk.hold(venue.id, venue.seats[:2], "anna", hold_id=f"a-{venue.id}"),
        lambda: desk.lookup(f"a-{venue.id}"),
        lambda: desk.extend(f"a-{venue.id}", 300),
        lambda: desk.confirm(f"a-{venue.id}", 7),
        lambda: desk.seats(f"a-{venue.id}"),
        lambda: desk.hold_best(venue.id, 2, "bert", hold_id=f"b-{venue.id}"),
        lambda: desk.release(f"b-{venue.id}"),
        lambda: desk.block(venue.id, [venue[7]]),
        lambda: desk.cancel(f"a-{venue.id}"),
        lambda: desk.seat_map(venue.id),
    ]
    for step in steps:
        await warm(world, desk, FEW)
        assert await kill_all(world) >= FEW
        answer = await step()
    assert answer.letters == "AAAAAAAX"
    assert world.reasons(venue[0]) == ["held", "extended", "confirmed", "cancelled"]


@alone
async def test_many_callers_at_once_find_all_connections_killed(world: World) -> None:
    desk, venue = world.desk(connections=FEW), world.venue(seats=40)
    await warm(world, desk, FEW)
    await kill_all(world)
    holds = await asyncio.gather(*(desk.hold(venue.id, [seat], f"user-{seat}") for seat in venue.seats))
    assert len({hold.hold_id for hold in holds}) == 40
    assert world.states(venue) == ["RESERVED"] * 40


@pytest.mark.parametrize("connections", [2, 5])
@alone
async def test_there_are_never_more_connections_than_were_allowed(world: World, connections: int) -> None:
    watch, venue = Watch(), world.venue(seats=60)
    source = watch.over(world.kind, source_of(world.kind, world.inventory))
    desk = world.desk(connect=source, connections=connections, batches=1)
    await asyncio.gather(
        *(desk.hold(venue.id, [seat], f"user-{seat}") for seat in venue.seats[:30]),
        *(desk.hold_best(venue.id, 1, f"best-{number}") for number in range(20)),
        *(desk.seat_map(venue.id) for _ in range(40)),
        return_exceptions=True,
    )
    assert 1 <= watch.most <= connections
    assert watch.opened == watch.open <= connections


@conformance
async def test_closing_leaves_no_connection_open(world: World) -> None:
    watch, venue = Watch(), world.venue()
    source = watch.over(world.kind, source_of(world.kind, world.inventory))
    desk = world.desk(connect=source)
    await warm(world, desk, 2)
    hold = await desk.hold(venue.id, venue.seats)
    assert watch.open >= 2
    await desk.close()
    assert watch.open == 0
    await eventually(world.sessions, [], 30)
    await desk.close()  # again
    # A later call makes a new one, and closes it when it is done with it.
    assert await desk.lookup(hold.hold_id) == hold
    assert await desk.release(hold)
    await desk.close()
    assert watch.open == 0


@alone
async def test_what_is_at_work_when_it_is_closed_ends_well(world: World) -> None:
    watch, venue = Watch(), world.venue(seats=20)
    source = watch.over(world.kind, source_of(world.kind, world.inventory))
    desk = world.desk(connect=source)
    working = [asyncio.ensure_future(desk.hold(venue.id, [seat], f"user-{seat}")) for seat in venue.seats]
    await eventually(lambda: bool(watch.texts), True, 30)
    await desk.close()
    holds = await asyncio.gather(*working)
    assert len(holds) == 20
    await desk.close()
    await eventually(lambda: watch.open, 0, 30)
    assert world.states(venue) == ["RESERVED"] * 20


@alone
async def test_a_source_that_fails_now_and_then_costs_no_connection(world: World) -> None:
    """It is asked again within the caller's patience; and what fails for good fails without leaving anything behind."""
    source, venue, failures = source_of(world.kind, world.inventory), world.venue(seats=12), iter(range(100))

    def refuse() -> None:
        if next(failures) % 2 == 0:
            raise pymysql.OperationalError(2003, "nobody listens")

    async def connect() -> Any:
        refuse()
        return await source()

    def connect_here() -> Any:
        refuse()
        return source()

    desk = world.desk(connect=connect_here if world.kind == "threads" else connect, connections=2, batches=1)
    for seat in venue.seats:
        await desk.hold(venue.id, [seat], f"user-{seat}")
        await kill_all(world)


@alone
async def test_mysql_that_cannot_be_reached_is_told_within_the_patience(world: World) -> None:
    desk = world.desk(connect=source_of(world.kind, world.inventory, port=1), patience=0.2, connections=2, batches=1)
    for _ in range(4):  # more often than there are connections
        with pytest.raises(ReservationBackendError) as failed:
            await desk.hold(1, [1])
        assert failed.value.outcome == "refused"
        with pytest.raises(ReservationBackendError):
            await desk.seat_map(1)


@alone
async def test_a_program_whose_source_is_wrong_is_told_what_it_did(world: World) -> None:
    def wrong() -> Any:
        raise KeyError("host")

    async def wrong_too() -> Any:
        raise KeyError("host")

    desk = world.desk(connect=wrong if world.kind == "threads" else wrong_too, connections=2, batches=1)
    for _ in range(4):
        with pytest.raises(KeyError, match="host"):
            await desk.hold(1, [1])
        with pytest.raises(KeyError, match="host"):
            await desk.seat_map(1)
