"""The doctor on this machine, with the real engine, real files, real ports and a real command at work."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from live_stack import LiveStack
from ticketctl.errors import ProjectNotFoundError
from ticketctl.infra.docker import connect_engine
from ticketctl.provision.doctor.diagnose import diagnose
from ticketctl.provision.doctor.model import Finding
from ticketctl.provision.stack.lock import stack_lock
from ticketctl.provision.stack.observe import compose_project
from ticketctl.settings.model import Project

pytestmark = pytest.mark.integration
MACHINE = ["settings", "engine", "compose", "disk", "memory", "vm.max_map_count", "clock", "registry"]
CHECKOUT = ["images", "lock", "generated files", "compose/.env", "ports"]


@pytest.fixture
def checkout(tmp_path: Path) -> LiveStack:
    """A fresh project; nothing of it runs."""
    return LiveStack.create(tmp_path, "doctor")


def examined(load: Callable[[], Project], **environ: str) -> dict[str, Finding]:
    return {finding.name: finding for finding in diagnose(load, environ={**os.environ, **environ}).findings}


def test_a_fresh_checkout_on_a_machine_with_an_engine_can_go_ahead(checkout: LiveStack) -> None:
    document = checkout.json("doctor")

    assert [finding["name"] for finding in document["findings"]] == [*MACHINE, *CHECKOUT]
    assert not [finding for finding in document["findings"] if finding["blocks"]]
    engine = connect_engine(os.environ)
    assert engine.version().version in document["findings"][1]["detail"]
    engine.close()
    assert not (checkout.root / "compose" / ".env").exists(), "the doctor changes nothing"
    assert not (checkout.root / "compose" / ".lock").exists()


def test_without_a_project_the_machine_alone_is_examined(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ticketctl.cli.entry", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert [finding["name"] for finding in findings] == MACHINE
    assert findings[0]["level"] == "skipped"


def test_without_an_engine_it_blocks_and_still_examines_the_rest(checkout: LiveStack) -> None:
    done = replace(checkout, environ={"DOCKER_HOST": "unix:///nonexistent/docker.sock"}).start("doctor")

    assert done.returncode == 1
    assert "fix: start that engine, or choose the local one (`unset DOCKER_HOST`)" in done.stdout
    assert done.stdout.rstrip().endswith("`ticketctl up` cannot succeed: engine")
    assert re.search(r"^ok +ports ", done.stdout, re.MULTILINE)


def test_settings_that_do_not_hold_together_block(checkout: LiveStack) -> None:
    file = checkout.root / "ticketctl.yaml"
    file.write_text(file.read_text().replace("databases:", "databass:", 1))

    done = checkout.start("doctor", "--json")

    assert done.returncode == 1
    finding = json.loads(done.stdout)["findings"][0]
    assert finding["blocks"]
    assert "databass" in finding["detail"]


def test_with_external_servers_no_engine_is_asked_for(checkout: LiveStack) -> None:
    environ = {"TICKETCTL_RUNTIME": "external", "DOCKER_HOST": "unix:///nonexistent/docker.sock"}

    document = replace(checkout, environ=environ).json("doctor")

    assert [finding["level"] for finding in document["findings"]] == ["ok", "skipped"]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_of_the_settings_that_is_taken_blocks_and_names_the_holder(checkout: LiveStack, taken_port: int) -> None:
    project = checkout.project
    ports = replace(project.settings.ports, fixed={"redis": taken_port})
    fixed = replace(project, settings=replace(project.settings, ports=ports))

    finding = examined(lambda: fixed)["ports"]

    assert finding.blocks
    assert f"pid {os.getpid()}" in finding.detail


def test_a_remembered_port_that_is_taken_is_a_warning(checkout: LiveStack, taken_port: int) -> None:
    checkout.project.env_file.write_text(f"ENV_VERSION=1\nREDIS_PORT={taken_port}\n")

    finding = examined(lambda: checkout.project)["ports"]

    assert (finding.level, finding.blocks) == ("warn", False)
    assert f"{taken_port} is held by pid {os.getpid()}" in finding.detail


def test_an_env_file_that_cannot_be_used_blocks_with_its_line(checkout: LiveStack) -> None:
    checkout.project.env_file.write_text("ENV_VERSION=1\nthis is no assignment\n")

    finding = examined(lambda: checkout.project)["compose/.env"]

    assert finding.blocks
    assert ".env:2" in finding.detail


def test_an_edited_compose_file_blocks(checkout: LiveStack) -> None:
    file = checkout.project.compose_file
    file.write_text(file.read_text() + "# mine\n")

    assert examined(lambda: checkout.project)["generated files"].blocks


def test_a_command_at_work_on_the_stack_blocks(checkout: LiveStack) -> None:
    with stack_lock(checkout.project.compose_dir / ".lock", "ticketctl up"):
        finding = examined(lambda: checkout.project)["lock"]

    assert finding.blocks
    assert str(os.getpid()) in finding.detail
    assert examined(lambda: checkout.project)["lock"].level == "ok"


def test_data_without_its_password_file_blocks(checkout: LiveStack) -> None:
    from docker import APIClient

    from ticketctl.infra.docker.address import engine_address
    from ticketctl.infra.docker.model import PROJECT_LABEL

    name = compose_project(checkout.project, {})
    client = APIClient(base_url=engine_address(os.environ).host, version="auto")
    client.create_volume(f"{name}_mysql-data", labels={PROJECT_LABEL: name})
    try:
        finding = examined(lambda: checkout.project)["compose/.env"]
    finally:
        client.remove_volume(f"{name}_mysql-data")
        client.close()

    assert finding.blocks
    assert "there is data made with it" in finding.detail


def test_an_image_that_nobody_has_blocks(checkout: LiveStack, taken_port: int) -> None:
    reference = f"127.0.0.1:{taken_port}/nobody/has:this"  # a port that is no registry
    project = checkout.project
    images = replace(project.settings.images, redis=reference)

    finding = examined(lambda: replace(project, settings=replace(project.settings, images=images)))["images"]

    assert finding.blocks
    assert reference in finding.detail


def test_a_missing_project_is_told_apart_from_a_broken_one() -> None:
    def load() -> Project:
        raise ProjectNotFoundError("none here")

    assert examined(load)["settings"].level == "skipped"
