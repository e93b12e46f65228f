"""What is on its way is no difference: the two servers are read one after the other, and seats are sold meanwhile."""

from __future__ import annotations

import operator
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest

from integration.eventually import eventually
from integration.reservations.on_call import between
from integration.reservations.on_call.house import EVENT, House, counts
from ticketctl.errors import ReservationError
from ticketctl.reservations import Reservations, inspection
from ticketctl.reservations.inspection import Kind
from ticketctl.reservations.inspection._differences import _SEAT
from ticketctl.reservations.inspection._entries import SHORT

pytestmark = pytest.mark.integration
Happening = Callable[[House, Reservations, list[int]], object]


def reconcile(house: House, cursor: Any, redis: Any = None, **options: Any) -> inspection.Reconciliation:
    client = redis or house.redis
    return inspection.reconcile(cursor, client, event_id=EVENT, namespace=house.namespace, **options)


# --- between the two readings -----------------------------------------------------------------


def released(house: House, reservations: Reservations, seats: list[int]) -> None:
    reservations.release(_hold_of(house, seats[0]))


def handed_on(house: House, reservations: Reservations, seats: list[int]) -> None:
    reservations.release(_hold_of(house, seats[0]))
    reservations.hold(EVENT, seats, "ben")


def run_out(house: House, _: Reservations, seats: list[int]) -> None:
    house.run_out(_hold_of(house, seats[0]))
    house.redis.delete(*(house.key(seat_id) for seat_id in seats))


def swept_and_held(house: House, reservations: Reservations, seats: list[int]) -> None:
    run_out(house, reservations, seats)
    reservations.sweep()
    reservations.hold(EVENT, seats, "ben")


def booked_and_cancelled(house: House, reservations: Reservations, seats: list[int]) -> None:
    reservations.cancel(reservations.confirm(_hold_of(house, seats[0]), 7))


def _hold_of(house: House, seat_id: int) -> str:
    return house.seat(seat_id)[1] or ""


@pytest.mark.parametrize("nth", [1, 2], ids=["before the first look", "before the second"])
@pytest.mark.parametrize(
    "happening", [released, handed_on, run_out, swept_and_held, booked_and_cancelled], ids=lambda one: one.__name__
)
def test_what_happens_after_the_entries_were_read_is_no_difference(
    house: House, happening: Happening, nth: int
) -> None:
    seats = house.seats(3)
    (wrong,) = house.seats(1)
    house.enter(wrong, "somebody")  # something is to be looked at twice
    with house.reservations() as reservations, house.cursor() as plain:
        reservations.hold(EVENT, seats, "anna")
        once = between.Once(f"{_SEAT} WHERE seat_id IN", lambda: happening(house, reservations, seats), nth)

        seen = reconcile(house, between.Cursor(plain, once))

        assert once.happened
        assert counts(seen, harmless=False) == {Kind.FREE: 1}
        assert counts(house.reconcile(EVENT), harmless=False) == {Kind.FREE: 1}


def test_a_hold_that_comes_between_two_tables_is_no_difference(house: House) -> None:
    first, second = house.seats(2)
    with house.reservations() as reservations, house.cursor() as plain:
        before = reservations.hold(EVENT, [first], "anna")

        def change() -> None:
            reservations.release(before)
            reservations.hold(EVENT, [second], "ben")

        once = between.Once("reservation.live_seat_id >", change)
        seen = reconcile(house, between.Cursor(plain, once))

        assert once.happened
        assert counts(seen, harmless=False) == {}


def test_what_goes_on_after_that_is_no_difference_either(house: House) -> None:
    seats = house.seats(3)
    (wrong,) = house.seats(1)
    house.enter(wrong, "somebody")  # something is to be looked at twice
    with house.reservations() as reservations, house.cursor() as plain:
        reservations.hold(EVENT, seats, "anna")
        first = between.Once(f"{_SEAT} WHERE seat_id IN", lambda: handed_on(house, reservations, seats))
        second = between.Once(f"{_SEAT} WHERE seat_id IN", lambda: released(house, reservations, seats), 2)

        seen = reconcile(house, between.Cursor(between.Cursor(plain, first), second))

        assert (first.happened, second.happened) == (True, True)
        assert counts(seen) == {Kind.FREE: 1}


def test_a_seat_that_is_given_back_meanwhile_is_not_missing(house: House) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations, house.cursor() as plain:
        hold = reservations.hold(EVENT, [seat_id], "anna")
        house.redis.delete(house.key(seat_id))
        once = between.Once(f"{_SEAT} WHERE seat_id IN", lambda: reservations.release(hold))

        assert counts(reconcile(house, between.Cursor(plain, once))) == {}
        assert once.happened


