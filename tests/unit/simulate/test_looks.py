"""Looks at the seats are kept, and thinned out where a sale is long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ticketctl.simulate.looks import Maps


@pytest.mark.parametrize(("looks", "kept"), [(3, [0, 1, 2]), (4, [0, 1, 2, 3]), (5, [0, 2, 4]), (9, [0, 4, 8])])
def test_older_looks_are_thinned_out_evenly(looks: int, kept: list[int]) -> None:
    maps = Maps(most=4)
    for number in range(looks):
        maps.add(float(number), "A")
    assert [at for at, _ in maps.all()] == kept


def test_a_long_sale_needs_no_more_room_than_a_short_one() -> None:
    maps = Maps(most=50)
    for number in range(10_000):
        maps.add(float(number), "A")
        assert len(maps.all()) <= 50
    moments = [at for at, _ in maps.all()]
    steps = {after - before for before, after in pairwise(moments)}
    assert len(steps) == 1
