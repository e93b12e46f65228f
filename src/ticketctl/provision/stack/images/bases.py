"""The base images: a registry's where one answers, else a root of the distribution made on this machine."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ticketctl.errors import DiskFullError, ImageBuildError
from ticketctl.events import Emit, Progress
from ticketctl.infra.docker import Engine
from ticketctl.provision.host.packages import install_packages, with_system_folders
from ticketctl.provision.host.privilege import observe_privilege, root_prefix
from ticketctl.provision.stack.images.observe import REGISTRY_SECONDS
from ticketctl.provision.stack.images.sources import ImageSource

STEP = "images"
_PACKAGES = ("mmdebstrap", "debian-archive-keyring")
# What Debian's own `slim` images leave out, now and at each later installation. Copyrights stay.
_SLIM = (
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man")),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)
# Sid's release file may be older than its validity says.
_OPTIONS: Mapping[str, tuple[str, ...]] = {"sid": ('--aptopt=Acquire::Check-Valid-Until "false"',)}


def base_for(source: ImageSource, engine: Engine, *, environ: Mapping[str, str], emit: Emit) -> str:
    """Return the base image for a build; it is there, or the engine can fetch it.

    Args:
        source: The build folder.
        engine: The engine.
        environ: The environment.
        emit: Takes the progress.

    Raises:
        HostSetupError: The tool that makes one cannot be installed here.
        ImageBuildError: It failed.
        DiskFullError: The disk ran full.
    """
    local = f"ticketctl/base:{source.suite}"
    if engine.images.find(local) is not None:
        return local
    if engine.images.find(source.base) is not None or engine.images.is_available(source.base, timeout=REGISTRY_SECONDS):
        return source.base
    install_packages(_PACKAGES, environ=environ, emit=emit, step=STEP)
    emit(Progress(STEP, f"base {source.suite}", "building", "no registry answers: a root from the distribution"))
    with tempfile.TemporaryDirectory(prefix="ticketctl-base-") as folder:
        archive = Path(folder) / f"{source.suite}.tar"
        _make_root(source.suite, archive, environ)
        engine.images.import_root(archive, local)
    emit(Progress(STEP, f"base {source.suite}", "built"))
    return local


def _make_root(suite: str, archive: Path, environ: Mapping[str, str]) -> None:
    prefix = root_prefix(observe_privilege(environ, can_ask=False))
    command = [*prefix, "mmdebstrap", "--variant=minbase", *_SLIM, *_OPTIONS.get(suite, ()), suite, str(archive)]
    try:
        done = subprocess.run(
            command,
            env=with_system_folders(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise ImageBuildError(f"the base image {suite} could not be made", why=str(error)) from error
    if done.returncode == 0:
        return
    tail = "\n".join(done.stderr.strip().splitlines()[-10:])
    if "No space left on device" in done.stderr:
        raise DiskFullError(
            f"the disk ran full while the base image {suite} was made",
            why=tail,
            next_step=f"free room where {archive.parent.parent} lies, then run the same command again",
        )
    raise ImageBuildError(
        f"the base image {suite} could not be made",
        why=tail,
        next_step="check that this machine reaches its distribution's packages (`apt-get update`), then run again",
    )