def test_a_seat_whose_entry_comes_between_is_not_missing(house: House) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations, house.cursor() as plain:
        hold = reservations.hold(EVENT, [seat_id], "anna")
        house.redis.delete(house.key(seat_id))
        once = between.Once(f"{_SEAT} WHERE seat_id IN", lambda: house.enter(seat_id, hold.hold_id))

        assert counts(reconcile(house, between.Cursor(plain, once))) == {}
        assert once.happened


# --- between the finding and the repair -------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        pytest.param("another-hold", 60_000, id="another hold"),
        pytest.param("somebody", SHORT, id="an intent of the same hold"),
        pytest.param("somebody!", 60_000, id="leaving"),
        pytest.param(None, 0, id="nothing"),
    ],
)
def test_an_entry_that_has_changed_since_it_was_judged_is_left_alone(
    house: House, value: str | None, milliseconds: int
) -> None:
    first, second = house.seats(2)
    house.enter(first, "somebody")
    house.enter(second, "somebody")

    def change() -> None:
        if value is None:
            house.redis.delete(house.key(first))
        else:
            house.enter(first, value, milliseconds)

    once = between.Once("EVAL", change)
    with house.cursor() as cursor:
        seen = reconcile(house, cursor, between.Client(house.redis, once), repair=True)

    (finding,) = seen.findings
    assert once.happened
    assert (finding.count, finding.repaired, finding.gone, finding.left) == (2, 1, 1, 0)
    assert house.entry(first)[0] == (None if value is None else value.encode())
    assert house.entry(second)[0] is None


# --- under load -------------------------------------------------------------------------------


def sell(reservations: Reservations, seats: list[int], choice: random.Random) -> None:
    """Hold some seats, and do one of the things that come after that, or nothing."""
    hold = reservations.hold(EVENT, choice.sample(seats, choice.randint(1, 3)), "anna", ttl=choice.choice((0.2, 60.0)))
    match choice.randrange(4):
        case 0:
            reservations.release(hold)
        case 1:
            reservations.cancel(reservations.confirm(hold, 7))
        case 2:
            reservations.release(reservations.extend(hold, 120.0))


def give_back(reservations: Reservations, house: House) -> None:
    """Sweep, and release what nobody does anything with."""
    reservations.sweep()
    for (hold_id,) in house.inventory.ask("SELECT hold_id FROM seats WHERE status = 'RESERVED' LIMIT 20"):
        with suppress(ReservationError):  # by now it may be anything
            reservations.release(hold_id)


@contextmanager
def box_office(house: House, seats: list[int]) -> Iterator[Callable[[], int]]:
    """Sell, book, extend, give back, let run out and sweep, in several threads; gives how often it went well."""
    stop, done = threading.Event(), [0] * 4
    with house.reservations() as reservations, ThreadPoolExecutor(len(done) + 1) as threads:

        def seller(number: int) -> None:
            choice = random.Random(number)  # noqa: S311  # no secret
            while not stop.is_set():
                with suppress(ReservationError):
                    sell(reservations, seats, choice)
                    done[number] += 1

        def tidier() -> None:
            while not stop.wait(0.05):
                give_back(reservations, house)

        work = [threads.submit(tidier), *(threads.submit(seller, number) for number in range(len(done)))]
        try:
            yield lambda: sum(done)
        finally:
            stop.set()
            for one in work:
                one.result(timeout=30)


def test_a_sale_that_goes_on_has_no_difference_and_a_wrong_entry_is_found_in_it(house: House) -> None:
    seats = house.seats(40)
    apart = house.seats(2)
    with box_office(house, seats) as sold:
        for number in range(40):
            eventually(sold, partial(operator.lt, 10 * number))
            seen = house.reconcile(EVENT if number % 2 else None)
            assert counts(seen, harmless=False) == {}, [finding.examples for finding in seen.findings]

        house.enter(apart[0], "somebody")
        house.ask("UPDATE seats SET status = 'BOOKED' WHERE seat_id = %s", apart[1])
        planted = {Kind.FREE: 1, Kind.NO_RESERVATION: 1}
        for _ in range(10):
            assert counts(house.reconcile(), harmless=False) == planted
        assert counts(house.reconcile(repair=True), harmless=False) == {Kind.NO_RESERVATION: 1}
        assert house.entry(apart[0])[0] is None
