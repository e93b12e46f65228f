"""What follows from what a sale is asked to be."""

from __future__ import annotations

import pytest

from ticketctl.simulate.sale import Sale


@pytest.mark.parametrize("seats", [1, 2, 3, 7, 8, 9, 500, 5_000])
def test_all_seats_go_on_sale_and_the_last_before_the_end(seats: int) -> None:
    sale = Sale(seats=seats, duration=20.0)
    assert sum(count for _, count in sale.portions) == seats
    assert all(count > 0 for _, count in sale.portions)
    assert [moment for moment, _ in sale.portions] == sorted(moment for moment, _ in sale.portions)
    assert sale.portions[0][0] == 0.0
    assert sale.portions[-1][0] <= 16.0


@pytest.mark.parametrize(("duration", "ttl"), [(5.0, 4.0), (48.0, 4.0), (120.0, 10.0), (3600.0, 30.0)])
def test_holds_live_shorter_in_a_shorter_sale(duration: float, ttl: float) -> None:
    assert Sale(duration=duration).ttl == ttl
