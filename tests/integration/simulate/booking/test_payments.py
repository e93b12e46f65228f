"""A payment is one charge and one booking, or money that was given back, wherever the service was killed."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from booking_service.bookings import Bookings
from booking_service.database import Database
from booking_service.settings import Mysql
from integration.eventually import eventually
from integration.simulate.booking.box_office import EVENT, PASSWORD, BoxOffice, World
from integration.simulate.booking.conftest import Start
from integration.simulate.booking.crashing_process import PLACES

pytestmark = pytest.mark.integration
CHARGED = ("charge", "25.00 EUR", "")
ON_THE_WAY = [place for place in PLACES if place != "money given back"]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def lapsed(office: BoxOffice, hold: str) -> None:
    """Return when a hold is over."""
    eventually(lambda: office.get(f"/holds/{hold}").json()["status"], "EXPIRED".__eq__)


def test_a_seat_is_paid_and_booked_once_however_often_that_is_asked_for(world: World, office: BoxOffice) -> None:
    hold = office.held("anna", [1, 2])
    asked = [office.send("POST", f"/holds/{hold}/payment") for _ in range(6)]
    answers = [future.result() for future in asked]
    assert {answer.status_code for answer in answers} == {200}
    (told,) = {answer.text for answer in answers}
    ((booking, user, status),) = world.bookings()
    assert (user, status) == ("anna", "CONFIRMED")
    assert httpx.Response(200, text=told).json() == {
        "booking": booking,
        "reference": answers[0].json()["reference"],
        "hold": hold,
        "seats": [1, 2],
        "amount": "50.00",
        "currency": "EUR",
        "status": "CONFIRMED",
    }
    assert [world.seat(seat) for seat in (1, 2)] == [("BOOKED", booking)] * 2
    assert office.movements(hold) == [("charge", "50.00 EUR", "")]
    assert refused(office.release(hold)) == (409, "TKT-706")


def test_without_a_lock_it_is_one_charge_all_the_same(world: World, office: BoxOffice, start: Start) -> None:
    """Two processes pay for one hold at once, and Redis lets both of them."""
    other = start(REDIS_DATABASE="10")
    hold = office.held("anna", [1])
    asked = [each.send("POST", f"/holds/{hold}/payment") for each in (office, other) * 4]
    answers = [future.result() for future in asked]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["booking"] for answer in answers}) == 1
    assert office.movements(hold) == [CHARGED]
    assert world.payments() == [("CHARGE", "SUCCESS")]


def test_who_is_declined_may_try_another_card(world: World, office: BoxOffice) -> None:
    hold = office.held("anna", [1])
    for card in ("declined", "empty"):
        answer = office.pay(hold, card)
        assert (refused(answer), answer.json()["reason"]) == ((402, "CARD-DECLINED"), card)
    assert world.seat(1)[0] == "RESERVED"
    assert office.pay(hold).json()["status"] == "CONFIRMED"
    assert office.movements(hold) == [("charge", "25.00 EUR", "declined"), ("charge", "25.00 EUR", "empty"), CHARGED]
    assert world.payments() == [("CHARGE", "FAILED"), ("CHARGE", "FAILED"), ("CHARGE", "SUCCESS")]
    assert [status for _, _, status in world.bookings()] == ["CONFIRMED"]


def test_nothing_is_charged_for_a_hold_that_is_over(world: World, office: BoxOffice) -> None:
    office.held("anna", [1], seconds=0.2, key="short")
    lapsed(office, "short")
    for _ in range(2):
        answer = office.pay("short")
        assert (refused(answer), answer.json()["refunded"]) == ((410, "TKT-705"), None)
    office.release(office.held("anna", [2], key="back"))
    assert refused(office.pay("back")) == (409, "TKT-706")
    assert refused(office.pay("unknown")) == (404, "TKT-704")
    assert office.movements("short") == office.movements("back") == []
    assert world.payments() == []


def test_what_costs_nothing_is_booked_without_a_charge(world: World, office: BoxOffice) -> None:
    world.ask("inventory", "UPDATE seats SET price = 0 WHERE seat_id = 1")
    hold = office.held("anna", [1])
    assert office.pay(hold, "declined").json()["amount"] == "0.00"
    assert world.seat(1)[0] == "BOOKED"
    assert office.movements(hold) == []


@pytest.mark.parametrize("place", ON_THE_WAY)
def test_killed_in_the_middle_a_repeat_goes_on_and_charges_once(
    world: World, office: BoxOffice, start: Start, place: str
) -> None:
    crashing = start(place)
    hold = crashing.held("anna", [1])
    crashing.crashes_paying(hold)
    if place != "card charged":  # one waits until the lock of the dead has run out, the others need not
        world.keys.flushdb()
    answer = office.pay(hold)
    assert answer.status_code == 200, answer.text
    ((booking, _, status),) = world.bookings()
    assert (answer.json()["booking"], status) == (booking, "CONFIRMED")
    assert world.seat(1) == ("BOOKED", booking)
    assert office.movements(hold) == [CHARGED]
    assert world.payments() == [("CHARGE", "SUCCESS")]


def test_a_hold_lasts_longer_once_its_payment_has_begun(office: BoxOffice, start: Start) -> None:
    crashing = start("hold extended", PAYMENT_SECONDS="40")
    hold = crashing.held("anna", [1], seconds=5)
    crashing.crashes_paying(hold)
    assert 30 < office.get(f"/holds/{hold}").json()["seconds"] <= 40


def test_what_one_process_has_given_up_another_one_does_not_keep(world: World, office: BoxOffice, start: Start) -> None:
    """It has confirmed the seats, and finds the booking cancelled when it comes to write that down."""
    crashing = start("seats confirmed")
    hold = crashing.held("anna", [1])
    crashing.crashes_paying(hold)
    world.keys.flushdb()

    async def give_up() -> str:
        where = Mysql("127.0.0.1", world.mysql.port, world.names["bookings"], world.user, PASSWORD)
        database = Database(where, 1)
        bookings = Bookings(database)
        booking = await bookings.of_hold(hold)
        assert booking is not None
        settled = await bookings.settle(booking, "CANCELLED")
        again = await bookings.settle(booking, "CONFIRMED")
        await database.close()
        return f"{settled.status} {again.status}"

    assert asyncio.run(give_up()) == "CANCELLED CANCELLED"
    assert world.seat(1)[0] == "BOOKED"
    answer = office.pay(hold)
    assert (answer.status_code, answer.json()["refunded"]) == (409, "25.00")
    assert world.seat(1) == ("AVAILABLE", None)
    assert [kind for kind, _, _ in office.movements(hold)] == ["charge", "refund"]


def paid_and_lost(world: World, office: BoxOffice, crashing: BoxOffice) -> str:
    """Return a hold that was paid for in a process that died of it, and whose seat somebody else has now."""
    hold = crashing.held("anna", [1], seconds=0.3)
    crashing.crashes_paying(hold)
    lapsed(office, hold)
    eventually(lambda: office.hold("bert", [1]).result().status_code, (201).__eq__)
    world.keys.flushdb()  # nobody waits for the lock of the dead
    return hold


def test_who_has_paid_for_seats_that_are_gone_gets_the_money_back_once(
    world: World, office: BoxOffice, start: Start
) -> None:
    hold = paid_and_lost(world, office, start("charge written down", PAYMENT_SECONDS="0.3"))
    for _ in range(2):
        answer = office.pay(hold)
        assert refused(answer) == (410, "TKT-705")
        assert answer.json()["refunded"] == "25.00"
    assert [kind for kind, _, _ in office.movements(hold)] == ["charge", "refund"]
    assert world.payments() == [("CHARGE", "SUCCESS"), ("REFUND", "SUCCESS")]
    assert [status for _, _, status in world.bookings()] == ["CANCELLED"]
    assert world.seat(1) == ("RESERVED", None)


@pytest.mark.parametrize("place", ["booking settled", "money given back"])
def test_killed_while_it_gives_money_back_a_repeat_gives_it_back_once(
    world: World, office: BoxOffice, start: Start, place: str
) -> None:
    hold = paid_and_lost(world, office, start("card charged", PAYMENT_SECONDS="0.3"))
    start(place).crashes_paying(hold)
    world.keys.flushdb()
    answer = office.pay(hold)
    assert (refused(answer), answer.json()["refunded"]) == ((410, "TKT-705"), "25.00")
    assert [kind for kind, _, _ in office.movements(hold)] == ["charge", "refund"]
    assert world.payments() == [("CHARGE", "SUCCESS"), ("REFUND", "SUCCESS")]


def test_seats_that_are_given_back_while_they_are_paid_are_not_booked(
    world: World, office: BoxOffice, start: Start
) -> None:
    crashing = start("charge written down")
    hold = crashing.held("anna", [1])
    crashing.crashes_paying(hold)
    assert office.release(hold).json()["released"]
    world.keys.flushdb()
    for _ in range(2):
        answer = office.pay(hold)
        assert (refused(answer), answer.json()["refunded"]) == ((409, "TKT-706"), "25.00")
    assert world.seat(1) == ("AVAILABLE", None)
    assert [kind for kind, _, _ in office.movements(hold)] == ["charge", "refund"]


# --- nobody repeats it


def test_a_payment_that_nobody_goes_on_with_is_finished_by_the_service(world: World, start: Start) -> None:
    crashed = {}
    for place, seat in (("charge written down", 1), ("card charged", 2), ("charge begun", 3)):
        crashing = start(place, PAYMENT_SECONDS="0.3")
        crashed[place] = crashing.held(f"buyer of {seat}", [seat], seconds=0.3)
        crashing.crashes_paying(crashed[place])
    world.keys.flushdb()
    office = start(FINISH_SECONDS="1", REDIS_DATABASE="11")  # where nobody else is elected
    eventually(world.bookings, lambda seen: all(status != "PENDING" for _, _, status in seen), 30)
    assert [status for _, _, status in world.bookings()] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [world.seat(seat)[0] for seat in (1, 2, 3)] == ["BOOKED", "BOOKED", "AVAILABLE"]
    assert [office.movements(hold) for hold in crashed.values()] == [[CHARGED], [CHARGED], []]
    assert office.get(f"/events/{EVENT}/map").json()["letters"] == "BB" + "A" * 10
