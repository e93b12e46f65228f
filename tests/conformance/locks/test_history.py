"""The checker of histories finds what it is there to find: each history here is made by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conformance.locks.history import (
    Holding,
    Line,
    Recorder,
    assemble,
    leaked,
    longest_gap,
    read,
    shares,
    violations,
)

FIRST = Holding(process=1, task="a", lock="seat", fence=10, entered=1.0, until=11.0, left=2.0)
SECOND = Holding(process=2, task="a", lock="seat", fence=11, entered=2.5, until=12.5, left=3.0)
THIRD = Holding(process=1, task="b", lock="seat", fence=12, entered=3.5, until=13.5, left=4.0)
GOOD = (FIRST, SECOND, THIRD)


def kinds(*holdings: Holding, ended: tuple[int, ...] = ()) -> list[str]:
    return [violation.kind for violation in violations(holdings, ended=ended)]


def test_a_good_history_is_good() -> None:
    assert kinds(*GOOD) == []


def test_the_order_in_which_lines_arrive_does_not_matter() -> None:
    assert kinds(*reversed(GOOD)) == []


def test_two_inside_are_found() -> None:
    assert kinds(replace(FIRST, left=2.6), SECOND) == ["overlap"]


def test_one_inside_another_s_time_is_found() -> None:
    assert kinds(replace(FIRST, left=9.0), SECOND, THIRD) == ["overlap", "overlap"]


def test_two_tasks_of_a_process_are_two() -> None:
    assert kinds(replace(FIRST, left=2.6), replace(SECOND, process=1, task="b")) == ["overlap"]


def test_different_locks_have_nothing_to_do_with_each_other() -> None:
    assert kinds(replace(FIRST, left=9.0), replace(SECOND, lock="other", fence=3)) == []


def test_who_stays_longer_than_the_lease_is_alone_to_blame() -> None:
    """Stopped, and still inside when the next one is: no lock can help that, the fence does."""
    assert kinds(replace(FIRST, until=2.2, left=20.0), SECOND) == []


def test_who_is_inside_within_the_lease_is_not_excused_by_leaving_late() -> None:
    assert kinds(replace(FIRST, until=2.6, left=20.0), SECOND) == ["overlap"]


def test_who_was_killed_inside_holds_the_lock_until_its_lease_ends() -> None:
    killed = replace(FIRST, until=2.6, left=None)
    assert kinds(killed, SECOND, ended=(1,)) == ["overlap"]
    assert kinds(replace(killed, until=2.4), SECOND, ended=(1,)) == []


def test_a_fence_that_is_not_larger_is_found() -> None:
    assert kinds(FIRST, replace(SECOND, fence=9)) == ["fence"]


def test_a_fence_that_was_there_before_is_found() -> None:
    assert kinds(FIRST, replace(SECOND, fence=10)) == ["fence"]


def test_a_fence_is_compared_with_all_before_it() -> None:
    assert kinds(replace(FIRST, fence=20), replace(SECOND, fence=30), replace(THIRD, fence=25)) == ["fence"]


def test_who_enters_when_the_lease_is_over_may_have_an_old_fence_but_no_double_one() -> None:
    late = replace(FIRST, entered=2.8, until=2.0, left=2.9)
    assert kinds(SECOND, late) == []
    assert kinds(SECOND, replace(late, fence=SECOND.fence)) == ["fence"]


def test_who_never_leaves_is_found_unless_it_was_ended() -> None:
    inside = replace(THIRD, left=None)
    assert kinds(FIRST, SECOND, inside) == ["never left"]
    assert kinds(FIRST, SECOND, inside, ended=(THIRD.process,)) == []


def test_keys_that_stay_are_leaks_but_for_fences() -> None:
    keys = ["lock:{seat}", "lock:{seat}:fence", "lock:{seat}:queue"]
    assert leaked(keys) == ["lock:{seat}", "lock:{seat}:queue"]


def test_gaps_and_shares_are_counted() -> None:
    assert longest_gap(GOOD) == pytest.approx(0.5)
    assert longest_gap([FIRST, replace(SECOND, entered=5.0)]) == pytest.approx(3.0)
    assert longest_gap([FIRST, replace(SECOND, entered=5.0)], begin=4.0) == pytest.approx(1.0)
    assert longest_gap([]) == longest_gap([FIRST]) == 0.0
    assert shares(GOOD) == {1: 2, 2: 1}


def test_lines_become_holdings() -> None:
    line = Line("entered", 1, "a", "seat", 7, at=1.0, until=2.0)
    renewed = replace(line, step="renewed", at=1.5, until=2.5)
    left = replace(line, step="left", at=3.8, until=0.0)  # over by then
    assert assemble([line, renewed, left]) == [Holding(1, "a", "seat", 7, entered=1.0, until=2.5, left=3.8)]
    assert assemble([line]) == [Holding(1, "a", "seat", 7, entered=1.0, until=2.0, left=None)]


@dataclass
class Handle:
    name: str
    fence: int
    left: float = 5.0

    def remaining(self) -> float:
        return self.left


def test_what_is_recorded_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history"
    assert read(path) == []
    recorder = Recorder(path)
    before = time.monotonic()
    recorder.write("entered", "a", Handle("seat", 7))
    Recorder(path).write("entered", "a", Handle("other", 3))
    recorder.write("left", "a", Handle("seat", 7, left=0.0))
    seat, other = read(path)
    assert (seat.lock, seat.fence, other.lock, other.left) == ("seat", 7, "other", None)
    assert seat.left
    assert before <= seat.entered <= seat.left <= time.monotonic()
    assert before + 5 <= seat.until <= time.monotonic() + 5
