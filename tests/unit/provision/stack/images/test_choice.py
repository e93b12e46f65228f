"""Which image is used, and why: every rule, and which of two comes first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ticketctl.provision.stack.images.choice import ImageFacts, Preference, choose, needs_registry
from ticketctl.provision.stack.images.sources import ImageSource

SOURCE = ImageSource("mysql", Path("mysql"), "0123456789ab", "debian:sid-slim", "sid")
FACTS = ImageFacts(given=None, remembered="", official="mysql:9.7", source=SOURCE)
BUILT = "ticketctl/mysql:0123456789ab"
OLDER = "ticketctl/mysql:ba9876543210"


def chosen(facts: ImageFacts, prefer: Preference = "auto") -> tuple[str, str, str]:
    choice = choose("mysql", "MYSQL_IMAGE", facts, prefer)
    return choice.reference, choice.action, choice.why


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(FACTS, registry_answers=True), ("mysql:9.7", "pull", "a registry answers")),
        (FACTS, (BUILT, "build", "no registry answers")),
        (replace(FACTS, official_is_here=True), ("mysql:9.7", "none", "the official image is here already")),
        (replace(FACTS, built_is_here=True, registry_answers=True), (BUILT, "none", "it was built here already")),
        (
            replace(FACTS, remembered=OLDER, official_is_here=True, registry_answers=True),
            (BUILT, "build", "this stack began with an image built here"),
        ),
        (
            replace(FACTS, remembered="mysql:9.7", official_is_here=True, built_is_here=True),
            ("mysql:9.7", "none", "this stack began with the official image"),
        ),
        (replace(FACTS, remembered="mysql:9.7"), (BUILT, "build", "no registry answers")),
        (replace(FACTS, given="team/mysql:1", built_is_here=True), ("team/mysql:1", "pull", "named in the settings")),
        (replace(FACTS, given="team/mysql:1", given_is_here=True), ("team/mysql:1", "none", "named in the settings")),
        (replace(FACTS, official=None), (BUILT, "build", "there is no official one")),
        (replace(FACTS, source=None), ("mysql:9.7", "pull", "the project has no build folder for it")),
    ],
)
def test_each_situation_has_its_image_and_its_reason(facts: ImageFacts, expected: tuple[str, str, str]) -> None:
    assert chosen(facts) == expected


def test_a_preference_decides_before_what_is_here() -> None:
    assert chosen(replace(FACTS, official_is_here=True), "build") == (BUILT, "build", "images.prefer is build")
    assert chosen(replace(FACTS, built_is_here=True), "registry") == ("mysql:9.7", "pull", "images.prefer is registry")
    assert chosen(replace(FACTS, official=None), "registry")[0] == BUILT


@pytest.mark.parametrize(
    ("facts", "prefer", "asked"),
    [
        (FACTS, "auto", True),
        (replace(FACTS, remembered="mysql:9.7"), "auto", True),
        (FACTS, "build", False),
        (FACTS, "registry", False),
        (replace(FACTS, given="team/mysql:1"), "auto", False),
        (replace(FACTS, remembered=OLDER), "auto", False),
        (replace(FACTS, built_is_here=True), "auto", False),
        (replace(FACTS, official_is_here=True), "auto", False),
        (replace(FACTS, official=None), "auto", False),
        (replace(FACTS, source=None), "auto", False),
    ],
)
def test_a_registry_is_asked_only_when_the_choice_depends_on_it(
    facts: ImageFacts, prefer: Preference, asked: bool
) -> None:
    assert needs_registry(facts, prefer) is asked
