"""The clock by which validity is judged."""

from __future__ import annotations

import time

if hasattr(time, "CLOCK_BOOTTIME"):

    def now() -> float:
        """Return seconds that only grow, those included in which the machine slept: Redis counts them too."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

else:  # pragma: no cover  # other systems than Linux
    now = time.monotonic
