"""What happened in a sale, as values over its time: one for each second, or for several where a sale is long. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ticketctl.simulate.diary import What
from ticketctl.simulate.record import Record, Seen
from ticketctl.simulate.report.plots import Band, Curve
from ticketctl.simulate.tally import percentile

RESULTS: Mapping[str, tuple[What, ...]] = {
    "held": ("held",),
    "booked": ("confirmed",),
    "refused": ("refused", "limited"),
    "failed": ("failed", "unknown", "conflict"),
}
"""What came of requests, as it is drawn. Holds that were given back or over are in the totals alone."""

_VALUES = 360  # of a curve at most
_STATES = {"booked": "B", "held": "R", "free": "A"}


@dataclass(frozen=True, slots=True)
class Series:
    """The curves of a sale.

    Attributes:
        lasted: Seconds from the opening to the last that is known.
        every: Seconds that each value stands for.
        rates: Requests in a second, by their results.
        waits: Seconds that answers took, p50 and p99.
        stock: Seats by their states.
        bands: When what was broken, in order.
    """

    lasted: int
    every: int
    rates: tuple[Curve, ...]
    waits: tuple[Curve, ...]
    stock: tuple[Curve, ...]
    bands: tuple[Band, ...]


def series(record: Record) -> Series:
    """Return the curves of a sale."""
    ends = [outage.broken.mended or outage.broken.began for outage in record.outages]
    looked = [look.at for look in record.maps]
    lasted = math.ceil(max([record.sale.duration, *(number + 1 for number in record.seconds), *looked, *ends]))
    every = math.ceil(lasted / _VALUES)
    counts: list[Counter[What]] = [Counter() for _ in range(0, lasted, every)]
    waited: list[list[float]] = [[] for _ in counts]
    for number, second in record.seconds.items():
        if number >= 0:
            counts[number // every] += second.counts
            waited[number // every] += second.waits
    bands = tuple(
        Band(each.broken.title, each.broken.began, lasted if each.broken.mended is None else each.broken.mended)
        for each in record.outages
    )
    rates = tuple(
        Curve(name, [sum(count[what] for what in whats) / every for count in counts], every)
        for name, whats in RESULTS.items()
    )
    waits = tuple(
        Curve(name, [percentile(values, share) for values in waited], every)
        for name, share in (("p99", 0.99), ("p50", 0.5))
    )
    return Series(lasted, every, rates, waits, _stock(record.maps, len(counts), every), bands)


def _stock(looks: Sequence[Seen], count: int, every: int) -> tuple[Curve, ...]:
    last: dict[int, Seen] = {}
    for look in looks:
        if look.letters and look.at >= 0:
            last[min(count - 1, int(look.at) // every)] = look
    found: dict[str, list[float | None]] = {name: [None] * count for name in _STATES}
    for place, look in last.items():
        letters = Counter(look.letters)
        for name, letter in _STATES.items():
            found[name][place] = float(letters[letter])
    return tuple(Curve(name, values, every) for name, values in found.items())
