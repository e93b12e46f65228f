"""Has things break by the schedule, one after the other, and sees to it that each is mended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ticketctl.errors import BackendUnreachableError
from ticketctl.simulate.schedule import Planned

_PATIENCE = 60.0  # seconds within which a server must answer, to be told to break
_PAUSE = 0.2  # seconds


class Fault(Protocol):
    """Something that can break."""

    def begin(self) -> None:
        """Break it.

        Raises:
            BackendUnreachableError: It cannot be told to break, as it is coming back from another fault.
        """

    def mend(self) -> None:
        """Have it whole again; also if `begin` failed, or was not called."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A fault that there was.

    Attributes:
        name: Which.
        title: What happened, for people.
        began: Seconds after the opening.
        mended: Seconds after the opening; None while it lasts.
    """

    name: str
    title: str
    began: float
    mended: float | None = None


class Breaking:
    """Carries out a schedule in a thread of its own.

    Args:
        schedule: What is to break when.
        fault_of: Makes the fault; called when it is due.
        opens: When the sale opens, by the monotonic clock.
        news: Called when something breaks and when it is mended.

    Attributes:
        happened: What broke, in order.
        error: What went wrong with breaking or mending, None if nothing did.
    """

    def __init__(
        self,
        schedule: Sequence[Planned],
        fault_of: Callable[[Planned], Fault],
        opens: float,
        news: Callable[[Broken], None],
    ) -> None:
        self._schedule = schedule
        self._fault_of = fault_of
        self._opens = opens
        self._news = news
        self._stop = threading.Event()
        self.happened: list[Broken] = []
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="breaks things", daemon=True)

    def start(self) -> None:
        """Begin to wait for the first fault."""
        self._thread.start()

    def stop(self) -> None:
        """Mend what is broken, break nothing more, and return when that is done."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            for planned in self._schedule:
                if self._stop.wait(max(0.0, self._opens + planned.at - time.monotonic())):
                    return
                self._break(planned)
        except Exception as error:  # told by whoever asked for faults
            self.error = error

    def _break(self, planned: Planned) -> None:
        fault = self._fault_of(planned)
        broken = Broken(planned.name, planned.title, self._now())
        self.happened.append(broken)
        try:
            self._news(broken)
            self._begin(fault)
            self._stop.wait(planned.lasts)
        finally:
            fault.mend()
        self.happened[-1] = mended = Broken(broken.name, broken.title, broken.began, self._now())
        self._news(mended)

    def _begin(self, fault: Fault) -> None:
        """Break it, as soon as it can be told to."""
        last_try = time.monotonic() + _PATIENCE
        while not self._stop.is_set():
            try:
                fault.begin()
                return
            except BackendUnreachableError:
                if time.monotonic() > last_try:
                    raise
            self._stop.wait(_PAUSE)

    def _now(self) -> float:
        return time.monotonic() - self._opens
