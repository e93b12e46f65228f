"""What is drawn is what was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.diary import What
from ticketctl.simulate.outages import Outage
from ticketctl.simulate.record import Record, Seen
from ticketctl.simulate.report.plots import Curve
from ticketctl.simulate.report.series import series
from ticketctl.simulate.tally import Second
from unit.simulate.records import record


def values(curves: Iterable[Curve], name: str) -> list[float | None]:
    (curve,) = [curve for curve in curves if curve.name == name]
    return list(curve.values)


def counted(counts: dict[What, int]) -> Counter[What]:
    return Counter(counts)


def short(seconds: dict[int, Second], **other: object) -> Record:
    bare = record(4, duration=5.0, faults=())
    return replace(bare, seconds=seconds, maps=(), **other)  # type: ignore[arg-type]


def test_each_second_has_its_requests_and_one_without_any_has_none() -> None:
    counts = counted({"held": 3, "confirmed": 2, "refused": 4, "limited": 1, "failed": 1, "unknown": 2})
    of = series(short({1: Second(counts, [])}))
    assert (of.lasted, of.every) == (5, 1)
    assert [values(of.rates, name)[:3] for name in ("held", "booked", "refused", "failed")] == [
        [0, 3, 0],
        [0, 2, 0],
        [0, 5, 0],
        [0, 3, 0],
    ]


def test_waits_are_of_the_second_and_none_where_nobody_was_answered() -> None:
    of = series(short({0: Second(counted({"held": 100}), [n / 100 for n in range(100)])}))
    assert values(of.waits, "p50")[:2] == [0.5, None]
    assert values(of.waits, "p99")[:2] == [0.99, None]


def test_a_long_sale_has_fewer_values_than_seconds_and_rates_stay_what_they_are_in_a_second() -> None:
    long = record(4, duration=1000.0, faults=())
    of = series(replace(long, maps=(), seconds={number: Second(counted({"held": 7}), [0.1]) for number in range(999)}))
    assert of.every == 3
    assert len(values(of.rates, "held")) == len(values(of.waits, "p50")) == 334
    assert set(values(of.rates, "held")[:-1]) == {7.0}


def test_seats_are_as_the_last_look_of_a_second_saw_them() -> None:
    looks = (Seen(0.4, "AAXX"), Seen(0.9, "ARXX"), Seen(2.2, "BRAA"), Seen(7.0, "BBBB"))
    of = series(replace(short({}), maps=looks))
    assert values(of.stock, "free") == [1, None, 2, None, None, None, 0]
    assert values(of.stock, "held") == [1, None, 1, None, None, None, 0]
    assert values(of.stock, "booked") == [0, None, 1, None, None, None, 4]


@pytest.mark.parametrize(("mended", "ended"), [(3.5, 3.5), (9.2, 9.2), (None, 5)])
def test_a_fault_is_a_band_and_one_that_was_not_mended_lasts_to_the_end(mended: float | None, ended: float) -> None:
    of = series(short({}, outages=(Outage(Broken("redis-cut", "cut", 2.0, mended), 0, 0.0),)))
    assert [(band.title, band.began, band.ended) for band in of.bands] == [("cut", 2.0, ended)]
    assert of.lasted >= ended
