"""Faults that are put into the library on purpose: a copy of it with texts replaced, and the tests that judge it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.mutant import FOLDER

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "ticketctl"


@dataclass(frozen=True)
class Change:
    """A text that is replaced.

    Attributes:
        file: Where.
        old: The text; it stands there once.
        new: What by.
    """

    file: str
    old: str
    new: str

    def make(self, folder: Path) -> None:
        """Make it in a file below a folder.

        Raises:
            AssertionError: The text does not stand there once: the fault would not be what it says.
        """
        file = folder / self.file
        text = file.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.file} does not say once: {self.old}"
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Mutation:
    """One fault.

    Attributes:
        name: What is missing.
        changes: What is changed, in files from `ticketctl` on.
        killers: Tests that must fail, each by itself, from the root on.
    """

    name: str
    changes: tuple[Change, ...]
    killers: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its name as part of a test's."""
        return self.name.replace(" ", "-")


def applied(changes: Sequence[Change], folder: Path) -> Path:
    """Return a folder with a copy of the package, with a fault in it if there are changes.

    Raises:
        AssertionError: A change cannot be made.
    """
    shutil.copytree(PACKAGE, folder / "ticketctl", ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        change.make(folder / "ticketctl")
    return folder


def judged(
    folder: Path, killers: Sequence[str], plugin: str, environ: Mapping[str, str], seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run tests on a copy of the package, up to the first that fails.

    Args:
        folder: Where the copy is.
        killers: The tests.
        plugin: What has them use servers that run.
        environ: What that is told.
        seconds: How long they may take.
    """
    options = ["-q", "-x", "--tb=line", "-p", "no:cacheprovider", "-p", plugin]
    # What a copy covers is not what the package does: to the coverage tool it would be more of the same code.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *killers],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=seconds,
        env={
            **inherited,
            "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "tests"))),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # a second for each run
            FOLDER: str(folder),
            **environ,
        },
    )
