"""The example booking service sells seats once, and says what it does not sell."""

from __future__ import annotations

import httpx
import pytest

from integration.eventually import eventually
from integration.servers import Server
from integration.simulate.booking.box_office import EVENT, PASSWORD, SEATS, BoxOffice, World
from integration.simulate.booking.conftest import Start

pytestmark = pytest.mark.integration


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def letters(office: BoxOffice) -> str:
    return str(office.get(f"/events/{EVENT}/map").json()["letters"])


# --- looking


def test_events_places_and_states_are_shown(office: BoxOffice) -> None:
    (event,) = office.get("/events").json()["events"]
    assert (event["event"], event["name"], event["date"]) == (EVENT, "The Paper Lanterns", "2030-05-01T20:00:00Z")
    assert office.get(f"/events/{EVENT}").json() == event
    places = office.get(f"/events/{EVENT}/seats").json()
    assert [(row["section"], row["row"], row["seats"]) for row in places["rows"]] == [
        ("Stalls", "A", [1, 2, 3, 4, 5, 6]),
        ("Stalls", "B", [7, 8, 9, 10, 11, 12]),
    ]
    office.held("anna", [2])
    eventually(lambda: letters(office), lambda seen: seen == "AR" + "A" * 10)
    for path in ("/events/7", "/events/7/seats", "/events/7/map"):
        assert refused(office.get(path)) == (404, "NO-EVENT")


def test_a_map_that_has_not_changed_is_not_sent_again(office: BoxOffice) -> None:
    first = office.get(f"/events/{EVENT}/map")
    again = {"If-None-Match": first.headers["ETag"]}
    assert office.send("GET", f"/events/{EVENT}/map", headers=again).result().status_code == 304
    office.held("anna", [1])
    eventually(lambda: office.send("GET", f"/events/{EVENT}/map", headers=again).result().status_code, (200).__eq__)


def test_many_viewers_cost_few_queries(world: World, office: BoxOffice) -> None:
    def selects() -> int:
        return int(world.ask("inventory", "SHOW GLOBAL STATUS LIKE 'Com_select'")[0][1])

    letters(office)
    before = selects()
    asked = [office.send("GET", f"/events/{EVENT}/map") for _ in range(400)]
    assert {future.result().status_code for future in asked} == {200}
    assert selects() - before < 100


def test_only_what_is_on_sale_is_held(world: World, start: Start) -> None:
    office = start()  # it remembers events for a second
    world.ask("events", "UPDATE events SET status = 'CANCELLED'")
    eventually(lambda: office.get("/events").json()["events"], lambda seen: not seen)
    assert refused(office.hold("anna", [1]).result()) == (409, "NOT-ON-SALE")
    assert world.seat(1) == ("AVAILABLE", None)


# --- holding


def test_of_many_buyers_of_one_seat_one_has_it_and_the_others_are_told_which(office: BoxOffice, start: Start) -> None:
    offices = [office, start()]
    asked = [offices[number % 2].hold(f"buyer-{number}", [3]) for number in range(12)]
    answers = [future.result() for future in asked]
    assert [answer.status_code for answer in answers].count(201) == 1
    losers = [answer for answer in answers if answer.status_code != 201]
    assert [refused(answer) for answer in losers] == [(409, "TKT-701")] * 11
    assert all(answer.json()["seats"] == [3] for answer in losers)


def test_the_same_key_is_the_same_hold(world: World, office: BoxOffice) -> None:
    asked = [office.hold("anna", [1, 2], key="basket-1") for _ in range(6)]
    answers = [future.result() for future in asked]
    assert {(answer.status_code, answer.json()["hold"], *answer.json()["seats"]) for answer in answers} == {
        (201, "basket-1", 1, 2)
    }
    assert refused(office.hold("anna", [3], key="basket-1").result()) == (409, "TKT-706")
    assert world.ask("inventory", "SELECT COUNT(*) FROM reservations") == [(2,)]


def test_the_best_are_found_and_limits_hold(world: World, office: BoxOffice) -> None:
    best = office.hold("anna", best=4).result()
    assert best.status_code == 201
    first = best.json()["seats"][0]
    assert best.json()["seats"] == list(range(first, first + 4))
    world.begin()
    office.held("anna", [1, 2, 3, 4])
    assert refused(office.hold("anna", best=4).result()) == (409, "TKT-703")
    assert refused(office.hold("bert", [5, 6, 7, 8, 9]).result()) == (409, "TKT-703")
    for seat in (5, 6):
        office.held("carl", [seat])
    assert refused(office.hold("carl", [7]).result()) == (409, "TKT-703")


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"best": 2, "seats": [1]},
        {"best": -1},
        {"seats": [1, 1]},
        {"seats": ["1"]},
        {"seats": [1], "seconds": 601},
        {"seats": [1], "key": "no id, for it has blanks"},
        {"seats": [1], "more": "than is known"},
    ],
)
def test_what_cannot_be_is_refused(office: BoxOffice, wanted: dict[str, object]) -> None:
    assert refused(office.hold("anna", **wanted).result()) == (422, "INVALID")  # type: ignore[arg-type]


