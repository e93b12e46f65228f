"""Searches in a live index: words, filters, dates and their edges, facets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from integration.search.catalogue import EVENTS, load
from ticketctl.provision.search.create import create
from ticketctl.provision.search.query import EventQuery, FacetValue, SearchResult, parse_date
from ticketctl.provision.search.query import search as search_index
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings

pytestmark = pytest.mark.integration

Find = Callable[..., SearchResult]


@pytest.fixture
def find(
    root: Path,
    search: SearchSettings,
    admin: Elasticsearch,
    endpoint: ElasticsearchEndpoint,
    reader: ElasticsearchEndpoint,
) -> Find:
    """Search the sample events with the account of a service that may only read."""
    create(root, search, endpoint)
    load(admin, search.alias)
    return lambda **query: search_index(search, reader, EventQuery(**query))


def numbers(result: SearchResult) -> list[int]:
    return [hit.event["eventId"] for hit in result.hits]


def test_everything_is_found_in_the_order_of_its_date(find: Find) -> None:
    result = find()

    assert result.total == len(EVENTS)
    assert numbers(result) == [3, 1, 5, 2, 4]
    assert result.hits[0].event == EVENTS[2]
    assert result.hits[0].score is None


@pytest.mark.parametrize("text", ["cafe", "Café", "CAFÉ", "café"])
def test_accents_and_capitals_do_not_count(find: Find, text: str) -> None:
    assert numbers(find(text=text)) == [1, 2, 4]


def test_umlauts_are_folded_in_both_directions(find: Find) -> None:
    assert numbers(find(text="uber")) == [1]
    assert numbers(find(text="wintér")) == [2]


def test_every_word_has_to_be_found_in_the_name_or_in_the_description(find: Find) -> None:
    assert numbers(find(text="cafe concert")) == [1, 2]
    assert numbers(find(text="jazz opera")) == [2]
    assert numbers(find(text="jazz derby")) == []


def test_by_relevance_the_name_counts_more(find: Find) -> None:
    result = find(text="cafe concert", order="relevance")

    assert numbers(result) == [1, 2]
    scores = [hit.score for hit in result.hits]
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0] > scores[1]


def test_cities_and_categories(find: Find) -> None:
    assert numbers(find(cities=("Berlin",))) == [3, 1]
    assert numbers(find(cities=("Berlin", "Köln"))) == [3, 1, 4]
    assert numbers(find(cities=("berlin",))) == []
    assert numbers(find(categories=("sport",))) == [3, 4]
    assert numbers(find(cities=("Berlin",), categories=("sport",), text="match")) == [3]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("2026-12-01", "2026-12-31", [1, 5, 2], id="first second of the first day to last of the last"),
        pytest.param("2026-12-02", "2026-12-30", [5], id="a day later and earlier"),
        pytest.param("2026-12-01T00:00:00Z", "2026-12-31T23:59:59Z", [1, 5, 2], id="moments are included"),
        pytest.param("2026-12-01T00:00:01Z", "2026-12-31T23:59:58Z", [5], id="a second later and earlier"),
        pytest.param("2026-12-01T02:00:00+02:00", "2026-12-01T02:00:00+02:00", [1], id="another offset from UTC"),
        pytest.param("2026-12-31", None, [2, 4], id="open end"),
        pytest.param(None, "2026-11-30", [3], id="open start"),
        pytest.param(None, "9999-12-31", [3, 1, 5, 2, 4], id="end of the calendar"),
    ],
)
def test_both_ends_of_a_range_belong_to_it(find: Find, start: str | None, end: str | None, expected: list[int]) -> None:
    result = find(start=parse_date(start) if start else None, end=parse_date(end) if end else None)

    assert numbers(result) == expected
    assert result.total == len(expected)


def test_facets_count_what_fits_and_not_what_is_shown(find: Find) -> None:
    result = find(end=parse_date("2026-12-31"), size=0)

    assert result.total == 4
    assert result.hits == ()
    assert result.facets == {
        "city": (FacetValue("Berlin", 2), FacetValue("Hamburg", 1), FacetValue("Wien", 1)),
        "category": (FacetValue("concert", 2), FacetValue("opera", 1), FacetValue("sport", 1)),
    }


@pytest.mark.parametrize("text", ['"', "*", "name:x OR", "\\", "{}", "/[", "a" * 5000])
def test_no_text_can_break_the_query(find: Find, text: str) -> None:
    assert find(text=text).total == 0
