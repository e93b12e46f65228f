from dataclasses import replace
from pathlib import Path

import pytest

from ticketctl.provision.stack.images.choice import ImageFacts, Preference, choose, needs_registry
from ticketctl.provision.stack.images.sources import ImageSource

SOURCE = ImageSource("mysql", Path("compose/images/mysql"), "0123456789ab", "debian:sid-slim", "sid")
BUILT = "ticketctl/mysql:0123456789ab"
OLDER = "ticketctl/mysql:ba9876543210"
OFFICIAL = "mysql:9.7"
NOTHING_KNOWN = ImageFacts(given=None, remembered="", official=OFFICIAL, source=SOURCE)


@pytest.mark.parametrize(
    ("facts", "prefer", "reference", "action", "why"),
    [
        (NOTHING_KNOWN, "auto", BUILT, "build", "no registry answers"),
        (replace(NOTHING_KNOWN, registry_answers=True), "auto", OFFICIAL, "pull", "a registry answers"),
        (replace(NOTHING_KNOWN, official_is_here=True), "auto", OFFICIAL, "none", "the official image is here already"),
        (replace(NOTHING_KNOWN, built_is_here=True), "auto", BUILT, "none", "it was built here already"),
        (replace(NOTHING_KNOWN, given="our/mysql:1"), "auto", "our/mysql:1", "pull", "named in the settings"),
        (
            replace(NOTHING_KNOWN, given="our/mysql:1", given_is_here=True, built_is_here=True),
            "build",
            "our/mysql:1",
            "none",
            "named in the settings",
        ),
        (replace(NOTHING_KNOWN, registry_answers=True), "build", BUILT, "build", "images.prefer is build"),
        (replace(NOTHING_KNOWN, built_is_here=True), "registry", OFFICIAL, "pull", "images.prefer is registry"),
        (replace(NOTHING_KNOWN, official=None), "auto", BUILT, "build", "there is no official one"),
        (replace(NOTHING_KNOWN, source=None), "build", OFFICIAL, "pull", "the project has no build folder for it"),
    ],
)
def test_the_first_rule_that_applies_decides(
    facts: ImageFacts, prefer: Preference, reference: str, action: str, why: str
) -> None:
    choice = choose("mysql", "MYSQL_IMAGE", facts, prefer)

    assert (choice.reference, choice.action, choice.why) == (reference, action, why)
    assert (choice.name, choice.variable) == ("mysql", "MYSQL_IMAGE")


def test_data_begun_with_an_image_built_here_is_not_handed_to_the_official_one_when_a_registry_appears() -> None:
    """The folder has changed since, so a newer image of our own is built."""
    facts = replace(NOTHING_KNOWN, remembered=OLDER, registry_answers=True, official_is_here=True)

    assert choose("mysql", "MYSQL_IMAGE", facts, "auto").reference == BUILT


def test_data_begun_with_the_official_image_stays_with_it_while_it_is_here() -> None:
    begun = replace(NOTHING_KNOWN, remembered=OFFICIAL, built_is_here=True)

    assert choose("mysql", "MYSQL_IMAGE", replace(begun, official_is_here=True), "auto").reference == OFFICIAL
    assert choose("mysql", "MYSQL_IMAGE", begun, "auto").reference == BUILT


@pytest.mark.parametrize(
    ("facts", "prefer", "asked"),
    [
        (NOTHING_KNOWN, "auto", True),
        (NOTHING_KNOWN, "build", False),
        (NOTHING_KNOWN, "registry", False),
        (replace(NOTHING_KNOWN, given="our/mysql:1"), "auto", False),
        (replace(NOTHING_KNOWN, official=None), "auto", False),
        (replace(NOTHING_KNOWN, source=None), "auto", False),
        (replace(NOTHING_KNOWN, built_is_here=True), "auto", False),
        (replace(NOTHING_KNOWN, official_is_here=True), "auto", False),
        (replace(NOTHING_KNOWN, remembered=OLDER), "auto", False),
    ],
)
def test_a_registry_is_asked_only_when_the_choice_depends_on_its_answer(
    facts: ImageFacts, prefer: Preference, asked: bool
) -> None:
    assert needs_registry(facts, prefer) is asked
    if not asked:
        answers = [choose("mysql", "", replace(facts, registry_answers=answer), prefer) for answer in (False, True)]
        assert answers[0] == answers[1]
