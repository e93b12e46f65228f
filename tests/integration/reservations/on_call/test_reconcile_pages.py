"""However many rows there are, a few are looked at at a time, and none is left out between two pages."""

from __future__ import annotations

import pytest

from integration.reservations.on_call import between
from integration.reservations.on_call.house import EVENT, House, counts
from ticketctl.reservations import inspection
from ticketctl.reservations.inspection import Kind, _differences, _entries, _tables

pytestmark = pytest.mark.integration
OTHER = 43


@pytest.mark.parametrize("page", [1, 2, 3, 5, 7, 100])
@pytest.mark.parametrize("event", [EVENT, None], ids=["event", "all"])
def test_none_is_left_out_between_two_pages(
    house: House, monkeypatch: pytest.MonkeyPatch, page: int, event: int | None
) -> None:
    _set_pages(monkeypatch, page)
    with house.reservations() as reservations:
        for _ in range(3):  # the events' seats lie between each other
            reservations.hold(EVENT, house.seats(3), "anna")
            reservations.hold(OTHER, house.seats(2, OTHER), "ben")
        house.ask("UPDATE seats SET reserved_by = 'carla' WHERE event_id = %s", EVENT)
        hold = reservations.hold(EVENT, house.seats(5), "dora")
        house.ask("UPDATE seats SET status = 'AVAILABLE' WHERE hold_id = %s", hold.hold_id)
        for _ in range(4):
            given_back = reservations.hold(EVENT, house.seats(2), "emil")
            reservations.release(given_back)
            house.ask("DELETE FROM reservations WHERE hold_id = %s AND hold_position = 0", given_back.hold_id)
    keys = [house.key(seat_id) for (seat_id,) in house.ask("SELECT seat_id FROM seats WHERE reserved_by = 'carla'")]
    house.redis.delete(*keys)

    seen = house.reconcile(event)

    assert counts(seen) == {
        Kind.UNEQUAL: 9,
        Kind.NO_TAKEN_SEAT: 5,
        Kind.INCOMPLETE: 4,
        Kind.FREE: 5,
        Kind.MISSING: 9,
    }


def test_no_answer_has_more_rows_than_a_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_pages(monkeypatch, 50)
    with house.reservations() as reservations:
        for _ in range(4):
            reservations.hold(EVENT, house.seats(100), "anna")
    house.ask("UPDATE seats SET reserved_by = 'ben'")

    with house.cursor() as plain:
        cursor = between.Cursor(plain)
        seen = inspection.reconcile(cursor, house.redis, namespace=house.namespace)

    assert counts(seen) == {Kind.UNEQUAL: 400}
    assert max(cursor.answers) == 50


def _set_pages(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    for module, name in (
        (_tables, "PAGE"),
        (_differences, "PAGE"),
        (_differences, "_LOOKED_UP"),
        (_entries, "STEP"),
    ):
        monkeypatch.setattr(module, name, rows)
