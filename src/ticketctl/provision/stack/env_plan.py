"""What `compose/.env` should say, and why each value changes (pure but for the passwords that are handed in)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ticketctl.provision.stack.env_file import EnvFile, env_version
from ticketctl.provision.stack.naming import project_name
from ticketctl.provision.stack.ports.plan import PortChoice
from ticketctl.provision.stack.variables import (
    ENV_VERSION,
    EXAMPLE_PREFIX,
    HASH_KEY_VARIABLE,
    PROJECT_VARIABLE,
    VERSION_VARIABLE,
    env_sections,
    is_secret,
    port_variable,
    secret_variables,
)
from ticketctl.settings.model import Project

_PASSWORD_BYTES = 24
_INTRODUCTION = (
    "# Derived and secret values of this checkout, written by ticketctl; never committed.",
    "# Lines that you add are kept.",
)


@dataclass(frozen=True, slots=True)
class EnvChange:
    """One variable that is new or gets another value.

    Attributes:
        variable: Its name; empty for a change of the file as a whole.
        shown: The new value, empty for a secret.
        reason: Why.
    """

    variable: str
    shown: str
    reason: str

    def __str__(self) -> str:
        what = f"{self.variable}={self.shown}" if self.shown else self.variable or "compose/.env"
        return f"{what}: {self.reason}"


@dataclass(frozen=True, slots=True)
class EnvPlan:
    """The file as it should be.

    Attributes:
        file: Its content; holds the passwords.
        changes: What differs from the file on disk; holds none.
        replaced_examples: Variables whose example password is replaced: a server may still have it.
    """

    file: EnvFile
    changes: tuple[EnvChange, ...]
    replaced_examples: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the file has to be written."""
        return bool(self.changes)


def new_password() -> str:
    """Return 192 random bits as text that needs no quoting anywhere."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def prepare_env(
    project: Project,
    current: EnvFile | None,
    ports: Sequence[PortChoice],
    *,
    generate: Callable[[], str] = new_password,
) -> EnvPlan:
    """Return the file that the project needs.

    Args:
        project: The project.
        current: The file on disk, None when there is none.
        ports: Which port each service gets.
        generate: Makes a password.
    """
    sections = env_sections(project.settings)
    file = current or EnvFile(project.env_file, _INTRODUCTION, {})
    changes: list[EnvChange] = []
    values: dict[str, str] = {}

    def put(variable: str, value: str, reason: str) -> None:
        if file.values.get(variable) != value:
            values[variable] = value
            changes.append(EnvChange(variable, "" if is_secret(variable) else value, reason))

    put(VERSION_VARIABLE, str(ENV_VERSION), _version_reason(current))
    put(PROJECT_VARIABLE, *_project(project, file.values))
    for choice in ports:
        put(port_variable(choice.service), str(choice.port), choice.reason)
    replaced = _put_secrets(project, file.values, put, generate)
    if current is not None and current.too_open:
        changes.append(EnvChange("", "", "others could read the passwords; its mode becomes 0600"))
    return EnvPlan(file.with_values(values, sections), tuple(changes), replaced)


def with_derived(plan: EnvPlan, project: Project, values: Mapping[str, str], reason: str) -> EnvPlan:
    """Return the plan with values that could be derived only later: images, configuration hashes.

    Args:
        plan: The plan so far.
        project: The project.
        values: Variable to value.
        reason: Why they are there.
    """
    new = {name: value for name, value in values.items() if plan.file.values.get(name) != value}
    changes = tuple(EnvChange(name, value, reason) for name, value in new.items())
    file = plan.file.with_values(new, env_sections(project.settings))
    return EnvPlan(file, plan.changes + changes, plan.replaced_examples)


def _put_secrets(
    project: Project,
    values: Mapping[str, str],
    put: Callable[[str, str, str], None],
    generate: Callable[[], str],
) -> tuple[str, ...]:
    replaced = []
    for variable in (*secret_variables(project.settings), HASH_KEY_VARIABLE):
        value = values.get(variable, "")
        if value.startswith(EXAMPLE_PREFIX):
            put(variable, generate(), "example password replaced by a generated one")
            replaced.append(variable)
        elif not value:
            put(variable, generate(), "was missing; generated" if values else "generated")
    return tuple(replaced)


def _project(project: Project, values: Mapping[str, str]) -> tuple[str, str]:
    """Return the project's name and where it comes from; a remembered one keeps the data that carries it."""
    if project.settings.project:
        return project.settings.project, f"set by {project.sources.get('project', 'the settings')}"
    remembered = values.get(PROJECT_VARIABLE)
    if remembered:
        return remembered, "remembered"
    return project_name(project.root), "derived from the checkout's path"


def _version_reason(current: EnvFile | None) -> str:
    if current is None:
        return "new file"
    return f"upgraded from version {env_version(current)}"
