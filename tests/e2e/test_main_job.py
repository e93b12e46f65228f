"""The main job on the real stack: from nothing to healthy, again, after a reset, in CI, and without Docker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from integration.migrate.departures import unplanned
from integration.migrate.specification import DATABASES
from live_stack import LiveStack
from ticketctl.provision.search.status import status as index_status

STEPS = ["up", "migrate", "index", "health"]


def states(report: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {step["name"]: step["state"] for step in report["steps"]}


def assert_is_as_specified(live: LiveStack) -> None:
    """The live mapping is the specification's; so are the schemas, but for what is meant to depart from it."""
    for key in DATABASES:
        assert unplanned(live.endpoints.mysql[key], key) == []
    search = index_status(live.root, live.project.settings.search, live.endpoints.elasticsearch)
    assert search.ok, search


def test_a_second_run_changes_nothing_and_says_so(stack: LiveStack) -> None:
    assert set(states(stack.json("bootstrap")).values()) == {"unchanged"}
    assert "everything was up already; nothing changed" in stack.run("bootstrap")


def test_the_running_stack_is_as_specified(stack: LiveStack) -> None:
    assert_is_as_specified(stack)


def test_no_password_stands_in_any_output(stack: LiveStack) -> None:
    secrets = [
        line.split("=", 1)[1]
        for line in (stack.root / "compose" / ".env").read_text().splitlines()
        if "PASSWORD=" in line or "HASH_KEY=" in line
    ]
    commands = (
        "bootstrap",
        "status --json",
        "config show",
        "logs",
        "up --dry-run",
        "health --json",
        "doctor",
        "images list",
    )

    printed = "".join(done.stdout + done.stderr for done in (stack.start(*line.split()) for line in commands))

    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in printed] == []


def test_ci_gets_junit_a_summary_and_the_form_of_github(stack: LiveStack, tmp_path: Path) -> None:
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    done = LiveStack(stack.root, {**stack.environ, **github}).start("bootstrap", "--ci")

    assert done.returncode == 0, done.stderr
    suite = ElementTree.parse(stack.root / "ticketctl-bootstrap.xml").getroot()[0]
    assert [case.get("name") for case in suite] == STEPS
    assert states(json.loads((stack.root / "ticketctl-bootstrap.json").read_text())).keys() == set(STEPS)
    assert "| migrate | nothing to change |" in (tmp_path / "summary.md").read_text()
    assert "::group::migrate" in done.stderr


def external(live: LiveStack) -> dict[str, str]:
    """The settings that name a running stack's backends, as a job with service containers would."""
    endpoints = live.endpoints
    mysql, redis, search = next(iter(endpoints.mysql.values())), endpoints.redis, endpoints.elasticsearch
    return {
        "TICKETCTL_RUNTIME": "external",
        "TICKETCTL_MYSQL__PORT": str(mysql.port),
        "TICKETCTL_MYSQL__USER": mysql.user,
        "TICKETCTL_MYSQL__PASSWORD": mysql.password.reveal(),
        "TICKETCTL_REDIS__PORT": str(redis.port),
        "TICKETCTL_REDIS__USER": redis.user,
        "TICKETCTL_REDIS__PASSWORD": redis.password.reveal(),
        "TICKETCTL_ELASTICSEARCH__URL": search.url,
        "TICKETCTL_ELASTICSEARCH__USER": search.user,
        "TICKETCTL_ELASTICSEARCH__PASSWORD": search.password.reveal(),
    }


def test_without_docker_everything_else_works(stack: LiveStack, tmp_path: Path) -> None:
    """No engine can be reached, and nothing asks for one."""
    outside = LiveStack.create(tmp_path, "external", {**external(stack), "DOCKER_HOST": "unix:///nowhere.sock"})

    report = outside.json("bootstrap")

    assert states(report) == {"migrate": "unchanged", "index": "unchanged", "health": "unchanged"}
    refused = outside.start("up")
    assert refused.returncode == 3
    assert "the backends run elsewhere" in refused.stderr
    assert not (outside.root / "compose" / ".env").exists()


def test_a_wrong_password_is_one_screen(stack: LiveStack, tmp_path: Path) -> None:
    settings = external(stack) | {"TICKETCTL_MYSQL__PASSWORD": "not-the-password"}
    outside = LiveStack.create(tmp_path, "wrong", settings)

    done = outside.start("bootstrap")

    assert done.returncode == 4
    assert "TKT-302" in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "not-the-password" not in done.stdout + done.stderr


@pytest.fixture
def split(tmp_path: Path) -> Iterator[LiveStack]:
    live = LiveStack.create(tmp_path, "split", {"TICKETCTL_MYSQL__TOPOLOGY": "split"})
    yield live
    live.remove()


def test_three_servers_serve_as_well_as_one_and_a_reset_begins_anew(split: LiveStack) -> None:
    assert states(split.json("bootstrap")) == {
        "up": "changed",
        "migrate": "changed",
        "index": "changed",
        "health": "unchanged",
    }
    assert_is_as_specified(split)
    assert len({endpoint.port for endpoint in split.endpoints.mysql.values()}) == 3

    refused = split.start("reset")
    assert refused.returncode == 2
    assert "bookings_db" in refused.stderr
    assert split.start("status").returncode == 0

    split.run("reset", "--yes")
    assert states(split.json("bootstrap"))["migrate"] == "changed"
    assert_is_as_specified(split)
