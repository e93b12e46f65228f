"""The generated files of a project: what they should say, whether they do, and putting them in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import GeneratedFileEditedError
from ticketctl.events import Outcome
from ticketctl.provision.stack.definition.env_example import render_env_example
from ticketctl.provision.stack.definition.generated import difference, read_generated, was_edited, write_generated
from ticketctl.provision.stack.definition.render import render_compose
from ticketctl.settings.model import Project


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """One generated file, as it is and as it should be.

    Attributes:
        path: Where it stands.
        outcome: `unchanged`, or `changed` when it was (or, with nothing written, would be) replaced.
        edited: Somebody edited it by hand, or it is no generated file.
        diff: From what it contains to what it should contain; empty when they are equal.
    """

    path: Path
    outcome: Outcome
    edited: bool
    diff: str


@dataclass(frozen=True, slots=True)
class RenderResult:
    """All generated files of a project.

    Attributes:
        files: The files.
        up_to_date: Each contains what it should, as found.
    """

    files: tuple[GeneratedFile, ...]
    up_to_date: bool


def wanted_files(project: Project) -> Mapping[Path, str]:
    """Return path and content of each generated file (pure).

    Args:
        project: The project.
    """
    return {
        project.compose_file: render_compose(project.settings),
        project.compose_dir / ".env.example": render_env_example(project.settings),
    }


def compare_files(project: Project) -> RenderResult:
    """Compare the generated files with what they should contain; write nothing.

    Args:
        project: The project.
    """
    files = tuple(_compare(path, text) for path, text in wanted_files(project).items())
    return RenderResult(files, up_to_date=all(file.outcome == "unchanged" for file in files))


def write_files(project: Project, *, force: bool = False) -> RenderResult:
    """Write the generated files; all of them, or none when one was edited.

    Args:
        project: The project.
        force: Overwrite edited files as well.

    Raises:
        GeneratedFileEditedError: A file was edited by hand.
    """
    found = compare_files(project)
    for file in found.files:
        if file.outcome == "changed" and file.edited and not force:
            raise GeneratedFileEditedError(file.path, file.diff)
    for path, text in wanted_files(project).items():
        write_generated(path, text, force=force)
    return found


def _compare(path: Path, text: str) -> GeneratedFile:
    current = read_generated(path)
    outcome: Outcome = "unchanged" if current == text else "changed"
    edited = current is not None and was_edited(current)
    return GeneratedFile(path, outcome, edited, difference(path, current or "", text))
