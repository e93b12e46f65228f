"""What a run would add: a programme that goes on where the last run ended."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from typing import Any

import pytest

from ticketctl.provision.seed.plan import STATEMENT, Observed, Plan, plan_seed
from ticketctl.provision.seed.programme import event
from ticketctl.provision.seed.runner import Wanted

TODAY = date(2030, 3, 1)
EMPTY = Observed(events=0, next_event_id=1, next_seat_id=1)


def planned(seen: Observed = EMPTY, **wanted: Any) -> Plan:
    asked: dict[str, Any] = {"events": 1, "seats": 1_000, "seed": 1, "today": TODAY}
    return plan_seed(seen, **(asked | wanted))


def test_the_same_seed_plans_the_same_events() -> None:
    assert planned(events=20) == planned(events=20)
    assert planned(events=20) != planned(events=20, seed=2)


def test_a_second_run_goes_on_where_the_first_one_ended() -> None:
    seen = Observed(events=3, next_event_id=4, next_seat_id=3_001)

    assert (*planned(events=3).events, *planned(seen, events=2).events) == planned(events=5).events


def test_dates_move_with_the_day_and_nothing_else_does() -> None:
    now, later = (event(2, 500, seed=1, today=day) for day in (TODAY, date(2030, 3, 11)))

    assert (later.event_date - now.event_date).days == 10
    assert (later.name, later.venue, later.rows()) == (now.name, now.venue, now.rows())


def test_most_events_are_on_sale_and_the_sale_of_the_others_begins_before_them() -> None:
    begin = datetime.combine(TODAY, time())

    events = planned(events=100).events

    assert Counter(one.status for one in events) == {"ON_SALE": 75, "UPCOMING": 25}
    assert events[0].status == "ON_SALE"
    assert all(one.sale_start_time < one.event_date for one in events)
    assert all((one.sale_start_time < begin) == (one.status == "ON_SALE") for one in events)
    assert all(one.event_date > begin for one in events)


def test_the_plan_says_how_much_and_which_ids() -> None:
    seen = Observed(events=3, next_event_id=7, next_seat_id=901)

    lines = str(planned(seen, events=2, seats=50)).splitlines()

    assert lines[:3] == [
        "seed 1: add 2 events with 50 seats each",
        "events  ids 7 to 8, if nobody else adds one before",
        "seats   ids 901 to 1000, if nobody else adds one before",
    ]
    assert [line.split()[0] for line in lines[3:]] == ["7", "8"]


def test_a_long_plan_names_the_first_events() -> None:
    lines = str(planned(events=1_000, seats=1)).splitlines()

    assert lines[0] == "seed 1: add 1,000 events with 1 seat each"
    assert len(lines) == 14
    assert lines[-1] == "  and 990 more"


@pytest.mark.parametrize(
    ("seats", "size"), [(1, STATEMENT), (1_000, 5), (STATEMENT - 1, 1), (STATEMENT, 1), (1_000_000, 1)]
)
def test_small_events_are_written_together_and_a_large_one_alone(seats: int, size: int) -> None:
    plan = planned(events=12_000, seats=seats)

    groups = list(plan.groups())

    assert len(groups[0]) == size
    assert tuple(one for group in groups for one in group) == plan.events


@pytest.mark.parametrize("wanted", [{"events": 0}, {"seats": 0}, {"seats": -1}])
def test_nothing_cannot_be_asked_for(wanted: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Wanted(**wanted)
