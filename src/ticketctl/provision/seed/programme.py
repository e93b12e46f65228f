"""What is on: names, venues, dates and the beginning of the sale, by a seed. Pure.

An event is known by its number: with one seed, event 3 is the same event in each database and in each run, however
many are made at a time. Its dates count from a given day, because an event of the past is of no use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Literal

from ticketctl.provision.seed.venue import Row, house, kind_of

Status = Literal["UPCOMING", "ON_SALE"]

_ACTS = (
    "The Paper Lanterns", "Nora Vale", "Harbour Light Orchestra", "Kestrel & Crow", "The Midnight Ferries",
    "Ada Lindqvist", "Tomas Reyes Quartet", "The Glasshouse", "Marigold Choir", "Static Garden", "Ines Okafor",
    "The Long Way Home", "Copper Street Band", "Yuki Tanabe", "The Winter Almanac", "Saltwater Saints",
)  # fmt: skip
_TITLES = (
    "Live", "World Tour", "One Night Only", "Unplugged", "The Farewell Concert", "Summer Nights", "In Concert",
    "The Anniversary Show", "Late Show", "New Year's Gala",
)  # fmt: skip
_CITIES = ("Berlin", "Lisbon", "Leeds", "Lyon", "Gdansk", "Graz", "Porto", "Aarhus", "Ghent", "Turin", "Bergen", "Cork")
_HOUSES = {
    "club": ("The Cellar", "Blue Door", "Pier 9", "The Loft"),
    "theatre": ("Grand Theatre", "City Playhouse", "Royal Concert Hall", "Old Exchange Theatre"),
    "arena": ("Riverside Arena", "Northgate Arena", "Harbour Dome"),
    "stadium": ("Olympic Stadium", "Meadow Park Stadium", "Union Field"),
}
_STARTS = (time(19, 0), time(19, 30), time(20, 0))
_SALE_OPENS = time(10, 0)
_NOT_YET_ON_SALE = 4  # every so many events one, never the first


@dataclass(frozen=True, slots=True)
class Event:
    """An event that does not exist yet.

    Attributes:
        number: Which event of its seed it is, from 0.
        name: Who plays what.
        venue: Where.
        event_date: When it begins (UTC).
        sale_start_time: From when seats are sold (UTC).
        status: What it is when its seats are there.
        seats: How many there are.
        seed: Chooses its venue as well.
    """

    number: int
    name: str
    venue: str
    event_date: datetime
    sale_start_time: datetime
    status: Status
    seats: int
    seed: int

    def rows(self) -> tuple[Row, ...]:
        """Its seats by rows, in the order of the house."""
        return house(self.seats, _random(self.seed, self.number, "house"))


def event(number: int, seats: int, *, seed: int, today: date) -> Event:
    """Return an event of a seed.

    Args:
        number: Which, from 0.
        seats: How many seats it has.
        seed: Chooses everything else.
        today: The day that its dates count from.
    """
    random = _random(seed, number, "event")
    ahead = number % _NOT_YET_ON_SALE == _NOT_YET_ON_SALE - 1
    days = random.randint(1, 14)
    return Event(
        number=number,
        name=f"{random.choice(_ACTS)}: {random.choice(_TITLES)}",
        venue=f"{random.choice(_HOUSES[kind_of(seats).name])}, {random.choice(_CITIES)}",
        event_date=datetime.combine(today + timedelta(random.randint(20, 300)), random.choice(_STARTS)),
        sale_start_time=datetime.combine(today + timedelta(days if ahead else -days), _SALE_OPENS),
        status="UPCOMING" if ahead else "ON_SALE",
        seats=seats,
        seed=seed,
    )


def _random(seed: int, number: int, part: str) -> Random:
    # A text is hashed in the same way by every version of Python.
    return Random(f"ticketctl {seed} {number} {part}")  # noqa: S311  # nothing is kept secret with it
