"""What is remembered while Redis cannot be reached: when it is asked again, and what it has to be told then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

PAUSE = 1.0
"""Seconds for which Redis is left alone: without it a hold is slower, with one that does not answer slower still."""
MOST_OWED = 10_000
"""Changes that are remembered; entries of older ones end by themselves."""
PING = b"*1\r\n$4\r\nPING\r\n"


class Outage:
    """Whether Redis is to be left alone.

    Args:
        clock: The monotonic clock.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: float | None = None
        self._owed: deque[bytes] = deque(maxlen=MOST_OWED)

    def lasts(self) -> bool:
        """Tell whether Redis is not to be asked now; when a pause is over, one caller is let through to look."""
        until = self._until
        if until is None:
            return False
        if self._clock() < until:
            return True
        self._until = self._clock() + PAUSE
        return False

    def begins(self) -> bool:
        """Note a failure; True if it is the first."""
        first = self._until is None
        self._until = self._clock() + PAUSE
        return first

    def owe(self, packed: Sequence[bytes]) -> None:
        """Remember what Redis could not be told."""
        self._owed.extend(packed)

    def due(self) -> Sequence[bytes]:
        """Return what to send first to a Redis that may be there again; nothing if it never was away."""
        return () if self._until is None and not self._owed else (PING, *self._owed)

    def ends(self) -> None:
        """Note that what was due has been said."""
        self._until = None
        self._owed.clear()
