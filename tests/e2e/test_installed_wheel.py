"""Somebody who only installed the package: `init`, then the main job, far from this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from leftovers import PREFIX

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """This process's environment without settings and without a way into the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("TICKETCTL_", "PYTHON"))}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def succeed(*command: str | Path, cwd: Path) -> str:
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the built wheel into a clean environment; only its pins are shared."""
    folder = tmp_path_factory.mktemp("installed")
    wheel_options = ("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    succeed(sys.executable, "-m", "pip", "wheel", "--quiet", *wheel_options, str(ROOT), cwd=folder)
    venv.create(folder / "env", with_pip=True)
    pip = (folder / "env/bin/python", "-m", "pip", "install", "--quiet")
    (wheel,) = folder.glob("ticketctl-*.whl")
    succeed(*pip, "--require-hashes", "-r", ROOT / "constraints.txt", cwd=folder)
    succeed(*pip, "--no-deps", wheel, cwd=folder)
    return folder / "env" / "bin" / "ticketctl"


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / f"{PREFIX}wheel"
    succeed(installed, "init", root, cwd=tmp_path)
    yield root
    succeed(installed, "reset", "--yes", cwd=root)


def test_the_main_job_runs_from_an_installed_wheel(installed: Path, project: Path) -> None:
    report = json.loads(succeed(installed, "bootstrap", "--json", cwd=project))

    assert [(step["name"], step["state"]) for step in report["steps"]] == [
        ("up", "changed"),
        ("migrate", "changed"),
        ("index", "changed"),
        ("health", "unchanged"),
    ]
    again = json.loads(succeed(installed, "bootstrap", "--json", cwd=project))
    assert {step["state"] for step in again["steps"]} == {"unchanged"}


def test_the_wheel_holds_no_secret_of_this_checkout(installed: Path) -> None:
    packaged = list(installed.parents[1].glob("lib/python*/site-packages/ticketctl/template/**/*"))

    assert [path.name for path in packaged if path.name in (".env", ".lock")] == []
    assert {"ticketctl.yaml", ".env.example", "docker-compose.yml"} <= {path.name for path in packaged}


def test_init_says_what_it_would_write_and_never_overwrites(installed: Path, tmp_path: Path) -> None:
    root = tmp_path / "shop"

    plan = succeed(installed, "init", root, "--dry-run", cwd=tmp_path)
    assert "write     ticketctl.yaml" in plan
    assert not root.exists()

    succeed(installed, "init", root, cwd=tmp_path)
    assert "nothing to change" in succeed(installed, "init", root, cwd=tmp_path)

    (root / "ticketctl.yaml").write_text("runtime: external\n")
    refused = run(installed, "init", root, cwd=tmp_path)
    assert refused.returncode == 3
    assert "TKT-104" in refused.stderr
    assert "ticketctl.yaml" in refused.stderr
    assert (root / "ticketctl.yaml").read_text() == "runtime: external\n"
