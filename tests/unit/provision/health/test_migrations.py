"""The verdict on the migrations of a database."""

from __future__ import annotations

import pytest

from ticketctl.provision.health.migrations import judge
from ticketctl.provision.migrate.planning.results import DatabaseStatus, MigrationStatus, StatusState


def database(*states: StatusState) -> DatabaseStatus:
    lines = tuple(MigrationStatus(f"00{number}", state) for number, state in enumerate(states, start=1))
    return DatabaseStatus("events", "events_db", True, lines)


def test_at_head() -> None:
    assert judge(database("applied", "applied")).level == "ok"
    assert judge(database()).level == "ok"


def test_pending_names_the_first_and_the_command() -> None:
    verdict = judge(database("applied", "pending", "pending", "pending", "pending"))
    assert (verdict.level, verdict.detail) == ("fail", "4 pending: 002, 003, 004 and 1 more")
    assert "migrate apply" in verdict.next_step


@pytest.mark.parametrize("state", ["edited", "in doubt", "rolling back"])
def test_what_applying_does_not_cure_is_not_advised_to_be_applied(state: StatusState) -> None:
    verdict = judge(database("applied", state, "pending"))
    assert verdict.level == "fail"
    assert "migrate status" in verdict.next_step


def test_a_run_that_was_killed_goes_on() -> None:
    verdict = judge(database("partial"))
    assert (verdict.level, "goes on" in verdict.next_step) == ("fail", True)


def test_a_file_that_is_gone_is_a_warning() -> None:
    verdict = judge(database("applied", "missing"))
    assert (verdict.level, "002" in verdict.detail) == ("warn", True)
