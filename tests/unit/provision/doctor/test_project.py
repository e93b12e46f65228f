"""The verdict on a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects import project_of
from ticketctl.errors import PortUnavailableError
from ticketctl.provision.doctor.model import Diagnosis, blocked, ok, warn
from ticketctl.provision.doctor.project import judge_env, judge_error, judge_files, judge_lock, judge_ports
from ticketctl.provision.stack.definition.env_example import render_env_example
from ticketctl.provision.stack.definition.files import GeneratedFile
from ticketctl.provision.stack.env_file import parse_env
from ticketctl.provision.stack.env_plan import prepare_env
from ticketctl.provision.stack.ports.plan import PortChoice
from ticketctl.settings.model import Project

FILE = Path("docker-compose.yml")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_of(tmp_path)


@pytest.fixture
def whole(project: Project) -> str:
    """A `compose/.env` that lacks nothing."""
    return prepare_env(project, None, ()).file.text


def without(text: str, variable: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith(f"{variable}="))


def test_a_whole_env_file_is_fine(project: Project, whole: str) -> None:
    finding = judge_env(parse_env(project.env_file, whole), project.settings, has_data=True)

    assert finding.level == "ok"


def test_no_env_file_is_fine_before_the_first_up(project: Project) -> None:
    assert judge_env(None, project.settings, has_data=False).level == "ok"


def test_a_lost_env_file_blocks_when_there_is_data_made_with_it(project: Project) -> None:
    finding = judge_env(None, project.settings, has_data=True)

    assert finding.blocks
    assert "put the old file back" in finding.fix


def test_a_lost_administrators_password_blocks_only_when_there_is_data(project: Project, whole: str) -> None:
    env = parse_env(project.env_file, without(whole, "MYSQL_ROOT_PASSWORD"))

    assert judge_env(env, project.settings, has_data=True).blocks
    assert judge_env(env, project.settings, has_data=False).level == "warn"


@pytest.mark.parametrize("variable", ["REDIS_PASSWORD", "SERVICE_SEARCH_PASSWORD"])
def test_any_other_missing_password_is_set_anew(project: Project, whole: str, variable: str) -> None:
    finding = judge_env(parse_env(project.env_file, without(whole, variable)), project.settings, has_data=True)

    assert (finding.level, finding.blocks) == ("warn", False)
    assert f"lacks {variable}" in finding.detail


def test_an_older_too_open_or_example_file_is_told(project: Project, whole: str) -> None:
    old = parse_env(project.env_file, whole.replace("ENV_VERSION=1", "ENV_VERSION=0"), too_open=True)
    example = parse_env(project.env_file, render_env_example(project.settings))

    assert "layout of version 0" in judge_env(old, project.settings, has_data=True).detail
    assert "others than its owner" in judge_env(old, project.settings, has_data=True).detail
    assert "passwords of the example" in judge_env(example, project.settings, has_data=True).detail


def test_no_verdict_shows_a_password(project: Project, whole: str) -> None:
    env = parse_env(project.env_file, whole)
    for variable in env.values:
        text = repr(judge_env(parse_env(project.env_file, without(whole, variable)), project.settings, has_data=True))
        assert not [name for name, value in env.values.items() if name.endswith("_PASSWORD") and value in text]


def test_a_generated_file_that_was_edited_blocks() -> None:
    assert judge_files([GeneratedFile(FILE, "changed", edited=True, diff="")]).blocks
    assert judge_files([GeneratedFile(FILE, "changed", edited=False, diff="")]).level == "ok"
    assert judge_files([GeneratedFile(FILE, "unchanged", edited=False, diff="")]).level == "ok"


def test_a_replaced_port_is_a_warning_that_names_the_holder() -> None:
    moved = PortChoice("redis", 20099, "20010 is held by pid 7 (redis-server)", replaced=20010, holder="pid 7")

    finding = judge_ports([PortChoice("mysql", 20000, "remembered"), moved])

    assert (finding.level, finding.blocks) == ("warn", False)
    assert finding.detail == "redis: 20010 is held by pid 7 (redis-server), it gets 20099"


def test_what_up_would_stop_at_blocks() -> None:
    error = PortUnavailableError("port 80 is taken", port=80, holder="pid 1", why="held by pid 1", next_step="stop it")

    assert judge_error("ports", error) == blocked("ports", "port 80 is taken: held by pid 1", "stop it")


def test_a_command_at_work_blocks() -> None:
    assert judge_lock(4711).blocks
    assert "kill -INT 4711" in judge_lock(4711).fix
    assert judge_lock(None).level == "ok"


def test_a_diagnosis_is_good_until_something_blocks() -> None:
    assert Diagnosis((ok("a", ""), warn("b", "", ""))).ok
    assert not Diagnosis((ok("a", ""), blocked("b", "", ""))).ok
