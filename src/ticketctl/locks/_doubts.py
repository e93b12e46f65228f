"""Whether a connection that says nothing is dead or has nothing to say (pure)."""

from __future__ import annotations

import math


class Doubts:
    """Remembers when it was asked for a sign of life.

    Args:
        timeout: Seconds that the sign may take.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._asked_at = math.inf

    def heard(self) -> None:
        """Take note of a sign of life."""
        self._asked_at = math.inf

    def dead(self, now: float) -> bool:
        """Tell whether it was asked long ago; if it was not asked, it is to be asked now."""
        if now >= self._asked_at + self._timeout:
            return True
        self._asked_at = min(self._asked_at, now)
        return False
