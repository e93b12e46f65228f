"""The generated Compose file as the real Compose binary and the specification's schema see it; nothing is started."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from integration.stack.plain import AWKWARD, TOPOLOGIES, compose, project_in
from projects import REPOSITORY
from ticketctl.provision.stack.definition.container_files import script
from ticketctl.provision.stack.env_file import EnvFile, read_env, write_env

pytestmark = pytest.mark.integration

SCHEMA = REPOSITORY / "tests" / "fixtures" / "compose-spec" / "compose-spec.json"


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_binary_accepts_the_file_with_the_example_values_and_without_any(tmp_path: Path, topology: str) -> None:
    project = project_in(tmp_path / "shop", topology)

    without = compose(project, "config", "--quiet")
    shutil.copy(project.compose_dir / ".env.example", project.env_file)
    with_example = compose(project, "config", "--quiet")

    assert (without.stderr, with_example.stderr) == ("", "")


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_file_keeps_to_the_schema_of_the_compose_specification(tmp_path: Path, topology: str) -> None:
    project = project_in(tmp_path / "shop", topology)
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    document: dict[str, Any] = yaml.safe_load(project.compose_file.read_text())

    assert [error.message for error in validator.iter_errors(document)] == []
    document["services"]["redis"]["no-such-key"] = 1
    assert not validator.is_valid(document)


def test_the_files_inside_containers_pass_through_compose_unchanged(tmp_path: Path) -> None:
    project = project_in(tmp_path / "shop", "single")
    document = json.loads(compose(project, "config", "--format", "json", "--no-interpolate").stdout)
    read = {name: config["content"].replace("$$", "$") for name, config in document["configs"].items()}

    assert read["mysql-create-accounts"] == script("create-accounts.sh")
    assert read["redis-start"] == script("start-redis.sh")


def test_compose_reads_the_env_file_as_we_do(tmp_path: Path) -> None:
    project = project_in(tmp_path / "shop", "single")
    awkward = [AWKWARD, "plain", "a b", "it's", 'say "hi"', "a#b", "#c", "$HOME", "ends\\", "ä€", "=", "a\\nb"]
    wanted = {f"VALUE_{number}": value for number, value in enumerate(awkward)}
    write_env(EnvFile(project.env_file, (), {}).with_values(wanted))
    written = (
        "1 # comment",
        "'x y' # c",
        "",
        " spaced  ",
        "a#b",
        "# x",
        "a\t#b",
        "'it\\'s'",
        "'a\\\\'",
        '"q\\"\\q\\\\"',
    )
    by_hand = "".join(f"HAND_{number}={value}\n" for number, value in enumerate(written))
    project.env_file.write_text(project.env_file.read_text() + by_hand + "export EXPORTED = 3\n")

    lines = compose(project, "config", "--environment").stdout
    ours = read_env(project.env_file)

    assert ours is not None
    assert {name: ours.values[name] for name in wanted} == wanted
    for name, value in ours.values.items():
        assert f"{name}={value}\n" in lines, name
