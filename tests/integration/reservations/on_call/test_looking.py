"""How an event stands, who holds what, what happened to a seat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.reservations.on_call import between
from integration.reservations.on_call.house import EVENT, House
from ticketctl.reservations import inspection
from ticketctl.reservations.inspection import EventStatus
from ticketctl.reservations.inspection._entries import SHORT

pytestmark = pytest.mark.integration
OTHER = 43


def status(house: House, event: int = EVENT) -> EventStatus:
    with house.cursor() as cursor:
        return inspection.status(cursor, house.redis, event, namespace=house.namespace)


# --- status -----------------------------------------------------------------------------------


def test_the_seats_of_an_event_are_counted_by_their_state(house: House) -> None:
    free, over, soon, late, booked, blocked, beside = (house.seats(count) for count in (7, 3, 2, 4, 5, 1, 1))
    with house.reservations() as reservations:
        house.run_out(reservations.hold(EVENT, over, "olaf").hold_id)
        reservations.hold(EVENT, soon, "anna", ttl=45.0)
        reservations.hold(EVENT, late, "anna", ttl=600.0)
        reservations.hold(EVENT, beside, "Anna", ttl=600.0)  # somebody else
        reservations.confirm(reservations.hold(EVENT, booked, "ben"), 7)
        reservations.block(EVENT, blocked, actor="ops")
        reservations.hold(OTHER, house.seats(9, OTHER), "carla")
    house.enter(free[0], "somebody", SHORT)
    house.enter(free[1], "somebody!", SHORT)

    seen = status(house)

    assert (seen.seats, seen.available, seen.over, seen.reserved) == (23, 7, 3, 7)
    assert (seen.booked, seen.blocked) == (5, 1)
    assert (seen.holds, seen.users, seen.ending) == (3, 2, 1)
    assert (seen.entries, seen.intents, seen.leaving) == (3 + 7 + 5 + 2, 1, 1)


def test_an_event_that_is_not_known_has_no_seats(house: House) -> None:
    house.seats(1)
    assert status(house, 99) == EventStatus(99, *[0] * 12)


def test_the_counts_are_of_one_moment(house: House) -> None:
    seats = house.seats(4)
    with house.reservations() as reservations, house.cursor() as plain:
        hold = reservations.hold(EVENT, seats, "anna")
        once = between.Once("COUNT(DISTINCT", lambda: reservations.release(hold))
        seen = inspection.status(between.Cursor(plain, once), house.redis, EVENT, namespace=house.namespace)

    assert once.happened
    assert (seen.reserved, seen.holds, seen.available) == (4, 1, 0)


# --- holds ------------------------------------------------------------------------------------


@contextmanager
def some_holds(house: House) -> Iterator[dict[str, Any]]:
    with house.reservations() as reservations:
        made = {
            "late": reservations.hold(EVENT, house.seats(3), "anna", ttl=600.0),
            "soon": reservations.hold(EVENT, house.seats(1), "ben", ttl=60.0),
            "other": reservations.hold(OTHER, house.seats(2, OTHER), "anna", ttl=300.0),
        }
        house.run_out(reservations.hold(EVENT, house.seats(1), "olaf").hold_id)
        reservations.confirm(reservations.hold(EVENT, house.seats(1), "carla"), 7)
        reservations.release(reservations.hold(EVENT, house.seats(1), "dora"))
        yield made


def test_live_holds_come_in_the_order_of_their_ends(house: House) -> None:
    with some_holds(house) as made, house.cursor() as cursor:
        found = inspection.holds(cursor)

    assert [hold.hold_id for hold in found] == [made[name].hold_id for name in ("soon", "other", "late")]
    assert [(hold.event_id, hold.user_id, hold.seat_ids) for hold in found] == [
        (made[name].event_id, made[name].user_id, made[name].seat_ids) for name in ("soon", "other", "late")
    ]
    assert all(0 < hold.ends_in <= ttl for hold, ttl in zip(found, (60, 300, 600), strict=True))
    assert all(0 <= hold.age < 60 for hold in found)


def test_holds_of_an_event_or_of_a_user_can_be_asked_for(house: House) -> None:
    with some_holds(house) as made, house.cursor() as cursor:

        def ids(**wanted: Any) -> list[str]:
            return [hold.hold_id for hold in inspection.holds(cursor, **wanted)]

        late, soon, other = (made[name].hold_id for name in ("late", "soon", "other"))
        assert ids(event_id=EVENT) == [soon, late]
        assert ids(user_id="anna") == [other, late]
        assert ids(user_id="anna", event_id=EVENT) == [late]
        assert ids(user_id="Anna") == ids(event_id=99) == []
        assert ids(limit=1) == [soon]


@pytest.mark.parametrize("zone", ["-07:00", "+05:30"])
def test_the_zone_of_the_session_changes_no_time(house: House, zone: str) -> None:
    with some_holds(house) as made, house.cursor() as cursor:
        cursor.execute("SET time_zone = %s", (zone,))
        (soon, *_) = inspection.holds(cursor)
        told = inspection.audit(cursor, made["soon"].seat_ids[0])
        seen = inspection.status(cursor, house.redis, EVENT, namespace=house.namespace)

    assert 0 < soon.ends_in <= 60
    assert 0 <= soon.age < 60
    assert abs(told.changes[0].at - datetime.now(UTC)) < timedelta(minutes=1)
    assert told.changes[0].until == made["soon"].expires_at
    assert (seen.holds, seen.ending) == (2, 1)


# --- audit ------------------------------------------------------------------------------------


def test_a_seat_is_shown_with_its_changes_in_the_order_of_its_versions(house: House) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations, house.cursor() as cursor:
        first = reservations.hold(EVENT, [seat_id], "anna")
        reservations.release(first)
        second = reservations.hold(EVENT, [seat_id], "ben")
        house.run_out(second.hold_id)
        house.redis.delete(house.key(seat_id))
        third = reservations.hold(EVENT, [seat_id], "carla", actor="box office")
        reservations.confirm(third, 7)
        house.ask("UPDATE seat_audit SET audit_id = -audit_id")  # in no order of their own

        seen = inspection.audit(cursor, seat_id)
        last = inspection.audit(cursor, seat_id, limit=2)

    assert [(change.version, change.reason) for change in seen.changes] == [
        (1, "held"),
        (2, "released"),
        (3, "held"),
        (4, "expired"),
        (5, "held"),
        (6, "confirmed"),
    ]
    held, confirmed = seen.changes[4:]
    assert (held.old, held.new, held.actor, held.user_id) == ("AVAILABLE", "RESERVED", "box office", "carla")
    assert (held.hold_id, held.until) == (third.hold_id, third.expires_at)
    assert (confirmed.new, confirmed.until, confirmed.booking_id) == ("BOOKED", None, 7)
    assert seen.seat is not None
    assert (seen.seat.status, seen.seat.version, seen.seat.hold_id, seen.seat.booking_id) == (
        *("BOOKED", 6),
        *(third.hold_id, 7),
    )
    assert not seen.more
    assert ([change.version for change in last.changes], last.more) == ([5, 6], True)


def test_a_seat_whose_hold_is_over_says_so(house: House) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations, house.cursor() as cursor:
        house.run_out(reservations.hold(EVENT, [seat_id], "anna").hold_id)
        seat = inspection.audit(cursor, seat_id).seat
    assert seat is not None
    assert (seat.status, seat.over, seat.user_id) == ("RESERVED", True, "anna")


def test_a_seat_that_was_removed_still_has_its_history(house: House) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations, house.cursor() as cursor:
        reservations.block(EVENT, [seat_id], actor="ops")
        house.ask("DELETE FROM seats")
        gone, never = inspection.audit(cursor, seat_id), inspection.audit(cursor, 10**9)
    assert (gone.seat, [change.reason for change in gone.changes]) == (None, ["blocked"])
    assert (never.seat, never.changes) == (None, ())


# --- how it is read ---------------------------------------------------------------------------


def test_a_connection_in_the_middle_of_a_transaction_is_refused_and_loses_nothing(house: House) -> None:
    (seat_id,) = house.seats(1)
    with house.inventory.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE seats SET price = 11 WHERE seat_id = %s", (seat_id,))
        with pytest.raises(connection.OperationalError) as refused:
            inspection.holds(cursor)
        connection.commit()
    assert refused.value.args[0] == 1568
    assert house.ask("SELECT price FROM seats") == [(11,)]


def test_nothing_is_locked_and_nobody_is_waited_for(house: House) -> None:
    seats = house.seats(3)
    with house.reservations() as reservations:
        reservations.hold(EVENT, seats, "anna")
    with house.inventory.connect() as connection, connection.cursor() as locking, house.cursor() as cursor:
        for table in ("seats", "reservations", "seat_audit"):
            locking.execute(f"SELECT * FROM {table} FOR UPDATE")
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1")
        assert inspection.status(cursor, house.redis, EVENT, namespace=house.namespace).reserved == 3
        assert len(inspection.holds(cursor)) == 1
        assert inspection.audit(cursor, seats[0]).seat is not None
        seen = inspection.reconcile(cursor, house.redis, namespace=house.namespace, repair=True)
        assert (seen.seats, seen.differences) == (3, 0)
