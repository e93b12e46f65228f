"""`ticketctl index`: options become a query, results become text."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from ticketctl.cli import runner
from ticketctl.cli.render.index import created_text, result_text, status_text
from ticketctl.errors import ExitCode
from ticketctl.provision.search.create import IndexResult
from ticketctl.provision.search.query import EventQuery, FacetValue, Hit, SearchResult, build_query, parse_date
from ticketctl.provision.search.status import IndexStatus

NAME = "events_v1_0123abcd"
FINE = IndexStatus(
    alias="events",
    wanted=NAME,
    indices=(NAME,),
    documents=12,
    bytes=3 * 1024 * 1024,
    health="green",
    trouble="",
    replicas=0,
    mapping_equal=True,
    differences=(),
    write_blocks=(),
    pending=(),
    conflict="",
)


def test_options_become_the_query_that_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--text", "open air", "--city", "Berlin", "--city", "Bonn", "--category", "concert"]
    options += ["--from", "2026-12-01", "--to", "2026-12-31T20:00:00Z", "--size", "3", "--order", "relevance"]

    assert runner.run(["index", "search", "--show-query", *options]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == build_query(
        EventQuery(
            text="open air",
            cities=("Berlin", "Bonn"),
            categories=("concert",),
            start=parse_date("2026-12-01"),
            end=parse_date("2026-12-31T20:00:00Z"),
            size=3,
            order="relevance",
        )
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "tomorrow"], "write 2026-12-01 or 2026-12-01T20:00:00Z"),
        (["--from", "2026-12-02", "--to", "2026-12-01"], "the end 2026-12-01 is before the start 2026-12-02"),
        (["--size", "10001"], "--size"),
        (["--order", "price"], "--order"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.run(["index", "search", "--show-query", *options]) == ExitCode.USAGE
    assert said in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_a_created_index_is_shown_with_what_was_done() -> None:
    result = IndexResult("events", NAME, True, False, 0, "green", (f"create index {NAME}",), (), (), "", "the plan")

    assert created_text(result) == f"alias events -> index {NAME}\n  create index {NAME}"
    assert created_text(replace(result, actions=())) == f"alias events -> index {NAME}\n  nothing to change"
    assert created_text(replace(result, dry_run=True)) == "the plan"


def test_an_index_whose_shards_do_not_start_is_no_success() -> None:
    result = IndexResult("events", NAME, True, False, 0, "green", (), (), (), "", "the plan")

    assert result.ok
    assert not replace(result, health="red").ok
    assert not replace(result, conflict="taken").ok


def test_a_good_index_is_shown_in_five_lines() -> None:
    assert FINE.ok
    assert status_text(FINE) == (
        f"alias      events -> {NAME}\n"
        "documents  12 (3.0 MiB)\n"
        "health     green\n"
        "replicas   0\n"
        "mapping    equals the file"
    )


def test_a_missing_index_is_shown_with_the_next_command() -> None:
    missing = replace(
        FINE, indices=(), documents=None, bytes=0, health="missing", replicas=None, mapping_equal=False,
        pending=(f"create index {NAME}",),
    )  # fmt: skip

    assert not missing.ok
    assert status_text(missing) == (
        "alias      events -> nothing\n"
        "documents  unknown (0 KiB)\n"
        "health     missing\n"
        "replicas   unknown\n"
        "mapping    missing\n"
        f"to do      create index {NAME}\n"
        "next       ticketctl index create"
    )


def test_differences_blocks_and_conflicts_are_shown() -> None:
    bad = replace(
        FINE,
        health="red",
        trouble="the disk is full",
        mapping_equal=False,
        differences=("properties.city.type: text, the file says keyword",),
        write_blocks=("index.blocks.write",),
        conflict="it is not ours",
    )

    assert not bad.ok
    assert status_text(bad).splitlines()[2:] == [
        "health     red: the disk is full",
        "replicas   0",
        "mapping    differs from the file",
        "           properties.city.type: text, the file says keyword",
        "read-only  index.blocks.write is set",
        "conflict   it is not ours",
        "next       ticketctl index create",
    ]


@pytest.mark.parametrize(
    "change",
    [{"mapping_equal": False}, {"health": "red"}, {"write_blocks": ("x",)}, {"pending": ("x",)}, {"conflict": "x"}],
)
def test_each_trouble_alone_makes_the_answer_negative(change: dict[str, object]) -> None:
    assert not replace(FINE, **change).ok  # type: ignore[arg-type]  # any of its fields


def test_a_yellow_index_is_good_enough() -> None:
    assert replace(FINE, health="yellow").ok


def test_events_are_shown_as_a_table_with_the_facets_below() -> None:
    event = {"name": "[bold]Jazz[/bold]", "city": "Köln", "date": "2026-12-01T20:00:00Z", "availableSeats": 3}
    result = SearchResult(1, 4, (Hit("1", None, event),), {"city": (FacetValue("Köln", 1),), "category": ()})
    console = Console(width=120, record=True, file=io.StringIO())

    console.print(result_text(result))

    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert lines[0].split() == ["date", "name", "city", "venue", "category", "seats"]
    assert lines[1].split() == ["2026-12-01T20:00:00Z", "[bold]Jazz[/bold]", "Köln", "3/?"]
    assert lines[2:] == ["1 event in 4 ms", "city: Köln (1)"]


def test_nothing_found_needs_no_table() -> None:
    console = Console(width=80, record=True, file=io.StringIO())

    console.print(result_text(SearchResult(0, 1, (), {})))

    assert console.export_text().strip() == "0 events in 1 ms"
