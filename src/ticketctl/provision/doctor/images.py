"""Examine the registry and the images: what is here, what is to come, and whether it can come."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ticketctl.infra.docker import Engine
from ticketctl.provision.doctor.machine import MIB
from ticketctl.provision.doctor.model import Finding, blocked, ok, skipped
from ticketctl.provision.host.observe import read_distribution
from ticketctl.provision.host.packages import with_system_folders
from ticketctl.provision.host.privilege import observe_privilege
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.provision.stack.images import ImageChoice, plan_images
from ticketctl.provision.stack.images.observe import REGISTRY_SECONDS, ask_registry
from ticketctl.provision.stack.images.sources import ImageSource
from ticketctl.provision.stack.variables import DEFAULT_IMAGES
from ticketctl.settings.model import Project

# MiB on disk, stages of a build included; of amd64, rounded up.
_BUILT = {"mysql": 600, "redis": 250, "elasticsearch": 1700, "service": 250}
_FETCHED = {"mysql": 1000, "redis": 150, "elasticsearch": 1400}
_UNKNOWN = 500


@dataclass(frozen=True, slots=True)
class ImagesSight:
    """The images, as far as they matter here.

    Attributes:
        registry_answers: The registry of the official images answers.
        choices: The image for each purpose.
        unavailable: References that are neither here nor can be fetched.
        without_base: Kinds that are to be built and have no base to build on yet.
        can_make_base: A base can be made on this machine.
    """

    registry_answers: bool
    choices: tuple[ImageChoice, ...] = ()
    unavailable: tuple[str, ...] = ()
    without_base: tuple[str, ...] = ()
    can_make_base: bool = True

    @property
    def missing_bytes(self) -> int:
        """Room that the images still to come will take."""
        return sum(_room(choice) for choice in self.choices) * MIB


def look_at_images(
    project: Project | None, env: EnvFile | None, engine: Engine, environ: Mapping[str, str]
) -> ImagesSight:
    """Ask engine and registry; the registry has a few seconds to answer.

    Args:
        project: The project, None for the registry alone.
        env: `compose/.env`, None when there is none.
        engine: The engine.
        environ: The environment.

    Raises:
        ImageBuildError: A build folder cannot be used.
    """
    answers = ask_registry(engine)
    if project is None:
        return ImagesSight(answers)
    file = env or EnvFile(project.env_file, (), {})
    plan = plan_images(project, file, engine, registry_answers=answers)
    to_build = {choice.name for choice in plan.images if choice.action == "build"}
    return ImagesSight(
        answers,
        plan.images,
        _unavailable(plan.images, engine, official=answers),
        tuple(
            source.kind
            for source in plan.sources
            if source.kind in to_build and not answers and not _has_base(source, engine)
        ),
        _can_make_base(environ),
    )


def judge_registry(sight: ImagesSight | None) -> Finding:
    """Judge the registry: its silence matters only where an image has to come from it."""
    if sight is None:
        return skipped("registry", "it is the engine that asks it, and none answers")
    if sight.registry_answers:
        return ok("registry", "answers: official images can be fetched")
    needed = any(choice.action == "pull" for choice in sight.choices)
    follows = "what is to be fetched cannot be" if needed else "images that are not here are built here"
    return Finding("registry", "warn" if needed else "ok", f"no answer within {REGISTRY_SECONDS} s: {follows}")


def judge_images(sight: ImagesSight | None) -> Finding:
    """Judge whether every image is here or can be had."""
    if sight is None:
        return skipped("images", "no engine answers that could have them")
    if sight.unavailable:
        return blocked(
            "images",
            f"neither here nor to be fetched: {', '.join(sight.unavailable)}",
            "see that the engine reaches the registry (network, proxy, `docker login`), "
            "or let images be built here (`images.prefer: build`)",
        )
    if sight.without_base and not sight.can_make_base:
        return blocked(
            "images",
            f"to be built, but there is no base for them: {', '.join(sight.without_base)}",
            "bases are made by mmdebstrap, which is installed where there is apt and root or sudo: "
            "install it, or let the engine reach a registry",
        )
    coming = [choice for choice in sight.choices if choice.action != "none"]
    if not coming:
        return ok("images", "all here")
    words = {"build": "built", "pull": "fetched"}
    told = ", ".join(f"{choice.reference} is to be {words[choice.action]} ({choice.why})" for choice in coming)
    return ok("images", f"`ticketctl up` provides them: {told}")


def _unavailable(choices: Sequence[ImageChoice], engine: Engine, *, official: bool) -> tuple[str, ...]:
    wanted = dict.fromkeys(choice.reference for choice in choices if choice.action == "pull")
    known = set(DEFAULT_IMAGES.values()) if official else set()
    return tuple(
        reference
        for reference in wanted
        if reference not in known and not engine.images.is_available(reference, timeout=REGISTRY_SECONDS)
    )


def _has_base(source: ImageSource, engine: Engine) -> bool:
    return any(engine.images.find(reference) is not None for reference in (source.local_base, source.base))


def _can_make_base(environ: Mapping[str, str]) -> bool:
    if observe_privilege(environ, can_ask=False) == "none":
        return False
    has_tool = shutil.which("mmdebstrap", path=with_system_folders(environ)["PATH"]) is not None
    return has_tool or read_distribution().has_apt


def _room(choice: ImageChoice) -> int:
    if choice.action == "none":
        return 0
    return (_BUILT if choice.action == "build" else _FETCHED).get(choice.name, _UNKNOWN)
