"""What buyers noticed of faults. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.diary import Answered
from ticketctl.simulate.schedule import KINDS

_MYSQL = {name for name in KINDS if name.startswith("mysql-")}
_FOR_EVER = 1e9  # seconds
_AFTER = 5.0  # seconds: answers that were lost in a fault come that much later


@dataclass(frozen=True, slots=True)
class Outage:
    """What buyers noticed of a fault.

    Attributes:
        broken: The fault.
        failed: Requests that ended without an answer while it lasted, or within five seconds after it.
        without: Seconds in a row, around the fault, in which no seat was held or booked.
    """

    broken: Broken
    failed: int
    without: float


def outages(faults: Sequence[Broken], answers: Iterable[Answered], opens: float) -> tuple[Outage, ...]:
    """Return what was noticed of each fault.

    Args:
        faults: They, in order; all are mended.
        answers: What buyers were told.
        opens: When the sale opened, by the clock of the answers.
    """
    good, bad = [], []
    for answer in answers:
        if answer.outcome.is_grant:
            good.append(answer.ended - opens)
        elif answer.outcome.is_failure:
            bad.append(answer.ended - opens)
    good.sort()
    bad.sort()
    found = []
    for number, broken in enumerate(faults):
        mended = broken.began if broken.mended is None else broken.mended
        following = faults[number + 1].began if number + 1 < len(faults) else mended + _AFTER
        end = min(mended + _AFTER, max(mended, following))
        failed = bisect_right(bad, end) - bisect_left(bad, broken.began)
        found.append(Outage(broken, failed, _longest_gap(good, broken.began, end)))
    return tuple(found)


def mysql_away(faults: Sequence[Broken], answers: Iterable[Answered], opens: float) -> list[tuple[float, float]]:
    """Return when MySQL did not serve: from the fault until the first seat that was held or booked after it.

    Args:
        faults: What broke, in order; all are mended.
        answers: What buyers were told.
        opens: When the sale opened, by the clock of the answers; what is returned is by it as well.
    """
    good = sorted(answer.ended for answer in answers if answer.outcome.is_grant)
    found = []
    for broken in faults:
        if broken.name in _MYSQL and broken.mended is not None:
            place = bisect_right(good, opens + broken.mended)
            found.append((opens + broken.began, good[place] if place < len(good) else _FOR_EVER))
    return found


def _longest_gap(moments: Sequence[float], begin: float, end: float) -> float:
    """Return the longest time between two moments that touches a time; where there are none, it counts alone."""
    first = bisect_right(moments, begin) - 1
    last = bisect_left(moments, end)
    near = [
        moments[first] if first >= 0 else begin,
        *moments[first + 1 : last],
        moments[last] if last < len(moments) else end,
    ]
    return max(after - before for before, after in pairwise(near))
