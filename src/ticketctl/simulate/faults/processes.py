"""Faults of the sale's own processes."""

from __future__ import annotations

import signal
from typing import Protocol


class Place(Protocol):
    """A place that a process fills, and another one after it."""

    def kill(self) -> None:
        """End the process at once."""

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""

    def fill(self, *, clock_wrong_by: float = 0.0) -> None:
        """Have a process there, if there is none."""


class Killed:
    """A process is killed; another one takes its place.

    Args:
        place: Its place.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def begin(self) -> None:
        """As `kill -9`."""
        self._place.kill()

    def mend(self) -> None:
        """Start another one."""
        self._place.fill()


class Stopped:
    """A process stands still, with whatever it holds.

    Args:
        place: Its place.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def begin(self) -> None:
        """As SIGSTOP."""
        self._place.signal(signal.SIGSTOP)

    def mend(self) -> None:
        """As SIGCONT."""
        self._place.signal(signal.SIGCONT)


class WrongClock:
    """A process whose clock is an hour off takes the place of one whose is right, and the other way round.

    Args:
        place: The place.
        wrong_by: Seconds.
    """

    def __init__(self, place: Place, wrong_by: float) -> None:
        self._place = place
        self._wrong_by = wrong_by

    def begin(self) -> None:
        """Set the clock."""
        self._place.kill()
        self._place.fill(clock_wrong_by=self._wrong_by)

    def mend(self) -> None:
        """Set it right."""
        self._place.kill()
        self._place.fill()
