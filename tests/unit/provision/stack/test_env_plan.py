from itertools import count
from pathlib import Path

import pytest

from projects import project_of
from ticketctl.provision.stack.definition.env_example import render_env_example
from ticketctl.provision.stack.env_file import parse_env
from ticketctl.provision.stack.env_plan import EnvPlan, new_password, prepare_env, with_derived
from ticketctl.provision.stack.ports.plan import PortChoice
from ticketctl.provision.stack.variables import env_sections, secret_variables
from ticketctl.settings.model import Project

PORTS = (PortChoice("redis", 20010, "block 20000 of this checkout"),)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_of(tmp_path / "My Shop")


def plan(project: Project, text: str | None = None, **options: bool) -> EnvPlan:
    numbers = count(1)
    current = None if text is None else parse_env(project.env_file, text, **options)
    return prepare_env(project, current, PORTS, generate=lambda: f"secret{next(numbers)}")


def reasons(made: EnvPlan) -> dict[str, str]:
    return {change.variable: change.reason for change in made.changes}


def test_a_new_file_holds_a_password_for_each_account(project: Project) -> None:
    made = plan(project)
    passwords = [made.file.values[name] for name in secret_variables(project.settings)]

    assert len(set(passwords)) == len(passwords) == 9
    assert made.file.values["COMPOSE_PROJECT_NAME"].startswith("my-shop-")
    assert made.file.values["REDIS_PORT"] == "20010"
    assert parse_env(project.env_file, made.file.text).values == made.file.values


def test_the_plan_shows_no_password(project: Project) -> None:
    made = plan(project)
    shown = "\n".join(str(change) for change in made.changes)

    assert "REDIS_PASSWORD: generated" in shown
    assert "REDIS_PORT=20010: block 20000 of this checkout" in shown
    assert "secret" not in shown + repr(made)


def test_a_complete_file_is_left_alone(project: Project) -> None:
    first = plan(project)
    again = plan(project, first.file.text)

    assert not again.changed
    assert again.file.text == first.file.text


def test_example_passwords_are_replaced_and_the_project_s_name_stays(project: Project) -> None:
    made = plan(project, render_env_example(project.settings))

    assert made.file.values["COMPOSE_PROJECT_NAME"] == "ticketctl"
    assert not any(value.startswith("example-") for value in made.file.values.values())
    assert made.replaced_examples == secret_variables(project.settings)
    assert reasons(made)["MYSQL_ROOT_PASSWORD"] == "example password replaced by a generated one"
    assert "generated from" not in made.file.text


def test_a_missing_password_is_added_and_said(project: Project) -> None:
    complete = plan(project).file.text
    text = "\n".join(line for line in complete.splitlines() if not line.startswith("HEALTH_PASSWORD"))

    made = plan(project, text)

    assert reasons(made) == {"HEALTH_PASSWORD": "was missing; generated"}
    assert made.file.values["HEALTH_PASSWORD"] == "secret1"


def test_a_file_without_a_version_is_upgraded(project: Project) -> None:
    complete = plan(project).file.text.replace("ENV_VERSION=1\n", "")

    assert reasons(plan(project, complete)) == {"ENV_VERSION": "upgraded from version 0"}


def test_what_the_user_added_stays(project: Project) -> None:
    made = plan(project, "# mine\nMY_SETTING=7\n")

    assert made.file.lines[:2] == ("# mine", "MY_SETTING=7")


def test_a_file_that_others_may_read_is_written_again(project: Project) -> None:
    complete = plan(project).file.text

    made = plan(project, complete, too_open=True)

    assert [str(change) for change in made.changes] == [
        "compose/.env: others could read the passwords; its mode becomes 0600"
    ]


def test_a_project_name_in_the_settings_comes_first(tmp_path: Path) -> None:
    project = project_of(tmp_path, project="shop")
    made = plan(project, "COMPOSE_PROJECT_NAME=other\n")

    assert made.file.values["COMPOSE_PROJECT_NAME"] == "shop"
    assert "ticketctl.yaml:" in reasons(made)["COMPOSE_PROJECT_NAME"]


def test_values_that_come_later_are_added_once(project: Project) -> None:
    made = with_derived(plan(project), project, {"REDIS_IMAGE": "redis:8"}, "the registry answers")

    assert made.file.values["REDIS_IMAGE"] == "redis:8"
    assert reasons(made)["REDIS_IMAGE"] == "the registry answers"
    assert with_derived(made, project, {"REDIS_IMAGE": "redis:8"}, "again").changes == made.changes


def test_every_variable_of_the_layout_stands_in_one_section(project: Project) -> None:
    variables = [name for section in env_sections(project.settings) for name in section.variables]

    assert len(set(variables)) == len(variables)
    assert {"MYSQL_PORT", "SERVICE_IMAGE", "TICKETCTL_HASH_ELASTICSEARCH_SETUP", "TICKETCTL_HASH_KEY"} <= set(variables)


def test_passwords_are_long_and_need_no_quoting() -> None:
    made = {new_password() for _ in range(100)}

    assert len(made) == 100
    assert all(len(password) == 32 and password.replace("-", "").replace("_", "").isalnum() for password in made)
