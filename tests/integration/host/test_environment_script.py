"""`scripts/environment.sh` with a real pip: made, left alone, made again after it was killed or broken."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
# What an editable install needs, and that needs itself: few and small, and pinned like all others.
NEEDED = re.compile(r"^(editables|hatchling)==|# +(via )?hatchling$", re.MULTILINE)
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "ticketctl"
version = "1"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with little to install."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "src" / "ticketctl").mkdir(parents=True)
    (tmp_path / "src" / "ticketctl" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    pins = re.split(r"\n(?=[a-z])", (ROOT / "constraints.txt").read_text(encoding="utf-8"))
    (tmp_path / "constraints.txt").write_text("\n".join(filter(NEEDED.search, pins)) + "\n")
    return tmp_path


def start(checkout: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [checkout / "scripts" / "environment.sh"],
        env={**os.environ, "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def make(checkout: Path) -> str:
    """Run the script to its end and return what it said."""
    with start(checkout) as process:
        _, said = process.communicate(timeout=180)
    assert process.returncode == 0, said
    return said


def installed(checkout: Path) -> bool:
    """Whether the environment has the project, from this very checkout."""
    done = subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", "import ticketctl; print(ticketctl.__file__)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() == str(checkout / "src" / "ticketctl" / "__init__.py")


def test_it_is_made_once_and_made_again_when_killed_or_broken(checkout: Path) -> None:
    with start(checkout) as process:
        log = checkout / ".venv" / "install.log"
        deadline = time.monotonic() + 60
        while not (log.exists() and "Collecting" in log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    assert "Collecting" in log.read_text(), "it was killed while it installed"
    assert not installed(checkout)

    after_kill = make(checkout)
    assert "making it again" in after_kill
    assert installed(checkout)

    started = time.monotonic()
    assert make(checkout) == "", "nothing to do, nothing to say"
    assert time.monotonic() - started < 2

    (checkout / ".venv" / "bin" / "python").unlink()
    assert "making it again" in make(checkout)
    assert installed(checkout)


def test_a_changed_file_is_installed_into_what_is_there_and_hashes_are_checked(checkout: Path) -> None:
    make(checkout)
    (checkout / "pyproject.toml").write_text(PYPROJECT.replace('version = "1"', 'version = "2"'))

    said = make(checkout)

    assert "making it again" not in said
    shown = subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", "import importlib.metadata as m; print(m.version('ticketctl'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "2"

    constraints = checkout / "constraints.txt"
    constraints.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", constraints.read_text()))
    shutil.rmtree(checkout / ".venv")
    with start(checkout) as process:
        _, said = process.communicate(timeout=180)

    assert process.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in said
    assert "install.log" in said
