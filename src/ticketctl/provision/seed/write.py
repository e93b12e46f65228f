"""Writing events with their seats: a group at a time, each wholly or not at all.

Events and seats are in two databases, which share no transaction. So an event is first written as one that is to come
and of which nothing can be had; then its seats, in one transaction; then the event gets its status. Whatever ends a run
in between leaves an event that nobody can buy from, and that the next run names.

The creation of a seat is not written to `seat_audit`. The history of a seat begins with the version that the seat
begins with, 0, and these rows would take as long again as the seats themselves.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from ticketctl.errors import BackendError
from ticketctl.provision.seed.database import Database
from ticketctl.provision.seed.plan import STATEMENT, SeededEvent
from ticketctl.provision.seed.programme import Event

_Item = TypeVar("_Item")

_ANNOUNCE = (
    "INSERT INTO events (event_name, event_date, venue_name, total_seats, available_seats, status, sale_start_time)"
    " VALUES (%s, %s, %s, %s, 0, 'UPCOMING', %s)"
)
_OPEN = "UPDATE events SET status = %s, available_seats = total_seats WHERE event_id = %s"
_TAKE_BACK = "DELETE FROM events WHERE event_id IN %s AND status = 'UPCOMING' AND available_seats = 0"
# What is left out is what a seat begins with: AVAILABLE, version 0, held by nobody.
_SEATS = "INSERT INTO seats (event_id, seat_number, section, `row_number`, row_position, seat_type, price) VALUES "
_SEAT = "(%s, %s, %s, %s, %s, %s, %s)"


class Stopped(Exception):  # noqa: N818  # nothing is wrong: somebody asked for it
    """The run was asked to stop, and has kept nothing of the group that it was at."""


class Writer:
    """Writes groups of events.

    Args:
        events: The events database.
        inventory: The inventory database.
        is_stopped: Asked before each statement whether to go on.
        written: Told after each statement how many seats it has inserted.

    Attributes:
        begun: Ids of the events that are in the database without being finished.
    """

    def __init__(
        self,
        events: Database,
        inventory: Database,
        *,
        is_stopped: Callable[[], bool],
        written: Callable[[int], None],
    ) -> None:
        self._events = events
        self._inventory = inventory
        self._is_stopped = is_stopped
        self._written = written
        self.begun: tuple[int, ...] = ()

    def write(self, group: Sequence[Event]) -> tuple[SeededEvent, ...]:
        """Write events with all their seats, and return them. After an error the writer is of no further use.

        The seats of an event get ascending ids in the order of the house, without a gap unless others add seats in
        the same moment.

        Args:
            group: The events.

        Raises:
            Stopped: It was asked to stop; nothing is left of the group.
            BackendError: A server refuses or is gone; what is left of the group is in `begun`.
        """
        self._announce(group)
        try:
            self._fill(group)
        except BaseException:
            self._take_back()
            raise
        self._inventory.commit()
        self._open(group)
        ids, self.begun = self.begun, ()
        return tuple(
            SeededEvent(event_id, event.name, event.venue, event.event_date, event.status, event.seats)
            for event_id, event in zip(ids, group, strict=True)
        )

    def _announce(self, group: Sequence[Event]) -> None:
        ids = tuple(
            self._events.send(_ANNOUNCE, event.name, event.event_date, event.venue, event.seats, event.sale_start_time)
            for event in group
        )
        self.begun = ids
        self._events.commit()

    def _fill(self, group: Sequence[Event]) -> None:
        seats = (seat for event_id, event in zip(self.begun, group, strict=True) for seat in _seats(event_id, event))
        # The driver quotes the values of a statement for a fifth of the time that the server needs for it.
        with contextlib.closing(one_ahead(self._statements(seats))) as statements:
            for statement, count in statements:
                if self._is_stopped():
                    raise Stopped
                self._inventory.send_prepared(statement)
                self._written(count)

    def _statements(self, seats: Iterator[tuple[object, ...]]) -> Iterator[tuple[str, int]]:
        while rows := list(islice(seats, STATEMENT)):
            values = [value for row in rows for value in row]
            yield self._inventory.prepared(_SEATS + ", ".join([_SEAT] * len(rows)), *values), len(rows)

    def _take_back(self) -> None:
        """Remove what was announced; where that cannot be done, it stays in `begun`."""
        self._inventory.abandon()
        with contextlib.suppress(BackendError):
            self._events.send(_TAKE_BACK, self.begun)
            self._events.commit()
            self.begun = ()

    def _open(self, group: Sequence[Event]) -> None:
        for event_id, event in zip(self.begun, group, strict=True):
            self._events.send(_OPEN, event.status, event_id)
        self._events.commit()


def one_ahead(items: Iterator[_Item]) -> Generator[_Item, None, None]:
    """Yield items, each made by another thread while the caller works on the one before.

    Args:
        items: Makes them.
    """
    with ThreadPoolExecutor(1) as maker:
        nothing = object()
        coming = maker.submit(next, items, nothing)
        while (item := coming.result()) is not nothing:
            coming = maker.submit(next, items, nothing)
            yield item  # type: ignore[misc]  # it is not `nothing`


def _seats(event_id: int, event: Event) -> Iterator[tuple[object, ...]]:
    for row in event.rows():
        for position in range(1, row.seats + 1):
            number = f"{row.code}-{position}"
            yield event_id, number, row.section, row.name, position, row.seat_type, row.price
