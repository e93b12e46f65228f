"""Search events: by words, city, category and date.

Filters stand in filter context: they do not count for the score, and the server caches them. A
word may be in the name or in the description, each word has to be in one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings

FACETS = ("city", "category")
FACET_VALUES = 20
MAX_SIZE = 10_000  # what one search may return, the server's `index.max_result_window`

Order = Literal["date", "relevance"]


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What is searched for; an empty query finds everything.

    Attributes:
        text: Words in the name or description; case and accents do not count.
        cities: Any of these, exactly as written in the documents.
        categories: Any of these, exactly as written in the documents.
        start: Earliest date, included; a day means its first second (UTC).
        end: Latest date, included; a day means all of it (UTC).
        size: How many events to return, 0 for the counts alone.
        order: By date, or by how well the words fit.
    """

    text: str = ""
    cities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    size: int = 10
    order: Order = "date"


@dataclass(frozen=True, slots=True)
class Hit:
    """One event that was found.

    Attributes:
        id: Its id in the index.
        score: How well the words fit, None when ordered by date.
        event: The document.
    """

    id: str
    score: float | None
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet and how many of the events found have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Attributes:
        total: How many events fit, exactly.
        took_ms: Milliseconds that the server took.
        hits: The first of them, in the wanted order.
        facets: `city` and `category`: their commonest values among all that fit.
    """

    total: int
    took_ms: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]


def parse_date(text: str) -> date:
    """Return a day, or a moment in UTC.

    Args:
        text: `2026-12-01`, or `2026-12-01T20:00:00Z` with any offset from UTC; without one it is UTC.

    Raises:
        ValueError: It is neither.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is outside of the calendar") from error


def build_query(query: EventQuery) -> dict[str, Any]:
    """Return the body of the search request.

    Args:
        query: What is searched for.

    Raises:
        ValueError: The size is out of range, or the end is before the start.
    """
    if not 0 <= query.size <= MAX_SIZE:
        raise ValueError(f"size must be between 0 and {MAX_SIZE}")
    clauses: dict[str, Any] = {}
    if query.text:
        clauses["must"] = [_words(query.text)]
    if filters := _filters(query):
        clauses["filter"] = filters
    body: dict[str, Any] = {"query": {"bool": clauses} if clauses else {"match_all": {}}}
    order: list[Any] = [{"date": "asc"}, {"eventId": "asc"}]
    body["sort"] = ["_score", *order] if query.order == "relevance" else order
    body["size"] = query.size
    body["track_total_hits"] = True
    body["aggs"] = {facet: {"terms": {"field": facet, "size": FACET_VALUES}} for facet in FACETS}
    return body


def search(settings: SearchSettings, endpoint: ElasticsearchEndpoint, query: EventQuery) -> SearchResult:
    """Search the index behind the alias.

    Args:
        settings: Its alias is searched.
        endpoint: Elasticsearch and an account that may read.
        query: What is searched for.

    Raises:
        ValueError: The query contradicts itself.
        BackendError: Elasticsearch cannot be reached, refuses the account, or has no such index.
    """
    body = build_query(query)
    with translating(endpoint), closing(connect(endpoint)) as client:
        return read_result(client.search(index=settings.alias, body=body).body)


def read_result(answer: Mapping[str, Any]) -> SearchResult:
    """Return the server's answer as a result.

    Args:
        answer: The body of the response.
    """
    hits = answer["hits"]
    aggregations = answer.get("aggregations", {})
    return SearchResult(
        total=hits["total"]["value"],
        took_ms=answer["took"],
        hits=tuple(Hit(hit["_id"], hit["_score"], hit.get("_source", {})) for hit in hits["hits"]),
        facets={
            facet: tuple(FacetValue(bucket["key"], bucket["doc_count"]) for bucket in aggregations[facet]["buckets"])
            for facet in FACETS
            if facet in aggregations
        },
    )


def _words(text: str) -> dict[str, Any]:
    return {
        "multi_match": {
            "query": text,
            "fields": ["name^3", "description"],
            "type": "cross_fields",
            "operator": "and",
        }
    }


def _filters(query: EventQuery) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if query.cities:
        filters.append({"terms": {"city": list(query.cities)}})
    if query.categories:
        filters.append({"terms": {"category": list(query.categories)}})
    if dates := _date_range(query.start, query.end):
        filters.append({"range": {"date": dates}})
    return filters


def _date_range(start: date | None, end: date | None) -> dict[str, str]:
    first = _first_second(start) if start else None
    last = _last_second(end) if end else None
    if first and last and last < first:
        raise ValueError(f"the end {end} is before the start {start}")
    return {name: _in_mapping_format(moment) for name, moment in (("gte", first), ("lte", last)) if moment}


def _first_second(start: date) -> datetime:
    if not isinstance(start, datetime):
        return datetime.combine(start, time.min, UTC)
    whole = start.replace(microsecond=0)
    return whole if whole == start else whole + timedelta(seconds=1)


def _last_second(end: date) -> datetime:
    moment = end if isinstance(end, datetime) else datetime.combine(end, time.max, UTC)
    return moment.replace(microsecond=0)


def _in_mapping_format(moment: datetime) -> str:
    """Return a moment as the mapping's `yyyy-MM-dd'T'HH:mm:ss'Z'`: UTC, whole seconds."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
