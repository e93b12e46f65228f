"""What is on sale, and where its seats are: read often, changed rarely."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from booking_service.connection import Cursor
from booking_service.database import Database
from booking_service.shared import Shared
from ticketctl.reservations import AsyncReservations

_MOST_EVENTS = 200
_FACTS = "event_id, event_name, event_date, venue_name, total_seats, status, sale_start_time"
_ON_SALE = f"SELECT {_FACTS} FROM events WHERE status = 'ON_SALE' ORDER BY event_date, event_id LIMIT {_MOST_EVENTS}"  # noqa: S608  # constants
_EVENT = f"SELECT {_FACTS} FROM events WHERE event_id = %s"  # noqa: S608  # constants
_SEATS = (
    "SELECT seat_id, section, `row_number`, row_position, seat_number, seat_type, price"
    " FROM seats WHERE event_id = %s ORDER BY seat_id"
)
_EVENTS_SECONDS = 1.0
_PLACES_SECONDS = 5.0
_MAP_SECONDS = 0.25


class Event(NamedTuple):
    """An event.

    Attributes:
        event_id: Its id.
        name: What it is called.
        date: When it begins, UTC.
        venue: Where.
        seats: How many there are.
        status: `UPCOMING`, `ON_SALE`, `SOLD_OUT` or `CANCELLED`.
        sale_starts: Since when seats are sold, UTC.
    """

    event_id: int
    name: str
    date: datetime
    venue: str | None
    seats: int
    status: str
    sale_starts: datetime | None

    def document(self) -> dict[str, object]:
        """Return it as clients are told of it."""
        return {
            "event": self.event_id,
            "name": self.name,
            "date": f"{self.date.isoformat()}Z",
            "venue": self.venue,
            "seats": self.seats,
            "status": self.status,
            "sale_starts": None if self.sale_starts is None else f"{self.sale_starts.isoformat()}Z",
        }


class Picture(NamedTuple):
    """The state of all seats of an event, as it is sent.

    Attributes:
        body: The document.
        packed: The same, compressed.
        tag: What tells it from another one.
    """

    body: bytes
    packed: bytes
    tag: str


class Catalogue:
    """Events, places and maps; each question of many clients is one question to the servers.

    Args:
        events: The events database.
        inventory: The inventory database.
        seats: Knows the state of seats.
    """

    def __init__(self, events: Database, inventory: Database, seats: AsyncReservations) -> None:
        self._events = events
        self._inventory = inventory
        self._seats = seats
        self._on_sale: Shared[None, tuple[Event, ...]] = Shared(self._find_on_sale, _EVENTS_SECONDS)
        self._event: Shared[int, Event | None] = Shared(self._find_event, _EVENTS_SECONDS)
        self._places: Shared[int, list[dict[str, object]]] = Shared(self._find_places, _PLACES_SECONDS, most=32)
        self._map: Shared[int, Picture | None] = Shared(self._find_map, _MAP_SECONDS)

    async def on_sale(self) -> tuple[Event, ...]:
        """Return the events on sale, the next first."""
        return await self._on_sale.get(None)

    async def event(self, event_id: int) -> Event | None:
        """Return an event, None if there is none with that id."""
        return await self._event.get(event_id)

    async def places(self, event_id: int) -> list[dict[str, object]]:
        """Return the seats of an event by rows, in the order of the letters of its map; none if it has none."""
        return await self._places.get(event_id)

    async def map(self, event_id: int) -> Picture | None:
        """Return the state of an event's seats, None if it has none."""
        return await self._map.get(event_id)

    async def _find_on_sale(self, _: None) -> tuple[Event, ...]:
        async def read(cursor: Cursor) -> Sequence[tuple[Any, ...]]:
            await cursor.execute(_ON_SALE)
            return await cursor.fetchall()

        return tuple(Event(*row) for row in await self._events.run(read, "reading the events on sale"))

    async def _find_event(self, event_id: int) -> Event | None:
        async def read(cursor: Cursor) -> Sequence[tuple[Any, ...]]:
            await cursor.execute(_EVENT, (event_id,))
            return await cursor.fetchall()

        return next((Event(*row) for row in await self._events.run(read, "reading an event")), None)

    async def _find_places(self, event_id: int) -> list[dict[str, object]]:
        async def read(cursor: Cursor) -> Sequence[tuple[Any, ...]]:
            await cursor.execute(_SEATS, (event_id,))
            return await cursor.fetchall()

        return in_rows(await self._inventory.run(read, "reading an event's seats"))

    async def _find_map(self, event_id: int) -> Picture | None:
        found = await self._seats.seat_map(event_id)
        return picture(found.letters) if found.letters else None


def in_rows(seats: Sequence[tuple[Any, ...]]) -> list[dict[str, object]]:
    """Return seats by rows: those that follow each other and differ in nothing but their place.

    Args:
        seats: Id, section, row, position, number, type and price of each, in the order of their ids.
    """
    found: list[dict[str, object]] = []
    for (section, row, kind, price), together in groupby(seats, key=lambda seat: (seat[1], seat[2], seat[5], seat[6])):
        members = list(together)
        found.append(
            {
                "section": section or "",
                "row": row or "",
                "type": kind,
                "price": str(price),
                "seats": [seat[0] for seat in members],
                "positions": [_position(seat[3], seat[4]) for seat in members],
            }
        )
    return found


def _position(position: int | None, number: str) -> int:
    """Return the place in the row: by the number that ends what stands on the seat where nobody wrote it down."""
    if position is not None:
        return position
    digits = number[len(number.rstrip("0123456789")) :]
    return int(digits) if digits else 0


def picture(letters: str) -> Picture:
    """Return a map as it is sent.

    Args:
        letters: The state of each seat.
    """
    body = b'{"letters":"' + letters.encode() + b'"}'
    tag = hashlib.blake2b(body, digest_size=8).hexdigest()
    return Picture(body, gzip.compress(body, 1, mtime=0), f'"{tag}"')
