"""Queries as JSON, dates and their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from ticketctl.provision.search.query import EventQuery, FacetValue, Hit, build_query, parse_date, read_result


def clauses(query: EventQuery) -> dict[str, Any]:
    built: dict[str, Any] = build_query(query)["query"]["bool"]
    return built


def test_an_empty_query_finds_everything_and_counts_the_facets() -> None:
    assert build_query(EventQuery()) == {
        "query": {"match_all": {}},
        "sort": [{"date": "asc"}, {"eventId": "asc"}],
        "size": 10,
        "track_total_hits": True,
        "aggs": {
            "city": {"terms": {"field": "city", "size": 20}},
            "category": {"terms": {"field": "category", "size": 20}},
        },
    }


def test_words_are_searched_in_name_and_description() -> None:
    assert clauses(EventQuery(text="open air")) == {
        "must": [
            {
                "multi_match": {
                    "query": "open air",
                    "fields": ["name^3", "description"],
                    "type": "cross_fields",
                    "operator": "and",
                }
            }
        ]
    }


def test_city_category_and_dates_stand_in_filter_context() -> None:
    query = EventQuery(
        cities=("Berlin", "Köln"), categories=("concert",), start=date(2026, 12, 1), end=date(2026, 12, 31)
    )

    assert clauses(query) == {
        "filter": [
            {"terms": {"city": ["Berlin", "Köln"]}},
            {"terms": {"category": ["concert"]}},
            {"range": {"date": {"gte": "2026-12-01T00:00:00Z", "lte": "2026-12-31T23:59:59Z"}}},
        ]
    }


def test_one_bound_alone_is_enough() -> None:
    assert clauses(EventQuery(start=date(2026, 12, 1))) == {
        "filter": [{"range": {"date": {"gte": "2026-12-01T00:00:00Z"}}}]
    }
    assert clauses(EventQuery(end=date(9999, 12, 31))) == {
        "filter": [{"range": {"date": {"lte": "9999-12-31T23:59:59Z"}}}]
    }


def test_parts_of_a_second_do_not_let_an_event_slip_in() -> None:
    moment = datetime(2026, 12, 1, 20, 0, 0, 500_000, UTC)

    assert clauses(EventQuery(start=moment))["filter"][0]["range"]["date"] == {"gte": "2026-12-01T20:00:01Z"}
    assert clauses(EventQuery(end=moment))["filter"][0]["range"]["date"] == {"lte": "2026-12-01T20:00:00Z"}


def test_relevance_comes_before_the_date_when_it_is_wanted() -> None:
    assert build_query(EventQuery(text="jazz", order="relevance"))["sort"] == [
        "_score",
        {"date": "asc"},
        {"eventId": "asc"},
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (EventQuery(size=-1), "size must be between 0 and 10000"),
        (EventQuery(size=10_001), "size must be between 0 and 10000"),
        (
            EventQuery(start=date(2026, 12, 2), end=date(2026, 12, 1)),
            "the end 2026-12-01 is before the start 2026-12-02",
        ),
    ],
)
def test_a_query_that_contradicts_itself_is_refused(query: EventQuery, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        build_query(query)


def test_a_day_may_be_its_own_range() -> None:
    day = date(2026, 12, 1)

    assert clauses(EventQuery(start=day, end=day))["filter"][0]["range"]["date"] == {
        "gte": "2026-12-01T00:00:00Z",
        "lte": "2026-12-01T23:59:59Z",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2026-12-01T20:00:00Z", datetime(2026, 12, 1, 20, tzinfo=UTC)),
        ("2026-12-01T20:00", datetime(2026, 12, 1, 20, tzinfo=UTC)),
        ("2026-12-01T20:00:00+02:00", datetime(2026, 12, 1, 20, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_dates_are_days_or_moments(text: str, expected: date) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "0001-01-01T00:00:00+02:00"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_date(text)


def test_the_answer_is_read_into_hits_and_facets() -> None:
    answer = {
        "took": 3,
        "hits": {"total": {"value": 7}, "hits": [{"_id": "1", "_score": None, "_source": {"name": "Jazz"}}]},
        "aggregations": {"city": {"buckets": [{"key": "Berlin", "doc_count": 7}]}, "category": {"buckets": []}},
    }

    result = read_result(answer)

    assert (result.total, result.took_ms) == (7, 3)
    assert result.hits == (Hit("1", None, {"name": "Jazz"}),)
    assert result.facets == {"city": (FacetValue("Berlin", 7),), "category": ()}
