"""`docs/explanation/lock-safety.md` names tests that exist, and the numbers that the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ticketctl.locks._arguments import MOST_FENCE
from ticketctl.locks._lease import DRIFT
from ticketctl.locks._renewal import PARTS
from ticketctl.locks._room import POLL, RETRY
from ticketctl.locks._scripts import CLAIM, FENCE_LIFETIME
from ticketctl.locks._server import memory_problem

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "explanation" / "lock-safety.md"
TESTS = ("tests/conformance/locks", "tests/integration/locks")


def test_every_test_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    text = "\n".join(path.read_text(encoding="utf-8") for folder in TESTS for path in (ROOT / folder).glob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)\(", text, re.MULTILINE))
    assert len(named) > 20
    assert named <= there


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (f"{DRIFT:.0%} of the lease is not used".replace("%", " %"), DRIFT),
        (f"to the next process in the queue for {CLAIM:g} s", CLAIM),
        (f"| one claim, {CLAIM:g} s", CLAIM),
        (f"| {POLL:g} s, until its receiver looks by itself", POLL),
        (f"a question every {POLL * 0.85:.1f} to {POLL:g} s", POLL),
        (f"asked again every {RETRY:g} s", RETRY),
        (f"kept for {FENCE_LIFETIME / 3600:g} h after each grant", FENCE_LIFETIME),
        ({3: "renewed when a third of it is over"}.get(PARTS), PARTS),
        ({12: "is repeated\n  after a twelfth"}.get(PARTS * 4), PARTS),
        ({2**53 - 1: "below 2**53"}.get(MOST_FENCE), MOST_FENCE),
    ],
)
def test_every_number_is_that_of_the_code(said: str | None, meant: float) -> None:
    assert said is not None, f"the page has another number than {meant}"
    assert said in PAGE.read_text(encoding="utf-8")


def test_the_setting_that_it_asks_for_is_the_one_that_is_checked() -> None:
    assert memory_problem(b"maxmemory:1\r\nmaxmemory_policy:noeviction\r\n", "seat") is None
    assert memory_problem(b"maxmemory:1\r\nmaxmemory_policy:volatile-ttl\r\n", "seat") is not None
    assert "**`maxmemory-policy noeviction`**" in PAGE.read_text(encoding="utf-8")


def test_the_pages_of_this_project_that_it_links_to_are_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8")) if "://" not in link]
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
