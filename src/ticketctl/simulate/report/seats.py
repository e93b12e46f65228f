"""The part of the report that shows the seats over time. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.simulate.outages import Outage
from ticketctl.simulate.record import Record
from ticketctl.simulate.report.film import Film, rows_of
from ticketctl.simulate.report.house import SeatPlace, laid_out
from ticketctl.simulate.report.markup import Html, counted, drawing, element, embedded

_STATES = (("A", "free"), ("R", "held"), ("B", "booked"), ("X", "not on sale"))
_BOX = {"A": "M1.5 1.5h13v13h-13z", "R": "M1.5 1.5h13v13h-13z", "B": "M1.5 1.5h13v13h-13z"}
_INSIDE = {"R": "M1.5 14.5v-13h13z", "B": "M1.5 1.5h13v13h-13z", "X": "M6 6h4v4h-4z"}


def seats_part(record: Record, shown: Film, doubles: Sequence[int]) -> Html:
    """Return the map of the seats over time.

    Args:
        record: The sale.
        shown: How the seats stood.
        doubles: Numbers of the seats, in house order, that were sold more than once.
    """
    title = element("h2", "The seats, over time")
    if not shown.frames:
        return element("section", title, element("p", "Nobody saw how the seats stood.", class_="quiet"))
    seats = [SeatPlace(*place) for place in record.places]
    plan = laid_out(seats)
    sections, rows = rows_of(seats, plan)
    data = {
        "columns": plan.columns,
        "rows": plan.rows,
        "sections": sections,
        "runs": rows,
        "moments": shown.moments,
        "frames": shown.frames,
        "doubles": doubles,
        "faults": [_fault(number, outage) for number, outage in enumerate(record.outages, 1)],
    }
    looks = (
        counted(len(shown.frames), "look")
        + (f" of {shown.seen:,}" if shown.seen > len(shown.frames) else "")
        + f" at {counted(len(seats), 'seat')}"
    )
    return element(
        "section",
        title,
        _controls(len(shown.frames)),
        _moment(),
        _legend(bool(doubles)),
        element("p", "stage", class_="stage", aria_hidden="true"),
        element("canvas", "", id="map", role="img", aria_labelledby="moment broken", width=1, height=1),
        element("p", "", id="pointed", class_="quiet"),
        element("p", f"{looks}. Point at a seat to be told its place.", class_="quiet"),
        element("noscript", element("p", "The map needs JavaScript; nothing else here does.")),
        embedded("looks", data),
        class_="seats",
    )


def _moment() -> Html:
    """Return what says of which moment the map is, and what was broken in it."""
    when = element("b", "", id="moment")
    return element("p", when, " ", element("span", "", id="broken"), class_="moment", hidden=True)


def _controls(looks: int) -> Html:
    """Return what moves the map; a page without scripts and a printed one have none of it."""
    return element(
        "div",
        element("button", "Play", type="button", id="play"),
        element("label", "Time", for_="time"),
        element("input", type="range", id="time", min=0, max=looks - 1, value=looks - 1, step=1),
        class_="controls",
        hidden=True,
    )


def _legend(has_doubles: bool) -> Html:
    keys = []
    for letter, name in _STATES:
        shapes = [
            element("path", class_=kind, d=shape[letter])
            for kind, shape in (("inside", _INSIDE), ("box", _BOX))
            if letter in shape
        ]
        count = element("b", "", data_count=letter)
        keys.append(element("li", drawing(f"state {letter}", "0 0 16 16", *shapes), f"{name} ", count))
    if has_doubles:
        ring = element("path", class_="box", d="M1.5 1.5h13v13h-13z")
        keys.append(element("li", drawing("state twice", "0 0 16 16", ring), "sold more than once"))
    return element("ul", *keys, class_="keys states")


def _fault(number: int, outage: Outage) -> tuple[int, str, float, float | None]:
    broken = outage.broken
    mended = None if broken.mended is None else round(broken.mended, 2)
    return number, broken.title, round(broken.began, 2), mended
