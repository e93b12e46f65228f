"""When a sweeper sweeps again."""

from __future__ import annotations

import logging

import pytest

from ticketctl.errors import ReservationBusyError
from ticketctl.reservations._pace import Pace

BUSY = ReservationBusyError("others were at the same rows", waited=3.0, why="1205")


def test_a_full_pass_is_followed_at_once_and_another_one_after_the_interval() -> None:
    pace = Pace(2.0, 10)
    assert [pace.swept(count) for count in (0, 9, 10)] == [2.0, 2.0, 0.0]


def test_failures_wait_longer_each_time_up_to_half_a_minute_and_a_success_ends_that() -> None:
    pace = Pace(1.0, 10)
    pauses = [pace.failed(BUSY) for _ in range(40)]
    for number, pause in enumerate(pauses):
        longest = min(2.0 ** (number + 1), 30.0)
        assert longest / 2 <= pause <= longest
    pace.swept(0)
    assert pace.failed(BUSY) <= 2.0


def test_a_failure_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    Pace(1.0, 10).failed(BUSY)
    (message,) = caplog.messages
    assert message.startswith("the sweeper tries again in ")
    assert message.endswith(" s: others were at the same rows: 1205")
    assert "\n" not in message


def test_an_election_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ticketctl.reservations")
    pace = Pace(1.0, 10)
    for _ in range(3):
        pace.elected()
    assert caplog.messages == ["this process is the sweeper now"]
    pace.passed_over()
    pace.elected()
    assert len(caplog.messages) == 2


@pytest.mark.parametrize(("interval", "most"), [(0.0, 1), (-1.0, 1), (float("nan"), 1), (1.0, 0), (1.0, 10_001)])
def test_what_cannot_be_is_refused(interval: float, most: int) -> None:
    with pytest.raises(ValueError, match=r"interval|most"):
        Pace(interval, most)
