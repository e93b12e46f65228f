"""`docs/howto/reservations-fastapi.md` is a service that does what it says: it is run as it stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import redis

from conformance.reservations.desk import seats
from conformance.reservations.inventory import Inventory
from integration.conftest import REDIS_PASSWORD
from integration.eventually import eventually
from integration.page_service import environment
from integration.reservations.box_office import EVENT, BoxOffice, World
from integration.servers import Server

pytestmark = pytest.mark.integration
NUMBER = 6  # of the Redis database, which is this test's alone
SHORT = {"HOLD = 600.0": "HOLD = 0.3"}
UNSWEPT = {"asyncio.create_task(AsyncSweeper(seats, locker).run())": "asyncio.create_task(asyncio.sleep(3600))"}
PROCESSES = 2


@pytest.fixture
def keys(own_redis: Server) -> Iterator[redis.Redis]:
    client = redis.Redis(port=own_redis.port, password=REDIS_PASSWORD.reveal(), db=NUMBER, decode_responses=True)
    with closing(client):
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def world(_inventory_database: Inventory, keys: redis.Redis, own_redis: Server, tmp_path: Path) -> Iterator[World]:
    inventory = _inventory_database
    inventory.empty()
    address = f"redis://:{quote(REDIS_PASSWORD.reveal())}@127.0.0.1:{own_redis.port}/{NUMBER}"
    environ = environment(address, {name: str(value) for name, value in inventory.arguments().items()})
    with ExitStack() as running:

        def start(code: str) -> BoxOffice:
            (tmp_path / "box_office.py").write_text(code, encoding="utf-8")
            return running.enter_context(BoxOffice(tmp_path, environ))

        world = World(inventory, keys, start)
        world.seats = seats(inventory, 12, event_id=EVENT, first=1001)
        yield world


@pytest.fixture
def offices(world: World) -> list[BoxOffice]:
    """Two processes of the service."""
    return [world.start() for _ in range(PROCESSES)]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def held(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


# --- buyers


def test_of_many_buyers_at_one_seat_one_has_it(world: World, offices: list[BoxOffice]) -> None:
    seat = world.seats[3]
    asked = [offices[number % PROCESSES].hold(f"buyer-{number}", [seat]) for number in range(12)]
    answers = [future.result() for future in asked]
    (won,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert (won["seats"], won["status"]) == ([seat], "ACTIVE")
    assert 590 < won["seconds"] <= 600
    losers = [answer for answer in answers if answer.status_code != 201]
    assert [refused(answer) for answer in losers] == [(409, "TKT-701")] * 11
    assert all(answer.json()["seats"] == [seat] for answer in losers)
    for office in offices:
        assert office.seats() == {
            "first": 1001,
            "letters": "AAARAAAAAAAA",
            "counts": {"AVAILABLE": 11, "RESERVED": 1, "BOOKED": 0, "BLOCKED": 0},
        }
    assert world.reasons(3) == ["held"]


def test_all_seats_are_sold_once_to_buyers_who_want_the_best(world: World, offices: list[BoxOffice]) -> None:
    asked = [offices[number % PROCESSES].hold(f"buyer-{number}", best=2, section="A") for number in range(10)]
    answers = [future.result() for future in asked]
    sold = [seat for answer in answers if answer.status_code == 201 for seat in answer.json()["seats"]]
    assert sorted(sold) == world.seats
    assert [refused(answer) for answer in answers if answer.status_code != 201] == [(409, "TKT-701")] * 4


def test_a_seat_is_paid_and_booked(world: World, offices: list[BoxOffice]) -> None:
    one, other = offices
    hold = held(one.hold("anna", world.seats[:2]).result())
    paying = other.pay(hold["hold"])
    assert paying.status_code == 200
    assert 890 < paying.json()["seconds"] <= 900
    for office in offices:  # again is the same
        booked = office.book(hold["hold"])
        assert (booked.status_code, booked.json()["status"], booked.json()["seats"]) == (200, "CONFIRMED", [1001, 1002])
    assert refused(one.book(hold["hold"], booking=8)) == (409, "TKT-706")
    assert refused(one.release(hold["hold"])) == (409, "TKT-706")
    assert refused(other.hold("bert", world.seats[1:3]).result()) == (409, "TKT-701")
    assert one.seats()["letters"] == "BB" + "A" * 10
    assert world.reasons() == ["held", "extended", "confirmed"]


def test_what_is_given_back_is_free_at_once(world: World, offices: list[BoxOffice]) -> None:
    one, other = offices
    hold = held(one.hold("anna", world.seats[:1]).result())
    for _ in range(2):
        assert other.release(hold["hold"]).status_code == 204
    assert held(one.hold("bert", world.seats[:1]).result())["seats"] == [1001]
    assert refused(one.release("nobody-has-this-one")) == (404, "TKT-704")
    assert refused(one.book("nobody-has-this-one")) == (404, "TKT-704")
    assert refused(one.hold("anna", [9999]).result()) == (404, "TKT-702")


def test_the_same_key_is_the_same_hold(world: World, offices: list[BoxOffice]) -> None:
    """Sent by a client that has lost the answer, to whatever process; and nothing else is asked for with it."""
    asked = [offices[number % PROCESSES].hold("anna", world.seats[:2], key="basket-17") for number in range(8)]
    answers = [held(future.result()) for future in asked]
    assert {(answer["hold"], *answer["seats"]) for answer in answers} == {("basket-17", 1001, 1002)}
    assert refused(offices[0].hold("anna", world.seats[4:5], key="basket-17").result()) == (409, "TKT-706")
    assert world.reasons() == ["held"]


def test_nobody_has_more_than_is_allowed(world: World, offices: list[BoxOffice]) -> None:
    asked = [offices[number % PROCESSES].hold("anna", [seat]) for number, seat in enumerate(world.seats)]
    answers = [future.result() for future in asked]
    assert sum(answer.status_code == 201 for answer in answers) == 3
    assert [refused(answer) for answer in answers if answer.status_code != 201] == [(409, "TKT-703")] * 9


UNUSABLE: list[dict[str, Any]] = [
    {},
    {"best": -1},
    {"user": "", "seats": [1001]},
    {"seats": [1001, 1001]},
    {"seats": [1001], "key": "no id, for it has blanks"},
    {"seats": ["front row"]},
]


def test_what_cannot_be_is_refused(world: World) -> None:
    office = world.start()
    for wanted in UNUSABLE:
        assert office.hold(**{"user": "anna", **wanted}).result().status_code == 422, wanted
    assert office.seats()["counts"]["AVAILABLE"] == 12


# --- holds that run out


def test_a_hold_that_ran_out_is_booked_while_nobody_else_has_its_seats(world: World) -> None:
    office = world.start(SHORT)
    hold = held(office.hold("anna", world.seats[:2]).result())
    eventually(world.state, lambda state: state == "AVAILABLE")  # swept
    assert refused(office.pay(hold["hold"])) == (410, "TKT-705")
    assert office.release(hold["hold"]).status_code == 204
    booked = office.book(hold["hold"])
    assert (booked.status_code, booked.json()["status"]) == (200, "CONFIRMED")
    assert world.reasons() == ["held", "expired", "reclaimed"]


def test_who_pays_too_late_is_told_to_be_given_the_money_back(world: World) -> None:
    """No sweeper has to help: the next one has the seat as soon as the hold is over."""
    office, other = world.start({**SHORT, **UNSWEPT}), world.start(UNSWEPT)
    late = held(office.hold("anna", world.seats[:1]).result())
    # Redis refuses the seat for as long as an intent at most.
    answer = eventually(lambda: other.hold("bert", world.seats[:1]).result(), lambda seen: seen.status_code == 201)
    answer = office.book(late["hold"])
    assert refused(answer) == (410, "TKT-705")
    assert answer.json()["seats"] == [1001]
    assert world.reasons() == ["held", "expired", "held"]


def test_one_process_sweeps_and_another_one_goes_on(world: World) -> None:
    offices = [world.start(SHORT) for _ in range(PROCESSES)]
    held(offices[0].hold("anna", world.seats[:1]).result())
    eventually(world.state, lambda state: state == "AVAILABLE")
    (leading,) = [office for office in offices if f'"pid":{office.pid},' in leader(world)]
    (waiting,) = [office for office in offices if office is not leading]
    leading.end()
    leading.ended()
    held(waiting.hold("bert", world.seats[1:2]).result())
    eventually(lambda: world.state(1), lambda state: state == "AVAILABLE")
    assert f'"pid":{waiting.pid},' in leader(world)


def leader(world: World) -> str:
    """The leases of who leads."""
    return " ".join(str(world.keys.get(key)) for key in world.keys.scan_iter("lock:{leader:*}"))


# --- servers, clients and processes that go away


def test_without_redis_seats_are_sold_all_the_same(world: World, offices: list[BoxOffice], own_redis: Server) -> None:
    one, other = offices
    own_redis.stop()
    try:
        held(one.hold("anna", world.seats[:1]).result())
        assert refused(other.hold("bert", world.seats[:2]).result()) == (409, "TKT-701")
        held(other.hold("bert", world.seats[1:2]).result())
    finally:
        own_redis.start()
    assert refused(other.hold("carl", world.seats[:1]).result()) == (409, "TKT-701")
    assert one.seats()["letters"] == "RR" + "A" * 10


def unknown(answer: httpx.Response) -> tuple[int, str, str]:
    return *refused(answer), answer.headers["Retry-After"]


def test_while_mysql_does_not_answer_clients_are_told_so(
    world: World, offices: list[BoxOffice], own_mysql: Server
) -> None:
    """It stands still, with connections open that were used before."""
    one, other = offices
    held(one.hold("anna", world.seats[:1]).result())
    own_mysql.pause()
    try:
        asked = [office.hold("bert", world.seats[1:3], key="of-bert") for office in offices]
        assert unknown(asked[0].result()) == (503, "TKT-708", "1")
        assert unknown(asked[1].result()) == (503, "TKT-708", "1")
    finally:
        own_mysql.unpause()
    answer = eventually(
        lambda: other.hold("bert", world.seats[1:3], key="of-bert").result(), lambda seen: seen.status_code != 503, 60
    )
    assert held(answer)["seats"] == [1002, 1003]
    assert world.reasons(1) == ["held"]


def test_without_mysql_clients_are_told_so(world: World, own_mysql: Server) -> None:
    office = world.start()
    held(office.hold("anna", world.seats[:1]).result())
    own_mysql.stop()
    try:
        assert unknown(office.hold("bert", world.seats[1:2]).result()) == (503, "TKT-708", "1")
    finally:
        own_mysql.start()
    answer = eventually(
        lambda: office.hold("bert", world.seats[1:2]).result(), lambda seen: seen.status_code != 503, 60
    )
    assert held(answer)["seats"] == [1002]


def test_who_waits_for_others_too_long_is_told_so(world: World) -> None:
    office = world.start()
    with world.locked():
        assert unknown(office.hold("anna", world.seats[:1]).result()) == (503, "TKT-707", "1")
    held(office.hold("anna", world.seats[:1]).result())


def test_a_client_that_goes_away_finds_its_hold_with_the_same_key(world: World, offices: list[BoxOffice]) -> None:
    one, other = offices
    with world.locked() as unlock:
        lost = one.hold("anna", world.seats[:1], key="of-anna", timeout=0.5)
        world.somebody_waits()
        assert isinstance(lost.exception(), httpx.ReadTimeout)
        unlock()
    eventually(world.state, lambda state: state == "RESERVED")
    assert held(other.hold("anna", world.seats[:1], key="of-anna").result())["hold"] == "of-anna"
    assert world.reasons() == ["held"]


def test_a_process_that_is_killed_leaves_all_or_nothing(world: World, offices: list[BoxOffice]) -> None:
    """In the middle of a hold that waits for a row; the other process knows no more of it than MySQL does."""
    one, other = offices
    with world.locked(2):
        lost = one.hold("anna", world.seats[:3], key="of-anna")
        world.somebody_waits()
        one.kill()
        assert isinstance(lost.exception(), httpx.HTTPError)
    assert held(other.hold("anna", world.seats[:3], key="of-anna").result())["hold"] == "of-anna"
    assert [world.reasons(number) for number in range(4)] == [["held"]] * 3 + [[]]


# --- connections, and the end


def test_connections_are_as_many_as_were_allowed(world: World, offices: list[BoxOffice]) -> None:
    asked = [
        office.hold(f"buyer-{number}", [world.seats[number % 12]]) for number in range(48) for office in offices
    ] + [office.send("GET", f"/events/{EVENT}/seats") for _ in range(24) for office in offices]
    statuses = [future.result().status_code for future in asked]
    assert (statuses.count(201), statuses.count(200)) == (12, 48)
    assert world.sessions() <= 6 * PROCESSES
    # One for seats and at most two for locks in each process, and that of this test.
    assert len(world.keys.client_list()) <= 3 * PROCESSES + 1


def test_at_the_end_the_work_is_finished_and_every_connection_is_closed(world: World) -> None:
    office = world.start()
    with world.locked() as unlock:
        first = office.hold("anna", world.seats[:1])
        world.somebody_waits()
        office.end()
        eventually(lambda: office.log, lambda log: "Shutting down" in log)
        assert not first.done()
        unlock()
        assert held(first.result())["seats"] == [1001]
    office.ended()
    assert world.state() == "RESERVED"
    eventually(world.sessions, lambda count: count == 0)
    assert len(world.keys.client_list()) == 1  # this one
