"""A sale under way: its processes, what breaks, and what is seen of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from ticketctl.errors import SaleProcessError
from ticketctl.reservations import SeatMap
from ticketctl.simulate.breaking import Breaking, Broken, Fault
from ticketctl.simulate.diary import Answered
from ticketctl.simulate.event import SaleEvent
from ticketctl.simulate.faults.processes import Killed, Stopped, WrongClock
from ticketctl.simulate.faults.servers import Servers
from ticketctl.simulate.looks import Look, Maps, News
from ticketctl.simulate.places import Places
from ticketctl.simulate.sale import Sale
from ticketctl.simulate.schedule import Planned, planned
from ticketctl.simulate.slots import BuyersSlot, SweeperSlot, buyers_order, order_of
from ticketctl.simulate.tally import Tally

_AN_HOUR = 3600.0
_STARTING = 60.0  # seconds within which a process of buyers must be there
_A_LOOK = 0.1  # seconds between two looks whether they are
_HEAD_START, _TO_START = 1.0, 0.4  # seconds before the opening: once, and for each process that is to start
_SWEEPERS = 2
_QUIET = 5.0  # seconds without a seat that was held or booked, and the life of a hold


class UnderWay:
    """A sale under way.

    Args:
        places: Where it happens.
        sale: What it is to be.
        servers: What can be broken of the stack.
        event: Its event.
        show: Called with what happens, from two threads.

    Attributes:
        event: Its event.
        opens: When it opens, by the monotonic clock.
        began: The same by the calendar.
        tally: Its answers, second by second.
        maps: How its seats stood.
        breaking: What breaks.
    """

    def __init__(
        self, places: Places, sale: Sale, servers: Servers, event: SaleEvent, show: Callable[[News], None]
    ) -> None:
        self._sale = sale
        self._servers = servers
        self._show = show
        self._broken: dict[str, Broken] = {}
        self._letters = ""
        self.event = event
        wait = _HEAD_START + _TO_START * sale.processes
        self.opens = time.monotonic() + wait
        self.began = datetime.fromtimestamp(time.time() + wait, UTC)
        self.tally = Tally(self.opens)
        self.maps = Maps()
        self.breaking = Breaking(planned(sale), self._fault, self.opens, self._note)
        self._slots = [
            BuyersSlot(buyers_order(places, sale, event, number, self.opens), self.tally.add)
            for number in range(sale.processes)
        ]
        self._sweepers = [SweeperSlot(order_of(places, event)) for _ in range(_SWEEPERS)]
        self._all: tuple[BuyersSlot | SweeperSlot, ...] = (*self._sweepers, *self._slots)

    def start(self, go_on: Callable[[], None]) -> None:
        """Start the processes, and what breaks things.

        Args:
            go_on: Called now and then; raises to end the waiting.

        Raises:
            SaleProcessError: One did not come up.
        """
        for slot in self._all:
            go_on()
            slot.fill()
        last = time.monotonic() + _STARTING
        while not all(slot.all[-1].ready.wait(_A_LOOK) for slot in self._slots):
            go_on()
            self.check()
            if time.monotonic() > last:
                raise SaleProcessError(f"the processes of buyers were not there within {_STARTING:g} s")
        self.breaking.start()

    def now(self) -> float:
        """Return the seconds since the opening, negative before it."""
        return time.monotonic() - self.opens

    def is_quiet(self) -> bool:
        """Whether nobody has got a seat for so long that nobody will: all have what they want."""
        return self.now() - max(self.tally.last_grant, self._sale.duration) > self._sale.ttl + _QUIET

    def check(self) -> None:
        """Raise what went wrong behind the scenes.

        Raises:
            SaleProcessError: A process of the sale ended by itself.
            TicketctlError: Something could not be broken or mended.
        """
        if self.breaking.error is not None:
            raise self.breaking.error
        for slot in self._all:
            slot.check()

    def look(self, seen: SeatMap | None) -> Look:
        """Return how the sale stands, and keep it.

        Args:
            seen: The seats, None if nobody could be asked.
        """
        now, last = self.now(), self.tally.last()
        if seen is not None:
            self._letters = seen.letters
            self.maps.add(now, seen.letters)
        return Look(
            now,
            self.tally.counts(),
            last.counts.total(),
            last.wait(0.5),
            last.wait(0.99),
            self._letters,
            tuple(self._broken.values()),
        )

    def finish(self, go_on: Callable[[], None]) -> None:
        """Tell everybody that the sale is over, and wait for them.

        Raises:
            SaleProcessError: A process did not end in order.
        """
        self.breaking.stop()
        self.check()
        for slot in self._slots:
            slot.close()
        for slot in self._slots:
            slot.finish(go_on)

    def end(self) -> None:
        """End everything at once; mend what is broken first."""
        self.breaking.stop()
        for slot in self._all:
            slot.kill()

    @property
    def answers(self) -> list[Answered]:
        """What buyers were told."""
        return [answer for slot in self._slots for process in slot.all for answer in process.answers]

    @property
    def unknown(self) -> set[str]:
        """Holds of which an answer was lost."""
        return {hold_id for slot in self._slots for process in slot.all for hold_id in process.unknown}

    def _fault(self, due: Planned) -> Fault:
        slot = self._slots[due.target % len(self._slots)]
        if due.name == "buyers-killed":
            return Killed(slot)
        if due.name == "buyers-stopped":
            return Stopped(slot)
        if due.name == "clocks-wrong":
            return WrongClock(slot, _AN_HOUR if due.target % 2 else -_AN_HOUR)
        if due.name == "sweeper-killed":
            return Killed(self._sweepers[due.target % len(self._sweepers)])
        return self._servers.fault(due.name)

    def _note(self, broken: Broken) -> None:
        if broken.mended is None:
            self._broken[broken.name] = broken
        else:
            self._broken.pop(broken.name, None)
        self._show(broken)
