"""When a sweeper sweeps again; no thread, no task, no clock."""

from __future__ import annotations

import logging
import random

from ticketctl.errors import (
    LockBackendError,
    LockLostError,
    ReservationBackendError,
    ReservationBusyError,
    TicketctlError,
)
from ticketctl.reservations._requests import whole_number

OFFICE = "sweeper"
"""What sweepers are elected for; the lock behind it is `leader:sweeper`."""
CAMPAIGN = 1.0
"""Seconds that a candidate waits before it looks whether it was stopped."""
PASSING = (ReservationBackendError, ReservationBusyError, LockBackendError, LockLostError)
"""What a sweeper outlives: servers that do not answer for a while, rows that others are at."""

_LONGEST = 30.0
_log = logging.getLogger("ticketctl.reservations")


class Pace:
    """The pauses of one sweeper.

    Args:
        interval: Seconds between two passes.
        most: Seats of a pass.

    Raises:
        ValueError: One of them cannot be.
    """

    def __init__(self, interval: float, most: int) -> None:
        if not 0 < interval <= 3600:
            raise ValueError(f"interval is a number of seconds up to an hour, not {interval!r}")
        self._interval = interval
        self.most = whole_number("most", most, most=10_000)
        self._failures = 0
        self._leads = False

    def elected(self) -> None:
        """Note that this process sweeps."""
        if not self._leads:
            _log.info("this process is the sweeper now")
        self._leads = True

    def passed_over(self) -> None:
        """Note that another one does."""
        self._leads = False

    def swept(self, count: int) -> float:
        """Note a pass, and return the seconds until the next one: none while there is more than a pass can take."""
        self._failures = 0
        return 0.0 if count >= self.most else self._interval

    def failed(self, error: TicketctlError) -> float:
        """Note a failure, and return the seconds until the next try; they grow, and differ between processes."""
        self._leads = False
        self._failures = min(self._failures + 1, 16)
        pause = min(self._interval * (1 << self._failures), _LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        _log.warning("the sweeper tries again in %.1f s: %s: %s", pause, error.what, error.why or error.next_step)
        return pause
