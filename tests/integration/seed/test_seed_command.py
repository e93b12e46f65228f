"""`ticketctl seed` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integration.seed.command import Command
from integration.seed.house import House
from ticketctl.errors import ExitCode

pytestmark = pytest.mark.integration


def test_without_options_one_event_with_a_thousand_seats_is_added(house: House, command: Command) -> None:
    done = command()

    assert done.returncode == ExitCode.DONE, done.stderr
    assert done.stdout.splitlines()[0].startswith("1 event with 1,000 seats in ")
    assert "seed: seats written 1000/1000" in done.stderr
    assert [row[4:6] for row in house.events()] == [(1_000, 1_000)]
    assert house.count("inventory", "seats") == 1_000


def test_a_dry_run_prints_the_plan(house: House, command: Command) -> None:
    done = command("--dry-run", "--events", "2", "--seats", "30")

    assert done.returncode == ExitCode.DONE, done.stderr
    assert done.stdout.splitlines()[:3] == [
        "seed 1: add 2 events with 30 seats each",
        "events  ids 1 to 2, if nobody else adds one before",
        "seats   ids 1 to 60, if nobody else adds one before",
    ]
    assert house.count("events", "events") == 0


def test_json_is_one_document_and_progress_is_lines(house: House, command: Command) -> None:
    done = command("--json", "--events", "3", "--seats", "20", "--seed", "5")

    document = json.loads(done.stdout)
    assert (document["dry_run"], document["seed"], document["seats"]) == (False, 5, 60)
    assert [(one["event_id"], one["name"], one["status"]) for one in document["events"]] == [
        (row[0], row[1], row[6]) for row in house.events()
    ]
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["StepStarted", "Progress", "StepFinished"]
    assert (lines[1]["done"], lines[1]["total"]) == (60, 60)
    assert lines[2]["outcome"] == "changed"


def test_a_reader_may_leave_after_the_first_line(house: House, command: Command) -> None:
    with command.started("--events", "3", "--seats", "10") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.stdout.close()
        code = process.wait(60)

    assert first.startswith("3 events with 30 seats in ")
    assert code == ExitCode.DONE
    assert house.count("inventory", "seats") == 30


def test_tables_that_are_missing_name_the_command_that_makes_them(own_house: House, tmp_path: Path) -> None:
    own_house.ask("inventory", "DROP TABLE seats")

    done = Command.of(own_house, tmp_path)()

    assert done.returncode == ExitCode.FAILED
    assert "TKT-305" in done.stderr
    assert "ticketctl migrate apply" in done.stderr
    assert own_house.count("events", "events") == 0


def test_a_server_that_is_not_there_is_exit_4(command: Command) -> None:
    nowhere = Command(command.root, {**command.environ, "TICKETCTL_MYSQL__PORT": "1"})

    done = nowhere("--dry-run")

    assert done.returncode == ExitCode.UNREACHABLE
    assert "TKT-301" in done.stderr
