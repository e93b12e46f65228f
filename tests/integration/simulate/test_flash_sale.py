"""A sale is held on a real stack whose servers break, and judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from integration.simulate.sales import SIMULATE, SMALL, check, remains
from live_stack import LiveStack

pytestmark = pytest.mark.integration


def test_a_sale_is_right_while_servers_and_buyers_break(stack: LiveStack, tmp_path: Path) -> None:
    before = remains(stack)
    report = tmp_path / "sale.html"
    done = stack.start(
        *SIMULATE,
        *("--seats", "300", "--buyers", "600", "--processes", "3", "--duration", "20"),
        *("--faults", "redis-flushed,mysql-restarted,buyers-killed", "--report", str(report), "--json"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["ok"], told["wrong"], told["seats"], told["sold"]) == (True, [], 300, 300)
    assert told["doubles"] == told["violations"] == []
    assert told["refusals"]["count"] > 0
    assert {outage["broken"]["name"] for outage in told["outages"]} == {
        "redis-flushed",
        "mysql-restarted",
        "buyers-killed",
    }
    page = report.read_text()
    assert "300 of 300 seats sold" in page
    assert [path.name for path in tmp_path.iterdir()] == ["sale.html"]
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"Began", "Opening", "Look", "Broken"} == {event["event"] for event in events}
    check(stack, before)


@pytest.mark.parametrize("way", ["read-then-write", "redis-only", "no-predicate", "lock-then-plain-read"])
def test_a_wrong_way_to_sell_is_caught(stack: LiveStack, way: str) -> None:
    done = stack.start(
        *SIMULATE,
        *("--seats", "300", "--buyers", "900", "--processes", "3", "--duration", "8", "--unsafe", way, "--json"),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert not told["ok"]
    assert told["doubles"], told["verdict"]
    for double in told["doubles"]:
        assert len({hold["hold_id"] for hold in double["holds"]}) > 1
        bought = [line for line in double["history"] if "-> BOOKED" in line]
        assert len(bought) > 1, double
    assert f"{len(told['doubles'])} seat" in told["verdict"]


def test_what_is_said_stands_in_lines_where_there_is_no_terminal(stack: LiveStack) -> None:
    done = stack.start(*SIMULATE, *SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Right: 60 of 60 seats sold to ")
    assert "again     ticketctl simulate flash-sale --seats 60 --buyers 120" in done.stdout
    said = [line.split(" ", 1)[1] for line in done.stderr.splitlines()]
    assert said[0] == "simulate: make an event of 60 seats"
    assert said[1] == "simulate: sell to 120 buyers in 2 processes for 6 s"
    assert said[-1] == "simulate: remove the event"
    assert not any("\x1b" in line for line in said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--faults", "redis-molten"), "no fault is called redis-molten"),
        (("--unsafe", "read-then-write", "--via", "http"), "sells in no unsafe way"),
        (("--report", "/nowhere/at/all.html"), "cannot be written"),
        (("--report", "/"), "is a directory"),
        (("--seats", "0"), "--seats"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_done(stack: LiveStack, options: tuple[str, ...], said: str) -> None:
    done = stack.start(*SIMULATE, *options)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_project_without_a_stack_is_told_what_to_do(tmp_path: Path) -> None:
    project = LiveStack.create(tmp_path, "simulate-bare")
    done = project.start(*SIMULATE)
    assert done.returncode == 3
    assert "run `ticketctl up`" in done.stderr
