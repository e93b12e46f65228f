"""What happens in a sale, second by second, as its answers come in."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ticketctl.simulate.diary import Answered, What


@dataclass(slots=True)
class Second:
    """One second of a sale.

    Attributes:
        counts: How many requests came to what.
        waits: How long each answer took, in seconds.
    """

    counts: Counter[What] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def wait(self, share: float) -> float | None:
        """Return how long so large a share of the answers took at most; None if there was none."""
        return percentile(self.waits, share)


class Tally:
    """Counts answers; for several threads.

    Args:
        opens: When the sale opens, by the monotonic clock.

    Attributes:
        last_grant: Seconds after the opening at which a seat was held or booked last.
    """

    def __init__(self, opens: float) -> None:
        self._opens = opens
        self._turn = threading.Lock()
        self._seconds: dict[int, Second] = {}
        self.last_grant = 0.0

    def add(self, answered: Answered) -> None:
        """Count an answer in the second in which it came."""
        at = answered.ended - self._opens
        number = int(at)
        with self._turn:
            if answered.outcome.is_grant:
                self.last_grant = max(self.last_grant, at)
            second = self._seconds.setdefault(number, Second())
            second.counts[answered.outcome.what] += 1
            second.waits.append(answered.ended - answered.began)

    def seconds(self) -> Mapping[int, Second]:
        """Return the seconds in which something came, by their number after the opening."""
        with self._turn:
            return dict(sorted(self._seconds.items()))

    def counts(self) -> Counter[What]:
        """Return how many requests came to what."""
        with self._turn:
            return sum((second.counts for second in self._seconds.values()), Counter())

    def last(self) -> Second:
        """Return the last second that is over."""
        number = int(time.monotonic() - self._opens) - 1
        with self._turn:
            return self._seconds.get(number, Second())


def percentile(values: list[float], share: float) -> float | None:
    """Return a value that so large a share of them does not exceed, None of none.

    Args:
        values: In any order.
        share: From 0 to 1.
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
