"""`ticketctl seed`: what it takes and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from ticketctl.cli import runner
from ticketctl.cli.render.seed import seeded_text
from ticketctl.errors import ExitCode
from ticketctl.provision.seed.plan import SeededEvent, SeedResult

EVENT = SeededEvent(7, "Nora Vale: Live", "Grand Theatre, Lyon", datetime(2030, 3, 1, 19, 30), "ON_SALE", 1_000)
RESULT = SeedResult(
    dry_run=False,
    seed=1,
    events=(EVENT, replace(EVENT, event_id=12, status="UPCOMING")),
    seats=2_000,
    expected_event_ids=(7, 8),
    expected_seat_ids=(1, 2_000),
    seconds=0.25,
    unfinished=(),
    plan="the plan",
)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--seats", "0"], "--seats"),
        (["--seats", "-5"], "--seats"),
        (["--seats", "ten"], "--seats"),
        (["--seats", "10000001"], "--seats"),
        (["--events", "0"], "--events"),
        (["--events", "-1"], "--events"),
        (["--seed", "spring"], "--seed"),
    ],
)
def test_a_number_that_cannot_be_is_a_usage_error(
    options: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.run(["seed", *options]) == ExitCode.USAGE
    assert named in capsys.readouterr().err


def test_what_was_added_is_shown_with_its_ids() -> None:
    assert seeded_text(RESULT) == (
        "2 events with 2,000 seats in 0.2 s\n"
        "  7   2030-03-01 19:30  ON_SALE   Nora Vale: Live, Grand Theatre, Lyon\n"
        "  12  2030-03-01 19:30  UPCOMING  Nora Vale: Live, Grand Theatre, Lyon"
    )


def test_of_many_events_the_first_are_shown() -> None:
    lines = seeded_text(replace(RESULT, events=(EVENT,) * 1_000)).splitlines()

    assert lines[0].startswith("1,000 events")
    assert len(lines) == 12
    assert lines[-1] == "  and 990 more"


def test_a_dry_run_shows_the_plan() -> None:
    assert seeded_text(replace(RESULT, dry_run=True, events=())) == "the plan"
