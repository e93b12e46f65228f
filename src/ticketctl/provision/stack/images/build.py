"""Build our images from their folders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ticketctl.errors import UnknownNameError
from ticketctl.events import Emit, Progress, step
from ticketctl.infra.docker import Engine
from ticketctl.provision.stack.images.bases import STEP, base_for
from ticketctl.provision.stack.images.sources import KINDS, ImageSource, build_context, read_source
from ticketctl.settings.model import Project

LABEL = "ticketctl.image"
_DISTRIBUTION_CA = Path("/etc/ssl/certs/ca-certificates.crt")


def plan_builds(
    project: Project, engine: Engine, *, names: Collection[str] = (), force: bool = False
) -> tuple[ImageSource, ...]:
    """Return the build folders whose images are missing.

    Args:
        project: The project.
        engine: The engine.
        names: Kinds to look at; none for all.
        force: Return also those whose image is here.

    Raises:
        UnknownNameError: A name is no kind of image.
        ImageBuildError: A build folder cannot be used.
    """
    UnknownNameError.check("image", names, KINDS)
    found = (read_source(project.compose_dir, kind) for kind in KINDS if not names or kind in names)
    sources = (source for source in found if source is not None)
    return tuple(source for source in sources if force or engine.images.find(source.reference) is None)


def build_images(sources: Sequence[ImageSource], engine: Engine, *, environ: Mapping[str, str], emit: Emit) -> None:
    """Build several images.

    Args:
        sources: The build folders.
        engine: The engine.
        environ: The environment.
        emit: Takes the progress.

    Raises:
        ImageBuildError: An instruction failed.
        DiskFullError: The disk ran full.
        HostSetupError: What building needs cannot be installed here.
    """
    if not sources:
        return
    with step(emit, STEP, f"build {', '.join(source.kind for source in sources)}") as answer:
        for source in sources:
            build_image(source, engine, environ=environ, emit=emit)
        answer.changed = True
        answer.summary = ", ".join(source.reference for source in sources)


def build_image(source: ImageSource, engine: Engine, *, environ: Mapping[str, str], emit: Emit) -> None:
    """Build the image of a folder.

    Args:
        source: The build folder.
        engine: The engine.
        environ: The environment; `SSL_CERT_FILE` names this host's certificate authorities.
        emit: Takes the build's output, a line each.

    Raises:
        ImageBuildError: An instruction failed.
        DiskFullError: The disk ran full.
        HostSetupError: What building needs cannot be installed here.
    """
    base = base_for(source, engine, environ=environ, emit=emit)
    lines = engine.images.build(
        build_context(source, _host_ca(environ)),
        tag=source.reference,
        arguments={"BASE": base},
        labels={LABEL: source.kind},
    )
    for line in lines:
        emit(Progress(STEP, source.kind, "building", line))
    emit(Progress(STEP, source.kind, "built", source.reference))


def _host_ca(environ: Mapping[str, str]) -> Path | None:
    for path in (Path(environ.get("SSL_CERT_FILE", "")), _DISTRIBUTION_CA):
        if path.is_file():
            return path
    return None
