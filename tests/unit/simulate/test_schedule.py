"""What breaks when."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ticketctl.simulate.sale import Sale
from ticketctl.simulate.schedule import KINDS, named, planned


def test_the_same_seed_breaks_the_same_at_the_same_time() -> None:
    sale = Sale(faults=tuple(KINDS), seed=7, duration=120)
    assert planned(sale) == planned(sale)
    assert planned(sale) != planned(Sale(faults=tuple(KINDS), seed=8, duration=120))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("duration", [20.0, 120.0])
def test_everything_breaks_once_while_something_is_sold_and_one_after_the_other(seed: int, duration: float) -> None:
    faults = planned(Sale(faults=tuple(KINDS), seed=seed, duration=duration))
    assert {fault.name for fault in faults} == KINDS.keys()
    assert len(faults) == len(KINDS)
    assert faults[0].at >= 0.05 * duration
    assert faults[-1].at <= 0.8 * duration
    assert all(one.at < other.at for one, other in pairwise(faults))


def test_faults_are_named_one_by_one_or_all() -> None:
    assert named(["all"]) == tuple(KINDS)
    assert named([]) == named(["none"]) == ()
    assert named(["redis-cut,buyers-killed", " mysql-paused "]) == ("buyers-killed", "redis-cut", "mysql-paused")
    with pytest.raises(ValueError, match="no fault is called earthquake; there are: all, buyers-killed"):
        named(["redis-cut,earthquake"])
