"""Events with all their seats, on a real server."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from integration.seed.house import TODAY, House
from ticketctl.errors import BackendOperationError, UnknownNameError
from ticketctl.events import ignore
from ticketctl.infra.mysql import NO_SUCH_COLUMN, NO_SUCH_TABLE
from ticketctl.provision.seed.plan import STATEMENT
from ticketctl.provision.seed.programme import event
from ticketctl.provision.seed.runner import Wanted, seed

pytestmark = pytest.mark.integration

SEATS = "SELECT seat_id, event_id, seat_number, section, `row_number`, row_position, seat_type, price FROM seats"


@pytest.mark.parametrize(
    ("events", "seats"), [(1, 1), (3, 7), (1, STATEMENT), (2, STATEMENT + 1), (12, 997), (1, 23_457)]
)
def test_there_is_what_was_asked_for(house: House, events: int, seats: int) -> None:
    result = house.seed(events=events, seats=seats)

    assert len(result.events) == house.count("events", "events") == events
    assert result.seats == house.count("inventory", "seats") == events * seats
    assert house.ask("inventory", "SELECT DISTINCT COUNT(*) FROM seats GROUP BY event_id") == [(seats,)]
    assert house.ask("events", "SELECT DISTINCT total_seats, available_seats FROM events") == [(seats, seats)]
    assert house.progress[-1].done == house.progress[-1].total == events * seats


def test_the_rows_are_those_of_the_programme_and_of_the_venue(house: House) -> None:
    result = house.seed(events=4, seats=600, seed=9)

    for number, (row, made) in enumerate(zip(house.events(), result.events, strict=True)):
        wanted = event(number, 600, seed=9, today=TODAY)
        said = (wanted.name, wanted.event_date, wanted.venue, 600, 600, wanted.status, wanted.sale_start_time)
        assert row[:8] == (made.event_id, *said)
        assert (made.name, made.venue, made.event_date, made.status) == (said[0], said[2], said[1], said[5])
        assert [
            seat[2:] for seat in house.ask("inventory", f"{SEATS} WHERE event_id = %s ORDER BY seat_id", made.event_id)
        ] == [
            (f"{one.code}-{place}", one.section, one.name, place, one.seat_type, one.price)
            for one in wanted.rows()
            for place in range(1, one.seats + 1)
        ]


def test_ids_ascend_without_a_gap_from_the_best_seat_to_the_last(house: House) -> None:
    house.seed(events=2, seats=2 * STATEMENT + 1)

    seats = house.ask("inventory", f"{SEATS} ORDER BY seat_id")

    assert [seat[0] for seat in seats] == list(range(1, 2 * (2 * STATEMENT + 1) + 1))
    for rows in _by_event(seats).values():
        prices = [Decimal(seat[7]) for seat in rows]
        assert prices == sorted(prices, reverse=True)
        for seat, following in pairwise(rows):
            same_row = seat[3:5] == following[3:5]
            assert following[5] == (seat[5] + 1 if same_row else 1)


def _by_event(seats: list[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for seat in seats:
        found.setdefault(seat[1], []).append(seat)
    return found


def test_a_seat_begins_available_with_version_0_and_no_history(house: House) -> None:
    house.seed(seats=50)

    state = "SELECT DISTINCT status, version, reserved_by, reserved_until, booking_id, hold_id FROM seats"
    assert house.ask("inventory", state) == [("AVAILABLE", 0, None, None, None, None)]
    assert [house.count("inventory", table) for table in ("seat_audit", "reservations", "outbox_events")] == [0, 0, 0]


def test_a_second_run_adds_further_events_and_touches_nothing(house: House) -> None:
    house.seed(events=2, seats=40)
    house.ask("inventory", "UPDATE seats SET status = 'BOOKED', version = 3 WHERE seat_id % 2")
    house.ask("events", "UPDATE events SET available_seats = 0, status = 'SOLD_OUT' WHERE event_id = 2")
    events, seats = house.events(), house.seats()

    second = house.seed(events=3, seats=70)

    assert house.events()[:2] == events
    assert house.seats()[:80] == seats
    assert [one.event_id for one in second.events] == [3, 4, 5]
    assert [one.name for one in second.events] == [event(n, 70, seed=1, today=TODAY).name for n in (2, 3, 4)]


def test_a_run_of_another_day_differs_in_its_dates_alone(house: House) -> None:
    first = house.seed(events=2, seats=30)
    house.ask("events", "DELETE FROM events")

    second = house.seed(events=2, seats=30, today=TODAY + timedelta(5))

    assert [one.event_date - timedelta(5) for one in second.events] == [one.event_date for one in first.events]
    assert [(one.name, one.venue) for one in second.events] == [(one.name, one.venue) for one in first.events]
    assert [row[2:8] for row in house.ask("inventory", SEATS)[:60]] == [
        row[2:8] for row in house.ask("inventory", SEATS)[60:]
    ]


def test_a_dry_run_changes_nothing_and_names_the_ids_that_a_run_then_gives(house: House) -> None:
    for key in ("events", "inventory"):  # from now on for a day, the server answers this question by heart
        house.ask(key, "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
    house.seed(events=2, seats=5)
    before = house.events(), house.seats()

    planned = house.seed(events=3, seats=20, dry_run=True)

    assert (house.events(), house.seats()) == before
    assert (planned.events, planned.seats) == ((), 60)
    assert planned.plan.splitlines()[:2] == [
        "seed 1: add 3 events with 20 seats each",
        "events  ids 3 to 5, if nobody else adds one before",
    ]
    made = house.seed(events=3, seats=20)
    assert (made.events[0].event_id, made.events[-1].event_id) == planned.expected_event_ids == (3, 5)
    ids = house.ask("inventory", "SELECT MIN(seat_id), MAX(seat_id) FROM seats WHERE event_id >= 3")
    assert ids == [planned.expected_seat_ids] == [(11, 70)]


def test_two_runs_at_once_both_add_what_they_were_asked_for(house: House) -> None:
    runs = [threading.Thread(target=house.seed, kwargs={"events": 2, "seats": 3 * STATEMENT}) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert house.ask("inventory", "SELECT DISTINCT COUNT(*) FROM seats GROUP BY event_id") == [(3 * STATEMENT,)]
    assert house.ask("events", "SELECT DISTINCT available_seats FROM events") == [(3 * STATEMENT,)]
    for rows in _by_event(house.ask("inventory", f"{SEATS} ORDER BY seat_id")).values():
        prices = [seat[7] for seat in rows]
        assert prices == sorted(prices, reverse=True)


@pytest.mark.parametrize(
    ("key", "change", "number", "said"),
    [
        ("events", "RENAME TABLE events TO elsewhere", NO_SUCH_TABLE, "the table events"),
        ("inventory", "RENAME TABLE seats TO elsewhere", NO_SUCH_TABLE, "the table seats"),
        ("inventory", "ALTER TABLE seats DROP COLUMN row_position", NO_SUCH_COLUMN, "lacks a column"),
    ],
)
def test_a_schema_that_is_not_there_yet_is_refused_before_anything_is_written(
    own_house: House, key: str, change: str, number: int, said: str
) -> None:
    own_house.ask(key, change)

    with pytest.raises(BackendOperationError) as caught:
        own_house.seed()

    assert caught.value.number == number
    assert said in caught.value.what
    assert "ticketctl migrate apply" in caught.value.next_step
    if key == "inventory":
        assert own_house.count("events", "events") == 0


def test_a_project_without_an_inventory_is_refused(house: House) -> None:
    with pytest.raises(UnknownNameError, match="inventory"):
        seed({"events": house.endpoints["events"]}, Wanted(), today=TODAY, emit=ignore)
