"""Generated files: a first line that says from what, by whom and with which content, and a guard against loss."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import tempfile
from pathlib import Path

from ticketctl import __version__
from ticketctl.errors import GeneratedFileEditedError
from ticketctl.events import Outcome

_HEADER = re.compile(r"# generated from \S+ by ticketctl \S+, content sha256:([0-9a-f]{16})\n")


def with_header(body: str, *, source: str = "ticketctl.yaml") -> str:
    """Return `body` below the line that marks it as generated.

    Args:
        body: The file's text.
        source: What it was made from.
    """
    return f"# generated from {source} by ticketctl {__version__}, content sha256:{_digest(body)}\n{body}"


def was_edited(text: str) -> bool:
    """Tell whether a text is anything else than what a generator wrote.

    Args:
        text: The file's content.
    """
    header = _HEADER.match(text)
    return header is None or header.group(1) != _digest(text[header.end() :])


def difference(path: Path, current: str, wanted: str) -> str:
    """Return what turns the file into what would be generated, as a unified diff; empty when nothing does.

    Args:
        path: The file, for the diff's first lines.
        current: What it contains.
        wanted: What it should contain.
    """
    return "".join(
        difflib.unified_diff(
            current.splitlines(keepends=True),
            wanted.splitlines(keepends=True),
            fromfile=str(path),
            tofile=f"{path} (generated)",
        )
    )


def read_generated(path: Path) -> str | None:
    """Return a file's content, None when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def write_generated(path: Path, text: str, *, force: bool = False) -> Outcome:
    """Write a generated file, unless somebody edited the one that is there.

    Args:
        path: The file.
        text: Its content, first line included.
        force: Overwrite an edited file as well.

    Returns:
        `unchanged` when it has this content already.

    Raises:
        GeneratedFileEditedError: The file was edited by hand, or is not a generated one.
    """
    current = read_generated(path)
    if current == text:
        return "unchanged"
    if current is not None and was_edited(current) and not force:
        raise GeneratedFileEditedError(path, difference(path, current, text))
    replace_file(path, text, mode=0o644)
    return "changed"


def replace_file(path: Path, text: str, *, mode: int) -> None:
    """Put a file in place in one step: readers see the old content or the new, also after a crash.

    Args:
        path: The file.
        text: Its content.
        mode: Its permissions.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]
