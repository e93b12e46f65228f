"""Look at build folders, engine and registry, and choose the images."""

from __future__ import annotations

from dataclasses import replace

from ticketctl.infra.docker import Engine
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.provision.stack.images.choice import ImageChoice, ImageFacts, ImagesPlan, choose, needs_registry
from ticketctl.provision.stack.images.sources import KINDS, read_source
from ticketctl.provision.stack.variables import DEFAULT_IMAGES, image_variable
from ticketctl.settings.model import Project

REGISTRY_SECONDS = 3
"""How long a registry may take to answer before it counts as not there."""


def plan_images(project: Project, env: EnvFile, engine: Engine, *, registry_answers: bool | None = None) -> ImagesPlan:
    """Choose the image for each purpose; a registry is asked only when the choice depends on it.

    Args:
        project: The project.
        env: `compose/.env`, which remembers earlier choices.
        engine: The engine.
        registry_answers: Whether the registry of the official images answers, where that is known already.

    Raises:
        ImageBuildError: A build folder cannot be used.
    """
    prefer = project.settings.images.prefer
    facts = {kind: _facts(project, kind, env.values.get(image_variable(kind), ""), engine) for kind in KINDS}
    if registry_answers is None:
        needed = any(needs_registry(known, prefer) for known in facts.values())
        registry_answers = needed and ask_registry(engine)
    choices = [
        choose(kind, image_variable(kind), replace(known, registry_answers=registry_answers), prefer)
        for kind, known in facts.items()
    ]
    sources = tuple(known.source for known in facts.values() if known.source is not None)
    return ImagesPlan((*choices, *_own_images(project, engine)), sources)


def ask_registry(engine: Engine) -> bool:
    """Tell whether the engine could fetch the official images now; one answer stands for all, they live together."""
    return engine.images.is_available(DEFAULT_IMAGES["mysql"], timeout=REGISTRY_SECONDS)


def _facts(project: Project, kind: str, remembered: str, engine: Engine) -> ImageFacts:
    given: str | None = getattr(project.settings.images, kind)
    official = None if kind == "service" else DEFAULT_IMAGES[kind]
    source = read_source(project.compose_dir, kind)
    return ImageFacts(
        given=given,
        remembered=remembered,
        official=official,
        source=source,
        official_is_here=official is not None and engine.images.find(official) is not None,
        built_is_here=source is not None and engine.images.find(source.reference) is not None,
        given_is_here=given is not None and engine.images.find(given) is not None,
    )


def _own_images(project: Project, engine: Engine) -> list[ImageChoice]:
    return [
        ImageChoice(
            name,
            service.image,
            f"services.{name}.image",
            "none" if engine.images.find(service.image) is not None else "pull",
            "",
        )
        for name, service in project.settings.services.items()
        if service.image
    ]
