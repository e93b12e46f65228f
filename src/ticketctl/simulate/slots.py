"""The places that processes of a sale fill: when one dies, another one takes its place."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ticketctl.simulate.diary import Answered
from ticketctl.simulate.event import SaleEvent
from ticketctl.simulate.places import Places, connecting, redis_connecting
from ticketctl.simulate.processes import Buyers, Child
from ticketctl.simulate.sale import Sale

_ENDING = 40.0  # seconds within which a process must have ended that was told to: its last requests may meet a fault
_A_LOOK = 0.05  # seconds between two looks whether it has


class BuyersSlot:
    """A place of a process of buyers; see `faults.processes.Place`.

    Args:
        order: What its processes are told, but for what is of one alone.
        heard: Called with each answer.

    Attributes:
        all: Its processes, the last one at work.
    """

    def __init__(self, order: Mapping[str, Any], heard: Callable[[Answered], None]) -> None:
        self._order = order
        self._heard = heard
        self.all: list[Buyers] = []

    def fill(self, *, clock_wrong_by: float = 0.0) -> None:
        """See `Place`."""
        if self.all and self.all[-1].child.lives:
            return
        # Who was not answered by a process that was killed sends the same request to its successor; who has booked is
        # gone.
        again = self.all[-1].unanswered if self.all else []
        satisfied = [user for process in self.all for user in process.satisfied]
        alone = {"generation": len(self.all), "again": again, "satisfied": satisfied, "clock_wrong_by": clock_wrong_by}
        self.all.append(Buyers({**self._order, **alone}, self._heard))

    def check(self) -> None:
        """Raise if its process has ended by itself, and not in order."""
        if self.all:
            self.all[-1].child.check()

    def close(self) -> None:
        """Tell its process that the sale is over."""
        self.all[-1].child.close()

    def finish(self, go_on: Callable[[], None]) -> None:
        """Wait for the end of its process.

        Args:
            go_on: Called now and then; raises to end the waiting.

        Raises:
            SaleProcessError: It has not ended in time, or not in order.
        """
        child = self.all[-1].child
        last = time.monotonic() + _ENDING
        while child.lives and time.monotonic() < last:
            go_on()
            time.sleep(_A_LOOK)
        child.finish()

    def kill(self) -> None:
        """See `Place`."""
        if self.all:
            self.all[-1].child.kill()

    def signal(self, number: signal.Signals) -> None:
        """See `Place`."""
        if self.all:
            self.all[-1].child.signal(number)


class SweeperSlot:
    """A place of a sweeper; see `faults.processes.Place`.

    Args:
        order: What it is told.
    """

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._order = order
        self._child: Child | None = None

    def fill(self, *, clock_wrong_by: float = 0.0) -> None:  # noqa: ARG002  # a sweeper asks no clock
        """See `Place`."""
        if self._child is None or not self._child.lives:
            self._child = Child("ticketctl.simulate.sweeper_process", self._order, lambda _: None)

    def check(self) -> None:
        """Raise if its process has ended by itself, and not in order."""
        if self._child is not None:
            self._child.check()

    def kill(self) -> None:
        """See `Place`."""
        if self._child is not None:
            self._child.kill()

    def signal(self, number: signal.Signals) -> None:
        """See `Place`."""
        if self._child is not None:
            self._child.signal(number)


def order_of(places: Places, event: SaleEvent) -> dict[str, Any]:
    """Return what every process of a sale is told."""
    return {
        "event": event.event_id,
        "mysql": connecting(places.inventory),
        "redis": redis_connecting(places.redis),
    }


def buyers_order(places: Places, sale: Sale, event: SaleEvent, number: int, opens: float) -> dict[str, Any]:
    """Return what a process of buyers is told.

    Args:
        places: Where the sale is.
        sale: The sale.
        event: Its event.
        number: Which of its processes it is, from 0.
        opens: When the sale opens, by the monotonic clock.
    """
    return {
        **order_of(places, event),
        "service": places.service,
        "sale": asdict(sale),
        "first": number,
        "opens": opens,
    }
