"""Events to search in."""

from __future__ import annotations

from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk


def event(number: int, name: str, city: str, category: str, date: str, *, description: str) -> dict[str, Any]:
    """One event as the indexer writes it."""
    return {
        "eventId": number,
        "name": name,
        "city": city,
        "venue": f"Hall {number}",
        "category": category,
        "date": date,
        "minPrice": 20.0,
        "maxPrice": 90.5,
        "availability": "ON_SALE",
        "availableSeats": 10 * number,
        "totalSeats": 100,
        "description": description,
        "tags": ["new"],
    }


EVENTS = (
    event(
        1, "Café Über: a concert", "Berlin", "concert", "2026-12-01T00:00:00Z", description="Chansons for the evening"
    ),
    event(
        2, "Winter Jazz", "Hamburg", "concert", "2026-12-31T23:59:59Z", description="A concert in the café of the opera"
    ),
    event(3, "Derby", "Berlin", "sport", "2026-11-30T23:59:59Z", description="The match of the year"),
    event(
        4, "New Year's Swim", "Köln", "sport", "2027-01-01T00:00:00Z", description="Cold, short, followed by café crème"
    ),
    event(5, "The Magic Flute", "Wien", "opera", "2026-12-15T19:30:00Z", description="Opera in two acts"),
)


def load(client: Elasticsearch, index: str) -> None:
    """Write the events through an alias, so that they can be searched when this returns."""
    actions = ({"_index": index, "_id": str(item["eventId"]), "_source": item} for item in EVENTS)
    bulk(client, actions, refresh=True, require_alias=True)
