"""Every class of difference is made by hand, found with its exact number, and repaired where it may be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis

from integration.conftest import REDIS_PASSWORD
from integration.reservations.on_call.house import EVENT, House, counts
from integration.servers import Server
from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations import Reservations
from ticketctl.reservations.inspection import Kind
from ticketctl.reservations.inspection._entries import SHORT

pytestmark = pytest.mark.integration
OTHER = 43
Plant = Callable[[House, Reservations], dict[Kind, int]]


# --- what is wrong in Redis -------------------------------------------------------------------


def free_seats(house: House, reservations: Reservations) -> dict[Kind, int]:
    first, second, third, over = house.seats(4)
    house.enter(first, "somebody")
    house.enter(second, b"\xff\x00 nothing of ours", SHORT + 60_000)
    house.enter(third, "#BLOCKED")
    hold = reservations.hold(EVENT, [over], "anna")
    house.run_out(hold.hold_id)
    house.enter(over, "another-hold")
    return {Kind.FREE: 4}


def holds_that_are_over(house: House, reservations: Reservations) -> dict[Kind, int]:
    hold = reservations.hold(EVENT, house.seats(3), "anna")
    house.run_out(hold.hold_id)  # the entries still live for ten minutes
    return {Kind.OVER: 3}


def other_holds(house: House, reservations: Reservations) -> dict[Kind, int]:
    held, booked, blocked = house.seats(3)
    reservations.hold(EVENT, [held], "anna")
    reservations.confirm(reservations.hold(EVENT, [booked], "ben"), 7)
    reservations.block(EVENT, [blocked], actor="ops")
    for seat_id in (held, booked, blocked):
        house.enter(seat_id, "another-hold")
    return {Kind.OTHER_HOLD: 3}


def left_behind(house: House, reservations: Reservations) -> dict[Kind, int]:
    free, held = house.seats(2)
    house.enter(free, "somebody!")
    hold = reservations.hold(EVENT, [held], "anna")
    house.enter(held, f"{hold.hold_id}!")
    return {Kind.LEAVING: 2}


def endless(house: House, reservations: Reservations) -> dict[Kind, int]:
    free, held, other = house.seats(3)
    hold = reservations.hold(EVENT, [held, other], "anna")
    house.enter(free, "somebody", None)
    house.enter(held, hold.hold_id, None)
    house.enter(other, "another-hold", None)
    return {Kind.ENDLESS: 3}


def no_seats(house: House, reservations: Reservations) -> dict[Kind, int]:
    (seat_id,) = house.seats(1, OTHER)
    reservations.hold(OTHER, [seat_id], "anna")
    house.enter(seat_id, "somebody")  # of the other event
    house.enter(10**9, "somebody")
    house.enter(2**63 - 1, "somebody", None)
    return {Kind.NO_SEAT: 3}


def unknown_to_redis(house: House, reservations: Reservations) -> dict[Kind, int]:
    first, second, booked, over, _ = house.seats(5)
    for seat_id in (first, second):
        reservations.hold(EVENT, [seat_id], "anna")
    reservations.confirm(reservations.hold(EVENT, [booked], "ben"), 7)
    gone = reservations.hold(EVENT, [over], "carla")
    house.run_out(gone.hold_id)
    for seat_id in (second, booked, over):
        house.redis.delete(house.key(seat_id))
    return {Kind.MISSING: 2}


# --- what is wrong in MySQL -------------------------------------------------------------------


def no_reservations(house: House, reservations: Reservations) -> dict[Kind, int]:
    held, booked = house.seats(2)
    hold = reservations.hold(EVENT, [held], "anna")
    house.ask("UPDATE reservations SET status = 'CANCELLED' WHERE hold_id = %s", hold.hold_id)
    booking = reservations.confirm(reservations.hold(EVENT, [booked], "ben"), 7)
    house.ask("DELETE FROM reservations WHERE hold_id = %s", booking.hold_id)
    return {Kind.NO_RESERVATION: 2}


def other_reservations(house: House, reservations: Reservations) -> dict[Kind, int]:
    first, second = house.seats(2)
    hold = reservations.hold(EVENT, [first], "anna")
    house.ask("UPDATE reservations SET hold_id = 'another-hold' WHERE hold_id = %s", hold.hold_id)
    hold = reservations.hold(EVENT, [second], "ben")
    house.ask("UPDATE reservations SET hold_id = NULL, hold_position = NULL WHERE hold_id = %s", hold.hold_id)
    return {Kind.OTHER_RESERVATION: 2}


def unequal(house: House, reservations: Reservations) -> dict[Kind, int]:
    changes = (
        "UPDATE reservations SET expires_at = expires_at + INTERVAL 1 MICROSECOND WHERE hold_id = %s",
        "UPDATE reservations SET user_id = 'Anna' WHERE hold_id = %s",
        "UPDATE reservations SET booking_id = 8 WHERE hold_id = %s",
        "UPDATE reservations SET status = 'CONFIRMED' WHERE hold_id = %s",
        "UPDATE seats SET reserved_until = NULL WHERE hold_id = %s",
        "UPDATE seats SET status = 'BOOKED' WHERE hold_id = %s",
    )
    for change, seat_id in zip(changes, house.seats(len(changes)), strict=True):
        house.ask(change, reservations.hold(EVENT, [seat_id], "anna").hold_id)
    return {Kind.UNEQUAL: len(changes)}


def no_taken_seats(house: House, reservations: Reservations) -> dict[Kind, int]:
    free, blocked, gone = house.seats(3)
    hold = reservations.hold(EVENT, [free, blocked, gone], "anna")
    house.redis.delete(*(house.key(seat_id) for seat_id in hold.seat_ids))
    house.ask("UPDATE seats SET status = 'AVAILABLE' WHERE seat_id = %s", free)
    house.ask("UPDATE seats SET status = 'BLOCKED' WHERE seat_id = %s", blocked)
    house.ask("DELETE FROM seats WHERE seat_id = %s", gone)
    return {Kind.NO_TAKEN_SEAT: 3}


def incomplete(house: House, reservations: Reservations) -> dict[Kind, int]:
    for position in (0, 1):
        hold = reservations.hold(EVENT, house.seats(3), "anna")
        reservations.release(hold)
        house.ask("DELETE FROM reservations WHERE hold_id = %s AND hold_position = %s", hold.hold_id, position)
    hold = reservations.hold(EVENT, house.seats(1), "anna")
    house.ask("UPDATE reservations SET hold_position = NULL WHERE hold_id = %s", hold.hold_id)
    return {Kind.INCOMPLETE: 3}


OF_REDIS: tuple[Plant, ...] = (free_seats, holds_that_are_over, other_holds, left_behind, endless, no_seats)
OF_MYSQL: tuple[Plant, ...] = (no_reservations, other_reservations, unequal, no_taken_seats, incomplete)
ALL = (*OF_REDIS, unknown_to_redis, *OF_MYSQL)


@pytest.mark.parametrize("plant", ALL, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("event", [EVENT, None], ids=["event", "all"])
def test_each_class_is_found_by_itself_and_counted(house: House, plant: Plant, event: int | None) -> None:
    with house.reservations() as reservations:
        untouched = reservations.hold(EVENT, house.seats(2), "zoe")
        reservations.confirm(untouched, 1)
        planted = plant(house, reservations)

    seen = house.reconcile(event)

    assert counts(seen) == planted
    (finding,) = seen.findings
    assert len(finding.examples) == min(finding.count, 3)
    assert all(example.says for example in finding.examples)
    assert seen.differences == (0 if finding.kind.harmless else finding.count)


def test_all_of_them_at_once_do_not_hide_each_other(house: House) -> None:
    planted: dict[Kind, int] = {}
    with house.reservations() as reservations:
        for plant in ALL:
            planted.update(plant(house, reservations))

    assert counts(house.reconcile()) == planted
    assert set(planted) == set(Kind)


@pytest.mark.parametrize("plant", OF_REDIS, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("event", [EVENT, None], ids=["event", "all"])
def test_what_is_wrong_in_redis_is_repaired_and_not_found_again(house: House, plant: Plant, event: int | None) -> None:
    with house.reservations() as reservations:
        planted = plant(house, reservations)

        repaired = house.reconcile(event, repair=True)

        assert {finding.kind: finding.repaired for finding in repaired.findings} == planted
        assert (repaired.differences, counts(repaired)) == (0, {})
        assert counts(house.reconcile(event), harmless=False) == {}


@pytest.mark.parametrize("plant", OF_MYSQL, ids=lambda plant: plant.__name__)
def test_what_is_wrong_in_mysql_is_never_repaired(house: House, plant: Plant) -> None:
    with house.reservations() as reservations:
        planted = plant(house, reservations)
    tables = ("seats", "reservations", "seat_audit", "outbox_events")
    before = [house.ask(f"SELECT * FROM {table}") for table in tables]

    seen = house.reconcile(repair=True)

    assert counts(seen) == planted
    assert seen.repairable == 0
    assert [house.ask(f"SELECT * FROM {table}") for table in tables] == before


def test_a_second_event_is_left_out_where_one_is_named(house: House) -> None:
    (seat_id,) = house.seats(1, OTHER)
    house.enter(seat_id, "somebody", event=OTHER)
    with house.reservations() as reservations:
        hold = reservations.hold(OTHER, house.seats(1, OTHER), "anna")
    house.ask("UPDATE reservations SET booking_id = 8 WHERE hold_id = %s", hold.hold_id)

    assert counts(house.reconcile(EVENT)) == {}
    assert counts(house.reconcile(OTHER)) == counts(house.reconcile()) == {Kind.FREE: 1, Kind.UNEQUAL: 1}


# --- what is not wrong ------------------------------------------------------------------------


def test_what_may_be_an_intent_is_no_difference_and_is_not_touched(house: House) -> None:
    seats = house.seats(6)
    short = (2, "somebody"), (3, "somebody!"), (4, "#BOOKED")
    with house.reservations() as reservations:
        reservations.hold(EVENT, seats[:2], "anna")
    for place, value in short:
        house.enter(seats[place], value, SHORT)
    house.enter(seats[0], "another-hold", SHORT)
    house.enter(10**9, "somebody", SHORT)

    seen = house.reconcile(repair=True)

    assert (counts(seen), seen.entries, seen.intents) == ({}, 6, 5)
    assert [house.entry(seats[place])[0] for place, _ in short] == [value.encode() for _, value in short]


def test_keys_that_the_filter_does_not_look_at_are_none_of_its_business(house: House) -> None:
    house.seats(1)
    for key in (house.key("abc"), house.key("007"), house.key(0), house.key(1, "x"), house.key("1:more")):
        house.redis.set(key, "foreign")
    house.redis.rpush(house.key(1), "a list is no entry")
    house.redis.set(f"{house.namespace}2:{{{EVENT}}}:1", "of another namespace")

    seen = house.reconcile(repair=True)

    assert (counts(seen), seen.entries) == ({}, 0)
    house.redis.delete(f"{house.namespace}2:{{{EVENT}}}:1")


@pytest.mark.parametrize("namespace", ["seat[a]*", "seat{", ""])
def test_what_cannot_be_a_namespace_is_refused(house: House, namespace: str) -> None:
    house.namespace = namespace
    with pytest.raises(ValueError, match="cannot be a namespace"):
        house.reconcile(EVENT)


@pytest.mark.parametrize("decode", [True, False], ids=["text", "bytes"])
def test_a_client_of_either_kind_will_do(house: House, own_redis: Server, decode: bool) -> None:
    with house.reservations() as reservations:
        planted = [free_seats(house, reservations), other_holds(house, reservations)]
    password = REDIS_PASSWORD.reveal()
    with Redis(host="127.0.0.1", port=own_redis.port, password=password, decode_responses=decode) as client:
        house.redis, before = client, house.redis
        assert counts(house.reconcile()) == planted[0] | planted[1]
        assert house.reconcile(repair=True).differences == 0
        house.redis = before


def test_an_inventory_without_a_row_has_no_difference(house: House) -> None:
    seen = house.reconcile()
    assert (seen.seats, seen.findings, seen.differences) == (0, (), 0)


# --- what a repair does -----------------------------------------------------------------------


def test_a_seat_that_was_refused_while_free_can_be_held_again(house: House) -> None:
    seats = house.seats(2)
    house.enter(seats[0], "somebody", None)
    house.enter(seats[1], "somebody!", 600_000)
    with house.reservations() as reservations:
        with pytest.raises(SeatsUnavailableError):
            reservations.hold(EVENT, seats, "anna")
        house.reconcile(EVENT, repair=True)
        assert reservations.hold(EVENT, seats, "anna").seat_ids == tuple(seats)


def test_a_taken_seat_gets_its_own_hold_for_as_long_as_a_reject_would_say(house: House) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations:
        hold = reservations.hold(EVENT, [seat_id], "anna")
    house.enter(seat_id, "another-hold")

    house.reconcile(repair=True)

    value, left = house.entry(seat_id)
    assert value == hold.hold_id.encode()
    assert 0 < left <= SHORT


def test_the_right_entry_without_an_end_gets_that_of_its_hold(house: House) -> None:
    held, booked = house.seats(2)
    with house.reservations() as reservations:
        hold = reservations.hold(EVENT, [held], "anna", ttl=60.0)
        booking = reservations.confirm(reservations.hold(EVENT, [booked], "ben"), 7)
    house.enter(held, hold.hold_id, None)
    house.enter(booked, booking.hold_id, None)

    house.reconcile(repair=True)

    assert house.entry(held)[0] == hold.hold_id.encode()
    assert SHORT < house.entry(held)[1] <= 60_000
    assert 60_000 < house.entry(booked)[1] <= 600_000
