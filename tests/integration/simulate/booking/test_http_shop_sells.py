"""Buyers of a simulated sale are told by the booking service what the library would tell them."""

from __future__ import annotations

import signal
import uuid

import pytest

from integration.eventually import eventually
from integration.servers import Server
from integration.simulate.booking.box_office import EVENT, BoxOffice, World
from integration.simulate.booking.conftest import Start
from ticketctl.errors import BookingServiceError
from ticketctl.simulate.diary import Outcome, Request
from ticketctl.simulate.http_shop import HttpShop, check_service

pytestmark = pytest.mark.integration


def wish(user: str, *seats: int, party: int = 0) -> Request:
    return Request(str(uuid.uuid4()), user, seats, party or len(seats))


def test_each_word_is_said_where_it_is_true(world: World, office: BoxOffice) -> None:
    check_service(office.url, EVENT)
    with HttpShop(office.url, EVENT, 30.0) as shop:
        eventually(shop.free, lambda seen: seen == tuple(range(1, 13)))  # a map is shared for a moment
        anna = wish("anna", 1, 2)
        assert [shop.hold(anna) for _ in range(2)] == [Outcome("held", (1, 2), "ACTIVE")] * 2
        assert shop.hold(wish("bert", 2, 3)) == Outcome("refused", (2,))
        assert shop.hold(wish("bert", 3, 4, 5, 6, 7)).what == "limited"
        assert shop.hold(anna._replace(seat_ids=(3,))).what == "conflict"
        assert shop.pay(anna, (1, 2), 0) == Outcome("confirmed", (1, 2))
        assert shop.pay(anna, (1, 2), 0) == Outcome("confirmed", (1, 2))
        assert shop.hold(anna) == Outcome("over", (1, 2), "CONFIRMED")
        assert shop.release(anna).what == "conflict"
        carl = wish("carl", party=2)
        held = shop.hold(carl)
        assert (held.what, len(held.seat_ids)) == ("held", 2)
        assert shop.release(carl) == Outcome("released")
        assert shop.pay(carl, held.seat_ids, 0).what == "conflict"
        assert shop.hold(wish("dora", 99)).what == "failed"
        eventually(shop.free, lambda seen: seen == tuple(range(3, 13)))
    assert [status for _, _, status in world.bookings()] == ["CONFIRMED"]


def test_who_pays_too_late_is_told_to_be_given_the_money_back(office: BoxOffice) -> None:
    late = wish("anna", 1)
    with HttpShop(office.url, EVENT, 0.3) as shop:
        assert shop.hold(late).what == "held"
        eventually(lambda: office.get(f"/holds/{late.hold_id}").json()["status"], "EXPIRED".__eq__)
        assert shop.pay(late, (1,), 0).what == "expired"
        assert shop.release(late) == Outcome("over")


def test_what_becomes_of_a_request_while_the_service_dies_is_unknown_and_after_it_nothing(
    office: BoxOffice, start: Start
) -> None:
    crashing = start("charge written down")
    with HttpShop(crashing.url, EVENT, 30.0) as shop, HttpShop(office.url, EVENT, 30.0) as other:
        anna = wish("anna", 1)
        assert shop.hold(anna).what == "held"
        assert shop.pay(anna, (1,), 0).what == "unknown"
        assert crashing.ended() == -signal.SIGKILL  # until then its port may still take connections
        assert shop.hold(wish("bert", 2)).what == "failed"
        assert other.pay(anna, (1,), 0) == Outcome("confirmed", (1,))
        assert 2 in other.free()


def test_while_mysql_stands_still_holds_are_unknown_or_failed_and_come_true_later(
    office: BoxOffice, own_mysql: Server
) -> None:
    with HttpShop(office.url, EVENT, 30.0) as shop:
        anna = wish("anna", 1)
        shop.hold(wish("bert", 2))  # its connections are open
        own_mysql.pause()
        try:
            assert shop.hold(anna).what in ("unknown", "failed")
        finally:
            own_mysql.unpause()
        eventually(lambda: shop.hold(anna).what, "held".__eq__, 30)


def test_an_event_that_is_not_there_is_no_event_to_aim_at(office: BoxOffice) -> None:
    with pytest.raises(BookingServiceError, match="does not sell event 7"):
        check_service(office.url, 7)
