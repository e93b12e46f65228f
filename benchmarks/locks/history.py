"""What holders of one lock noted, put together: hand-overs, shares, and whether two were ever inside at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple


class Hold(NamedTuple):
    """One time that somebody was inside.

    Attributes:
        enter: When the acquire had returned; the machine's monotonic clock, the same in all processes.
        leave: Before the release was sent.
        fence: The number that came with the lock, None where the library gives none.
        holder: Which process or task.
    """

    enter: float
    leave: float
    fence: int | None
    holder: int


class BrokenLockError(Exception):
    """Two were inside at once, or a fence did not grow."""


@dataclass(frozen=True, slots=True)
class History:
    """All holds of one lock in one run, in the order in which they were entered."""

    holds: tuple[Hold, ...]

    @classmethod
    def of(cls, holders: Sequence[Sequence[tuple[float, float, int | None]]]) -> History:
        """Join what each holder noted."""
        holds = (Hold(*noted, number) for number, notes in enumerate(holders) for noted in notes)
        return cls(tuple(sorted(holds, key=attrgetter("enter"))))

    def check(self) -> None:
        """Compare each hold with the one before it.

        Raises:
            BrokenLockError: Two overlap, or the fences do not grow strictly.
        """
        for before, after in pairwise(self.holds):
            if after.enter < before.leave:
                raise BrokenLockError(f"two holders at once: {before} and {after}")
            if before.fence is not None and after.fence is not None and after.fence <= before.fence:
                raise BrokenLockError(f"the fence did not grow: {before} and {after}")
            if (before.fence is None) != (after.fence is None):
                raise BrokenLockError(f"one holder has a fence, another has none: {before} and {after}")

    def within(self, start: float, stop: float) -> History:
        """Return the holds that were entered in a window."""
        return History(tuple(hold for hold in self.holds if start <= hold.enter < stop))

    def hand_overs(self) -> list[float]:
        """Return the seconds from each release to the next entry, by whomever, in ascending order."""
        return sorted(after.enter - before.leave for before, after in pairwise(self.holds))

    def counts(self, holders: int) -> list[int]:
        """Return how often each holder was inside."""
        counts = [0] * holders
        for hold in self.holds:
            counts[hold.holder] += 1
        return counts


def percentile(ascending: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all does not exceed.

    Args:
        ascending: The values in order; not a number if there are none.
        share: 0.99 for the 99th percentile.
    """
    if not ascending:
        return math.nan
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]