def test_a_body_that_is_too_large_is_not_read(office: BoxOffice) -> None:
    assert office.hold("a" * 20_000, [1]).result().status_code == 413


def test_what_is_given_back_is_free_and_what_was_over_is_said_to_be(office: BoxOffice) -> None:
    hold = office.held("anna", [1])
    assert office.get(f"/holds/{hold}").json()["status"] == "ACTIVE"
    for _ in range(2):
        assert office.release(hold).json() == {"hold": hold, "released": True}
    office.held("bert", [1], seconds=0.3, key="short")
    eventually(lambda: office.get("/holds/short").json()["status"], "EXPIRED".__eq__)
    assert office.release("short").json() == {"hold": "short", "released": False}
    assert refused(office.release("unknown")) == (404, "TKT-704")


# --- the service itself


def test_what_is_counted_is_told_by_route_and_result(start: Start) -> None:
    office = start()
    hold = office.held("anna", [1])
    office.hold("bert", [1]).result()
    office.pay(hold)
    text = office.get("/metrics").text
    for line in (
        'booking_http_requests_total{method="POST",route="/events/{event_id}/holds",status="201"} 1.0',
        'booking_http_requests_total{method="POST",route="/events/{event_id}/holds",status="409"} 1.0',
        'booking_http_request_seconds_count{method="POST",route="/holds/{hold_id}/payment"} 1.0',
        'booking_holds_total{result="held"} 1.0',
        'booking_holds_total{result="TKT-701"} 1.0',
        'booking_payments_total{result="confirmed"} 1.0',
        'ticketctl_lock_attempts_total{result="acquired",template="payment:*"} 1.0',
    ):
        assert line in text.splitlines(), text
    assert hold not in text


def test_without_redis_it_is_ready_and_sells_and_says_what_is_missing(office: BoxOffice, own_redis: Server) -> None:
    assert {each["status"] for each in office.get("/health/ready").json()["dependencies"]} == {"ok"}
    own_redis.stop()
    try:
        answer = eventually(lambda: office.get("/health/ready"), lambda seen: "unreachable" in seen.text)
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        assert office.pay(office.held("anna", [1])).json()["status"] == "CONFIRMED"
        assert refused(office.hold("bert", [1]).result()) == (409, "TKT-701")
    finally:
        own_redis.start()


def test_without_mysql_it_is_not_ready_and_what_is_asked_of_it_is_unknown(
    world: World, office: BoxOffice, own_mysql: Server
) -> None:
    hold = office.held("anna", [1])
    own_mysql.pause()
    try:
        paying = office.send("POST", f"/holds/{hold}/payment")
        answer = eventually(lambda: office.get("/health/ready"), lambda seen: seen.status_code == 503, 20)
        assert answer.json()["status"] == "not ready"
        assert office.get("/health/live").status_code == 200
        told = paying.result()
        assert (refused(told), told.json()["outcome"]) == ((503, "NO-DATABASE"), "unknown")
        assert told.headers["Retry-After"] == "1"
    finally:
        own_mysql.unpause()
    eventually(lambda: office.get("/health/ready").status_code, (200).__eq__, 20)
    assert office.pay(hold).status_code == 200
    assert world.payments() == [("CHARGE", "SUCCESS")]


def test_asked_to_end_it_finishes_what_is_under_way(world: World, start: Start) -> None:
    office = start()
    with world.locked(1):
        holding = office.hold("anna", [1])
        world.somebody_waits()
        office.end()
        eventually(lambda: office.log, lambda log: "Shutting down" in log)
        assert not holding.done()
    assert holding.result().status_code == 201
    assert office.ended() == 0
    assert "Traceback" not in office.log
    assert PASSWORD not in office.log
    assert world.seat(1)[0] == "RESERVED"


def test_all_seats_are_sold_once_to_buyers_of_two_processes(world: World, office: BoxOffice, start: Start) -> None:
    offices = [office, start()]

    def buy(number: int) -> None:
        answer = offices[number % 2].hold(f"buyer-{number}", best=2).result()
        if answer.status_code == 201:
            assert offices[(number + 1) % 2].pay(answer.json()["hold"]).status_code == 200

    for number in range(SEATS):
        buy(number)
    booked = world.ask("bookings", "SELECT seat_id FROM booking_seats ORDER BY seat_id")
    assert booked == [(seat,) for seat in range(1, SEATS + 1)]
    assert letters(offices[0]) in ("B" * SEATS, letters(offices[1]))
