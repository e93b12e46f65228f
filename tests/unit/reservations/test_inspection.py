"""What is wrong with an entry, and what it shall be, by what both sides say."""

from __future__ import annotations

import pytest

from ticketctl.reservations._statements import SeatRow
from ticketctl.reservations.inspection._differences import judge, mended
from ticketctl.reservations.inspection._entries import SHORT, Entry, Place
from ticketctl.reservations.inspection._model import Kind

NOW = 1_800_000_000_000_000
LONG = SHORT + 1


def seat(status: str, hold_id: str | None = "h", *, over: bool = False, left: float = 60.0, event: int = 42) -> SeatRow:
    until = NOW + round(left * 1e6) if status == "RESERVED" else None
    return SeatRow(7, event, status, 3, hold_id, until, over, NOW)


def entry(value: str, left: int | None = LONG) -> Entry:
    return Entry(Place(42, 7), value.encode(), left)


FREE = seat("AVAILABLE", None)
HELD, BOOKED, BLOCKED, LEGACY = seat("RESERVED"), seat("BOOKED"), seat("BLOCKED", None), seat("BOOKED", None)
OVER = seat("RESERVED", over=True, left=-1.0)


@pytest.mark.parametrize(
    ("value", "left", "of", "kind"),
    [
        ("h", LONG, HELD, None),
        ("h", LONG, BOOKED, None),
        ("#BLOCKED", LONG, BLOCKED, None),
        ("#BOOKED", LONG, LEGACY, None),
        ("h", LONG, FREE, Kind.FREE),
        ("#BLOCKED", LONG, FREE, Kind.FREE),
        ("other", LONG, OVER, Kind.FREE),
        ("h", LONG, OVER, Kind.OVER),
        ("other", LONG, HELD, Kind.OTHER_HOLD),
        ("H", LONG, HELD, Kind.OTHER_HOLD),
        ("#RESERVED", LONG, HELD, Kind.OTHER_HOLD),
        ("h", LONG, BLOCKED, Kind.OTHER_HOLD),
        ("h!", LONG, HELD, Kind.LEAVING),
        ("h!", LONG, FREE, Kind.LEAVING),
        ("h", None, HELD, Kind.ENDLESS),
        ("h", None, FREE, Kind.ENDLESS),
        ("h!", None, FREE, Kind.ENDLESS),
        ("h", LONG, None, Kind.NO_SEAT),
        ("h", None, None, Kind.NO_SEAT),
        ("h", LONG, seat("RESERVED", event=43), Kind.NO_SEAT),
        ("h", LONG, seat("AVAILABLE", None, event=43), Kind.NO_SEAT),
    ],
)
def test_an_entry_that_outlives_an_intent_is_judged(value: str, left: int | None, of: SeatRow, kind: Kind) -> None:
    assert judge(entry(value, left), of) is kind


@pytest.mark.parametrize("of", [None, FREE, OVER, HELD, BOOKED, BLOCKED])
@pytest.mark.parametrize("value", ["h", "other", "h!", "#BOOKED", ""])
@pytest.mark.parametrize("left", [0, 1, SHORT])
def test_one_that_ends_as_soon_as_an_intent_never_is_a_difference(of: SeatRow | None, value: str, left: int) -> None:
    assert judge(entry(value, left), of) is None


@pytest.mark.parametrize(
    ("value", "left", "of", "wanted", "life"),
    [
        ("other", LONG, FREE, "", 0),
        ("h", LONG, OVER, "", 0),
        ("h", LONG, None, "", 0),
        ("h", LONG, seat("RESERVED", event=43), "", 0),
        ("other", LONG, HELD, "h", SHORT),
        ("other", LONG, seat("RESERVED", left=1.5), "h", 1500),
        ("other", LONG, BOOKED, "h", SHORT),
        ("h!", LONG, HELD, "h", SHORT),
        ("other", LONG, BLOCKED, "#BLOCKED", SHORT),
        ("#BLOCKED", None, BLOCKED, "#BLOCKED", SHORT),
        ("h", None, HELD, "h", 60_000),
        ("h", None, BOOKED, "h", 600_000),
        ("h", None, seat("RESERVED", left=3600.0), "h", 600_000),
        ("h", None, FREE, "", 0),
    ],
)
def test_a_wrong_entry_goes_or_gets_the_hold_that_has_the_seat(
    value: str, left: int | None, of: SeatRow | None, wanted: str, life: int
) -> None:
    mending = mended(entry(value, left), of)
    assert (mending.value, mending.life) == (wanted, life)
