"""`scripts/environment.sh` on machines where it can do nothing: one screen, and nothing half-made."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOOLS = ("sh", "dirname", "cat", "cut", "sha256sum", "date", "printf", "rm", "mkdir", "grep", "id", "tail", "flock")
NOBODY = 65534


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A checkout that everybody may read, on a machine without Python: `bin` is all that there is on PATH."""
    folder = Path(tempfile.mkdtemp(prefix="ticketctl-test-"))
    folder.chmod(0o777)
    (folder / "bin").mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (folder / "bin" / tool).symlink_to(found)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    yield folder
    shutil.rmtree(folder)


def make(checkout: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script as somebody who is not root."""
    return subprocess.run(
        [checkout / "scripts" / "environment.sh"],
        env={"PATH": str(checkout / "bin"), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        user=NOBODY if os.geteuid() == 0 else None,
    )


def test_without_python_and_apt_it_says_what_to_install(checkout: Path) -> None:
    done = make(checkout)

    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "only where there is apt" in done.stderr
    assert not (checkout / ".venv").exists()


def test_who_may_not_use_apt_is_told_the_packages(checkout: Path) -> None:
    (checkout / "bin" / "apt-get").symlink_to("/bin/false")

    done = make(checkout)

    assert done.returncode == 1
    assert "neither root nor may use sudo without a password" in done.stderr
    assert "`apt-get install python3 python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_asked_for_and_does_not_fit_is_named(checkout: Path) -> None:
    done = make(checkout, PYTHON="/bin/false")

    assert done.returncode == 1
    assert "PYTHON=/bin/false is no Python 3.11 or newer" in done.stderr


def test_an_older_python_is_seen_and_named(checkout: Path) -> None:
    """A stand-in that answers like Python 3.9, as no such Python can be expected here."""
    old = checkout / "bin" / "python3"
    old.write_text('#!/bin/sh\ncase $2 in *print*) echo 3.9.2 ;; *"import sys, venv"*) exit 1 ;; esac\n')
    old.chmod(0o755)

    done = make(checkout)

    assert done.returncode == 1
    assert "python3 is 3.9.2" in done.stderr
