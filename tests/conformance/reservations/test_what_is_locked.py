"""Every operation locks the rows of its own seats and nothing beside them, in a large table and in a tiny one.

The server is free to walk through a small table, and locks all that it passes: whoever holds one seat would keep
everybody else waiting. So the plans of all statements are looked at, and, what counts, the locks themselves.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Literal

import pytest

from conformance.reservations.desk import clear, seats
from conformance.reservations.driver import Venue, World, alone, conformance
from conformance.reservations.inventory import Inventory
from conformance.reservations.operations import OPERATIONS, Operation
from conformance.reservations.row_locks import END_OF_PAGE, PLANS, Access, Transactions
from conformance.reservations.sources import source_of
from ticketctl.reservations import Hold

pytestmark = pytest.mark.integration
LARGE, BESIDE = 12_000, 1000  # seats of events
FEW = 6
# Seats between those of two tests, which is more than a page of the index holds: one that gets too full is split, and
# its ends are locked then.
APART = 130
Size = Literal["large", "tiny"]
SIZES: tuple[Size, ...] = ("large", "tiny")

# The large event of each database, and where the next piece of it begins.
_large: dict[str, tuple[int, int]] = {}


def house(world: World, size: Size) -> Venue:
    """Return a few free seats of an event: of a large one with others beside it, or all that there are."""
    if size == "tiny":
        ((count,),) = world.ask("SELECT COUNT(*) FROM seats")
        (clear if count < APART else Inventory.empty)(world.inventory)
        return world.venue(seats=FEW)
    name = world.inventory.name
    event, begun = _large.get(name, (0, 0))
    seats = seats_of(world, event)
    if len(seats) < LARGE:
        world.inventory.empty()
        _, large, _ = (world.venue(seats=count) for count in (BESIDE, LARGE, BESIDE))
        event, begun, seats = large.id, LARGE // 10, list(large.seats)  # those before are the best
    _large[name] = event, begun + APART
    piece = seats[begun : begun + FEW]
    assert len(piece) == FEW, "there are too few seats for so many tests"
    return Venue(event, piece)


def seats_of(world: World, event: int) -> list[int]:
    return [seat for (seat,) in world.ask("SELECT seat_id FROM seats WHERE event_id = %s ORDER BY seat_id", event)]


async def done(world: World, operation: Operation, venue: Venue, watch: Transactions) -> list[int]:
    """Do it, and return the seats that it was about."""
    prepared = await operation.prepare(world, venue) if operation.prepare else None
    connect = watch.over(world.kind, source_of(world.kind, world.inventory, init_command=PLANS))
    result = await operation.act(world.desk(connect=connect, limits=operation.limits), venue, prepared)
    if isinstance(result, Hold):
        return sorted(result.seat_ids)
    return sorted(result if isinstance(result, tuple) else venue.seats[:3])


# --- locks


def check(world: World, watch: Transactions, seats: list[int], size: Size) -> None:
    """Look whether transactions have locked nothing but these seats, and what belongs to them."""
    marks = ", ".join(["%s"] * len(seats))
    rows = world.ask(f"SELECT reservation_id FROM reservations WHERE seat_id IN ({marks})", *seats)
    reservations = {number for (number,) in rows}
    everything = {seat for (seat,) in world.ask("SELECT seat_id FROM seats")}
    assert watch.ended
    for locks, free in zip(watch.ended, watch.free, strict=True):
        locked = locks.rows("seats")
        assert set(locked) <= set(seats)
        assert free == everything.difference(locked)
        assert set(locks.rows("reservations")) <= reservations
        assert set(locks.rows("reservations", "uk_live_seat")) <= set(seats)
        # Where a row is the first of a page, the end of the page before is locked: nothing is there, and no page
        # before the only one.
        ends = [lock for table in ("seats", "reservations") for lock in locks.gaps(table)]
        assert {lock.entry for lock in ends} <= ({END_OF_PAGE} if size == "large" else set())
        # What is left is the server's own look, before it puts an entry into the backstop, whether there is one: where
        # there was one until now it locks the gap behind it as well. So whoever takes over a seat of a hold that is
        # over may wait for the COMMIT of somebody who does the same with the next seat.
        others = [lock for lock in locks if lock.table in ("seats", "reservations") and lock.key != "PRIMARY"]
        assert {lock.key for lock in others if lock.is_gap or lock.is_shared} <= {"uk_live_seat"}
        assert all(lock.is_shared for lock in others if lock.is_gap)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("size", SIZES)
@alone
async def test_an_operation_locks_its_own_rows(world: World, name: str, size: Size) -> None:
    watch, venue = Transactions(inventory=world.inventory), house(world, size)
    seats = await done(world, OPERATIONS[name], venue, watch)
    check(world, watch, seats, size)
    assert max((locks.rows("seats") for locks in watch.ended), key=len) == seats


@pytest.mark.parametrize("size", SIZES)
@alone
async def test_holds_that_share_a_transaction_lock_what_they_hold_together(world: World, size: Size) -> None:
    """However they are put together: no seat is in two transactions, so none has locked a seat of others."""
    for _ in range(20):  # until some have come while others were at it
        venue = house(world, size)
        watch = Transactions(inventory=world.inventory)
        desk = world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory)), batches=1)
        await asyncio.gather(*(desk.hold(venue.id, [seat], f"user-{seat}") for seat in venue.seats))
        check(world, watch, list(venue.seats), size)
        locked = [seat for locks in watch.ended for seat in locks.rows("seats")]
        assert sorted(locked) == list(venue.seats)
        if len(watch.ended) < len(venue.seats):
            return
    raise AssertionError("no two of them have shared a transaction")


@alone
async def test_as_many_seats_as_can_be_named_lock_nothing_but_themselves(world: World) -> None:
    event = house(world, "large").id
    seats = seats_of(world, event)[-1500::3]  # beyond those that the other tests have
    watch = Transactions(inventory=world.inventory)
    desk = world.desk(connect=watch.over(world.kind, source_of(world.kind, world.inventory)))
    held = await desk.hold(event, seats, "anna")
    await desk.confirm(held, 7)
    await desk.cancel(held)
    assert [locks.rows("seats") for locks in watch.ended] == [seats] * 3
    assert {len(free) for free in watch.free} == {LARGE + 2 * BESIDE - 500}


# --- plans


def wrong(accesses: list[Access], count: int) -> list[Access]:
    """Return which rows are looked for otherwise than by the key that names them, or are more than there are."""
    keys = {"seats": {"PRIMARY"}, "reservations": {"PRIMARY", "uk_live_seat"}}
    return [each for each in accesses if each.key not in keys[each.table] or each.rows > count]


async def planned(world: World, name: str, size: Size) -> None:
    watch, venue = Transactions(inventory=world.inventory, explains=True), house(world, size)
    seats = await done(world, OPERATIONS[name], venue, watch)
    assert watch.plans
    for text, accesses in watch.plans:
        assert accesses, text
        assert wrong(accesses, len(seats)) == [], text


test_every_statement_finds_its_rows_by_the_key_that_names_them = pytest.mark.parametrize("name", OPERATIONS)(
    pytest.mark.parametrize("size", SIZES)(conformance(planned, kinds=("threads",), fronts=("alone",)))
)


# --- controls


async def without_key(world: World, size: Size) -> None:
    venue = house(world, size)
    watch = Transactions(
        inventory=world.inventory, explains=True, rewrite=lambda text: text.replace("FORCE INDEX", "IGNORE INDEX")
    )
    seats = await done(world, OPERATIONS["a hold of four seats"], venue, watch)
    (locks,), (free,) = watch.ended, watch.free
    assert set(locks.rows("seats")) > set(seats)
    assert free == set()
    assert [accesses for _, accesses in watch.plans if wrong(accesses, len(seats))]


test_without_the_key_much_more_is_locked_and_both_see_it = pytest.mark.parametrize("size", SIZES)(
    conformance(without_key, kinds=("threads",), fronts=("alone",))
)


@pytest.mark.parametrize("hint", ["", "FORCE INDEX (PRIMARY)"], ids=["free", "forced"])
def test_a_key_is_walked_from_end_to_end_for_whoever_reads_nothing_else(inventory: Inventory, hint: str) -> None:
    """Forcing it is not enough: what is locked has to be looked at."""
    named = seats(inventory, FEW)[:4]
    watch = Transactions(inventory=inventory)
    connection = watch.over("threads", source_of("threads", inventory))()
    with closing(connection):
        cursor = connection.cursor()
        cursor.execute(f"SELECT seat_id FROM seats {hint} WHERE seat_id IN (%s, %s, %s, %s) FOR UPDATE", named)
        cursor.execute("ROLLBACK", None)
    (locks,) = watch.ended
    assert len(locks.rows("seats")) == FEW
