"""Which image each service uses, and why (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ticketctl.provision.stack.images.sources import ImageSource, is_built_here

Action = Literal["none", "pull", "build"]
Preference = Literal["auto", "registry", "build"]


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """The image for one purpose.

    Attributes:
        name: `mysql`, `redis`, `elasticsearch`, `service`, or the service that brings its own.
        reference: The image.
        why: Why this one.
        action: What has to be done before it can be used.
        variable: Variable of `compose/.env` that names it, empty for a service's own.
    """

    name: str
    reference: str
    why: str
    action: Action
    variable: str


@dataclass(frozen=True, slots=True)
class ImagesPlan:
    """All images of a stack.

    Attributes:
        images: One choice a purpose.
        sources: The build folders, by kind.
    """

    images: tuple[ImageChoice, ...]
    sources: tuple[ImageSource, ...]

    @property
    def is_empty(self) -> bool:
        """Whether everything is there already."""
        return all(image.action == "none" for image in self.images)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the choice of one image depends on.

    Attributes:
        given: Image that the settings name, None for none.
        remembered: Image that `compose/.env` names, empty for none.
        official: The official image, None where there is none.
        source: The build folder, None where the project has none.
        official_is_here: Whether the engine has the official image.
        built_is_here: Whether the engine has the image that the build folder gives.
        given_is_here: Whether the engine has the given image.
        registry_answers: Whether official images can be fetched; False when nobody asked.
    """

    given: str | None
    remembered: str
    official: str | None
    source: ImageSource | None
    official_is_here: bool = False
    built_is_here: bool = False
    given_is_here: bool = False
    registry_answers: bool = False


def needs_registry(facts: ImageFacts, prefer: Preference) -> bool:
    """Tell whether the choice depends on a registry's answer."""
    if facts.given or prefer != "auto" or facts.official is None or facts.source is None:
        return False
    return not (facts.official_is_here or facts.built_is_here or is_built_here(facts.remembered, facts.source.kind))


def choose(name: str, variable: str, facts: ImageFacts, prefer: Preference) -> ImageChoice:
    """Return the image for a purpose.

    Data written by one image is not handed to another by a network's whim: what was chosen once is kept while
    it can be.

    Args:
        name: The purpose.
        variable: Its variable in `compose/.env`.
        facts: What is known.
        prefer: `images.prefer`.
    """
    if facts.given:
        return ImageChoice(
            name, facts.given, "named in the settings", "none" if facts.given_is_here else "pull", variable
        )
    build, why = _decide(facts, prefer)
    if build and facts.source is not None:
        return ImageChoice(name, facts.source.reference, why, "none" if facts.built_is_here else "build", variable)
    return ImageChoice(name, facts.official or "", why, "none" if facts.official_is_here else "pull", variable)


def _decide(facts: ImageFacts, prefer: Preference) -> tuple[bool, str]:
    """Return whether to build, and why: the first rule that applies."""
    kind = facts.source.kind if facts.source else ""
    began_with_official = facts.remembered == facts.official and facts.official_is_here
    rules = (
        (facts.source is None, False, "the project has no build folder for it"),
        (facts.official is None, True, "there is no official one"),
        (prefer == "registry", False, "images.prefer is registry"),
        (prefer == "build", True, "images.prefer is build"),
        (is_built_here(facts.remembered, kind), True, "this stack began with an image built here"),
        (began_with_official, False, "this stack began with the official image"),
        (facts.built_is_here, True, "it was built here already"),
        (facts.official_is_here, False, "the official image is here already"),
        (facts.registry_answers, False, "a registry answers"),
        (True, True, "no registry answers"),
    )
    return next((build, why) for applies, build, why in rules if applies)
