"""Start a fresh project from the files that come with the package.

The template is this repository's own project: its `ticketctl.yaml`, migrations, mapping, Compose file
and image sources. A wheel carries them; in a checkout they are read from where they stand.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ticketctl.errors import GeneratedFileEditedError

TEMPLATE = ("ticketctl.yaml", "migrations", "elasticsearch", "compose")
_LEFT_OUT = frozenset({".env", ".lock", "__pycache__"})

Action = Literal["write", "keep", "overwrite"]


@dataclass(frozen=True, slots=True)
class ScaffoldFile:
    """One file of the new project.

    Attributes:
        path: Where it goes, relative to the project.
        action: `write` it, `keep` it because it is the same already, or `overwrite` what is there.
    """

    path: Path
    action: Action


@dataclass(frozen=True, slots=True)
class ScaffoldResult:
    """What `scaffold` did, or would do.

    Attributes:
        root: The project's folder.
        files: Every file with what is done to it.
    """

    root: Path
    files: tuple[ScaffoldFile, ...]

    @property
    def changed(self) -> bool:
        """Whether any file was written."""
        return any(file.action != "keep" for file in self.files)


def template_root() -> Path:
    """Return the folder that holds the template."""
    packaged = Path(__file__).parents[1] / "template"
    return packaged if packaged.is_dir() else Path(__file__).parents[3]


def scaffold(root: Path, *, force: bool = False, dry_run: bool = False) -> ScaffoldResult:
    """Write a fresh project.

    Args:
        root: The folder; it is created, and files of others in it are left alone.
        force: Overwrite files that are there and differ.
        dry_run: Only say what would be done.

    Raises:
        GeneratedFileEditedError: A file is there, differs, and `force` is not given. Nothing was written.
    """
    template = template_root()
    files = tuple(_plan(template, root))
    edited = [file for file in files if file.action == "overwrite"]
    if edited and not force:
        names = "\n".join(str(file.path) for file in edited)
        raise GeneratedFileEditedError(root / edited[0].path, f"these files are there and differ:\n{names}")
    if not dry_run:
        for file in files:
            if file.action != "keep":
                (root / file.path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(template / file.path, root / file.path)
    return ScaffoldResult(root, files)


def _plan(template: Path, root: Path) -> Iterator[ScaffoldFile]:
    for source in _sources(template):
        path = source.relative_to(template)
        target = root / path
        if not target.exists():
            yield ScaffoldFile(path, "write")
        elif target.is_file() and target.read_bytes() == source.read_bytes():
            yield ScaffoldFile(path, "keep")
        else:
            yield ScaffoldFile(path, "overwrite")


def _sources(template: Path) -> Iterator[Path]:
    for name in TEMPLATE:
        top = template / name
        found = sorted(top.rglob("*")) if top.is_dir() else [top]
        yield from (path for path in found if path.is_file() and not _LEFT_OUT & set(path.relative_to(template).parts))
