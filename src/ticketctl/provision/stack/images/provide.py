"""Fetch or build the images that are missing."""

from __future__ import annotations

from collections.abc import Mapping

from ticketctl.errors import ImageBuildError
from ticketctl.events import Emit, Progress, step
from ticketctl.infra.docker import Engine
from ticketctl.provision.stack.images.bases import STEP
from ticketctl.provision.stack.images.build import build_image
from ticketctl.provision.stack.images.choice import ImageChoice, ImagesPlan


def ensure_images(plan: ImagesPlan, engine: Engine, *, environ: Mapping[str, str], emit: Emit) -> bool:
    """Fetch or build what the plan says is missing; what is there is left alone.

    Args:
        plan: The plan.
        engine: The engine.
        environ: The environment.
        emit: Takes the progress.

    Returns:
        Whether anything was fetched or built.

    Raises:
        ImageBuildError: An image could not be provided.
        DiskFullError: The disk ran full.
        HostSetupError: What building needs cannot be installed here.
    """
    missing = [image for image in plan.images if image.action != "none"]
    if not missing:
        return False
    with step(emit, STEP, _title(missing)) as answer:
        for number, image in enumerate(missing, start=1):
            state = "fetching" if image.action == "pull" else "building"
            emit(Progress(STEP, image.name, state, image.why, number, len(missing)))
            if image.action == "pull":
                _pull(image, engine, emit)
            else:
                source = next(source for source in plan.sources if source.reference == image.reference)
                build_image(source, engine, environ=environ, emit=emit)
        answer.changed = True
        answer.summary = ", ".join(image.reference for image in missing)
    return True


def _pull(image: ImageChoice, engine: Engine, emit: Emit) -> None:
    try:
        for line in engine.images.pull(image.reference):
            emit(Progress(STEP, image.name, "fetching", line))
    except ImageBuildError as error:
        raise ImageBuildError(error.what, why=error.why, next_step=_way_out(image)) from error
    emit(Progress(STEP, image.name, "fetched", image.reference))


def _way_out(image: ImageChoice) -> str:
    if image.variable and image.why != "named in the settings":
        return "set `images.prefer: build` in ticketctl.yaml to build it here, or make the registry reachable"
    return f"check the name {image.reference}, log in to its registry (`docker login`), or load it (`docker load`)"


def _title(missing: list[ImageChoice]) -> str:
    built = any(image.action == "build" for image in missing)
    patience = "; building takes some minutes, once" if built else ""
    return f"images {', '.join(image.name for image in missing)}{patience}"
