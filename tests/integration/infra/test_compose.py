"""The Compose binary's adapter with the real binary."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.eventually import eventually
from integration.process import is_alive
from ticketctl.errors import ComposeError
from ticketctl.infra.compose import Compose, find_compose
from ticketctl.infra.docker import connect_engine

pytestmark = pytest.mark.integration
FILE = """
services:
  a:
    image: ticketctl/base:bookworm
    command: ["sh", "-c", "echo from a; sleep 600"]
    init: true
    stop_grace_period: 1s
    environment: {COLOR: "${COLOR:-none}"}
"""
# Starts a command that never ends by itself, and says its process id.
STARTER = """
import os, sys, time
from pathlib import Path
from ticketctl.infra.compose import find_compose
process = find_compose(os.environ).start(["events"], project=sys.argv[1], file=None, env=os.environ)
print(process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def compose() -> Compose:
    return find_compose(os.environ)


@pytest.fixture
def project(compose: Compose, tmp_path: Path) -> Iterator[str]:
    name = f"ticketctl-test-{uuid.uuid4().hex[:8]}"
    (tmp_path / "compose.yml").write_text(FILE)
    yield name
    compose.run(["down", "--volumes"], project=name, file=None, env=os.environ)


def test_lines_come_as_they_are_printed_and_are_returned(compose: Compose, project: str, tmp_path: Path) -> None:
    heard: list[str] = []

    lines = compose.run(
        ["up", "--detach"], project=project, file=tmp_path / "compose.yml", env=os.environ, on_line=heard.append
    )

    assert lines == tuple(heard)
    assert lines[-1] == f"Container {project}-a-1  Started"


def test_without_a_file_the_project_is_known_by_its_containers(compose: Compose, project: str, tmp_path: Path) -> None:
    compose.run(["up", "--detach"], project=project, file=tmp_path / "compose.yml", env=os.environ)
    (tmp_path / "compose.yml").unlink()

    printed = eventually(
        lambda: compose.run(["logs", "--no-color"], project=project, file=None, env=os.environ), lambda lines: lines
    )
    compose.run(["down"], project=project, file=None, env=os.environ)

    assert printed == ("a-1  | from a",)
    engine = connect_engine(os.environ)
    assert engine.containers(project) == ()
    engine.close()


def test_a_failure_is_an_error_with_the_last_lines(compose: Compose, project: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {a: {imagine: x}}")

    with pytest.raises(ComposeError, match="`docker compose up` failed with exit status") as caught:
        compose.run(["up"], project=project, file=tmp_path / "compose.yml", env=os.environ)

    assert caught.value.returncode != 0
    assert "imagine" in caught.value.why


def test_config_fills_in_the_variables_of_the_given_environment_alone(compose: Compose, tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text(FILE)
    environ = {"PATH": os.environ["PATH"]}

    assert compose.config(file=file, env=environ)["services"]["a"]["environment"] == {"COLOR": "none"}
    blue = compose.config(file=file, env={**environ, "COLOR": "blue"})
    assert blue["services"]["a"]["environment"] == {"COLOR": "blue"}
    file.write_text("services: [")
    with pytest.raises(ComposeError, match="`docker compose config` failed"):
        compose.config(file=file, env=environ)


def test_stopping_ends_the_process_at_once(compose: Compose, project: str) -> None:
    began = time.monotonic()

    with compose.start(["events"], project=project, file=None, env=os.environ) as process:
        assert process.poll() is None

    assert process.poll() is not None
    assert time.monotonic() - began < 5


def test_no_command_goes_on_when_its_parent_was_killed(project: str) -> None:
    with subprocess.Popen([sys.executable, "-c", STARTER, project], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()

    eventually(lambda: is_alive(pid), lambda alive: not alive, 5)
