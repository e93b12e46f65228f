"""The build folders below `compose/images`: their identity, and what is sent to the engine."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ticketctl.errors import ImageBuildError

KINDS = ("mysql", "redis", "elasticsearch", "service")
"""The images that can be built here, by the name of their folder."""

# A name's `*.dockerignore` and editors' files do not change what is built.
_LEFT_OUT = frozenset({"__pycache__", ".DS_Store", "README.md"})
_BASE = re.compile(r"^ARG BASE=(?P<reference>(?P<system>\w+):(?P<suite>\w+)-slim)$", re.MULTILINE)
_HOST_CA = "host-ca.crt"
# Counts up when the way of building changes without a change of the folder.
_RECIPE = b"1"


@dataclass(frozen=True, slots=True)
class ImageSource:
    """One build folder.

    Attributes:
        kind: `mysql`, `redis`, `elasticsearch` or `service`.
        folder: The folder.
        digest: Identity of its content, 12 hexadecimal digits.
        base: Image that its Dockerfile begins from where a registry answers: `debian:sid-slim`.
        suite: Suite of the distribution that a base made here must have: `sid`.
    """

    kind: str
    folder: Path
    digest: str
    base: str
    suite: str

    @property
    def reference(self) -> str:
        """Reference of the image that is built from the folder as it is now."""
        return f"ticketctl/{self.kind}:{self.digest}"

    @property
    def local_base(self) -> str:
        """Reference of the base that is made on this machine where no registry answers."""
        return f"ticketctl/base:{self.suite}"


def read_source(compose_dir: Path, kind: str) -> ImageSource | None:
    """Return a build folder, None when the project has none of that kind.

    Args:
        compose_dir: The project's `compose` folder.
        kind: One of `KINDS`.

    Raises:
        ImageBuildError: Its Dockerfile does not say what it begins from in the way that is needed here.
    """
    folder = compose_dir / "images" / kind
    dockerfile = folder / "Dockerfile"
    if not dockerfile.is_file():
        return None
    found = _BASE.search(dockerfile.read_text(encoding="utf-8"))
    if found is None:
        raise ImageBuildError(
            f"{dockerfile} does not say which base it begins from",
            why="a line like `ARG BASE=debian:bookworm-slim` is missing",
            next_step="add the line, and begin the stages with `FROM ${BASE}`",
        )
    return ImageSource(kind, folder, _digest(folder), found["reference"], found["suite"])


def is_built_here(reference: str, kind: str) -> bool:
    """Tell whether a reference is one that this module gives."""
    return re.fullmatch(rf"ticketctl/{kind}:[0-9a-f]{{12}}", reference) is not None


def build_context(source: ImageSource, host_ca: Path | None) -> IO[bytes]:
    """Return the folder as a tar archive, with the certificates of this host where the Dockerfile asks for them.

    Args:
        source: The build folder.
        host_ca: This host's bundle of certificate authorities, None when there is none.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in _files(source.folder):
            _add(tar, path.relative_to(source.folder).as_posix(), path.read_bytes())
        if host_ca is not None and "host-ca.cr" in (source.folder / "Dockerfile").read_text(encoding="utf-8"):
            _add(tar, _HOST_CA, host_ca.read_bytes())
    archive.seek(0)
    return archive


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    # The same in every checkout and on every machine, so that the engine's build cache holds.
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o755 if content.startswith(b"#!") else 0o644
    tar.addfile(entry, io.BytesIO(content))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256(_RECIPE)
    for path in _files(folder):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def _files(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not _LEFT_OUT & set(path.relative_to(folder).parts))
