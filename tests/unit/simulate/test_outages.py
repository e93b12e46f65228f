"""What buyers noticed of a fault is read from their answers."""

from __future__ import annotations

import pytest

from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.diary import Answered
from ticketctl.simulate.outages import Outage, mysql_away, outages
from unit.simulate.answers import answered

OPENS = 100.0
PAUSED = Broken("mysql-paused", "MySQL stands still", 10.0, 13.0)
FLUSHED = Broken("redis-flushed", "Redis forgets everything", 14.0, 14.0)


def good(*seconds: float) -> list[Answered]:
    return [answered("held", ended=OPENS + second) for second in seconds]


def bad(*seconds: float) -> list[Answered]:
    return [answered("failed", ended=OPENS + second) for second in seconds]


def test_the_longest_time_without_a_hold_around_a_fault_is_told() -> None:
    found = outages([PAUSED], good(1, 2, 9, 9.5, 13.5, 15, 17, 19, 50), OPENS)
    assert found == (Outage(PAUSED, 0, 4.0),)


def test_a_gap_that_has_nothing_to_do_with_a_fault_is_not_its() -> None:
    (outage,) = outages([PAUSED], good(1, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 50), OPENS)
    assert outage.without == 1


def test_a_sale_in_which_nothing_was_sold_has_no_gap_but_the_fault_itself() -> None:
    (outage,) = outages([PAUSED], [], OPENS)
    assert outage.without == 8.0  # until five seconds after it


@pytest.mark.parametrize(
    ("seconds", "without"),
    [((9, 11), 7.0), ((11,), 7.0), ((19,), 9.0), ((2,), 16.0), ((9, 18), 9.0)],
)
def test_a_time_without_a_hold_ends_with_what_is_looked_at(seconds: tuple[float, ...], without: float) -> None:
    (outage,) = outages([PAUSED], good(*seconds), OPENS)
    assert outage.without == without


def test_requests_that_failed_belong_to_the_fault_before_them_until_the_next_one() -> None:
    found = outages([PAUSED, FLUSHED], [*bad(9, 10, 12.9, 13.9, 14.5, 18, 30), *good(1, 40)], OPENS)
    assert [outage.failed for outage in found] == [3, 2]


def test_mysql_is_away_until_the_first_seat_that_is_held_after_it() -> None:
    assert mysql_away([PAUSED, FLUSHED], good(9, 12.5, 15.5, 16), OPENS) == [(110.0, 115.5)]


def test_mysql_that_never_came_back_is_away_for_ever() -> None:
    ((_, until),) = mysql_away([PAUSED], good(9), OPENS)
    assert until > OPENS + 1e6
