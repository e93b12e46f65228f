"""constraints.txt pins what pyproject.toml asks for, with hashes, and names no index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)(?:\[[^]]*\])?==(?P<version>\S+)(?P<rest>(?:[^\n]*\\\n)+[^\n]*)", re.MULTILINE
)
PINS = {canonicalize_name(match["name"]): match for match in PIN.finditer(TEXT)}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED = [
    Requirement(line)
    for line in (
        *PROJECT["project"]["dependencies"],
        *(line for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines),
        *PROJECT["build-system"]["requires"],
        "editables",  # what an editable install needs besides, as no build environment is made for it
    )
]


@pytest.mark.parametrize("requirement", WANTED, ids=str)
def test_every_dependency_is_pinned_to_a_version_that_fits(requirement: Requirement) -> None:
    pin = PINS[canonicalize_name(requirement.name)]

    assert requirement.specifier.contains(pin["version"])


def test_every_pin_has_hashes() -> None:
    assert len(PINS) == len([line for line in TEXT.splitlines() if re.match(r"[A-Za-z0-9]", line)])
    assert [name for name, pin in PINS.items() if "--hash=sha256:" not in pin["rest"]] == []


def test_the_search_client_is_of_the_servers_line() -> None:
    assert PINS[canonicalize_name("elasticsearch")]["version"].startswith("8.19.")


def test_no_index_is_named() -> None:
    assert re.search(r"https?://|--(?:extra-)?index-url|--find-links|^-[if] ", TEXT, re.MULTILINE) is None
