"""Examine a checkout: generated files, `compose/.env`, ports, and who is at work on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ticketctl.errors import TicketctlError
from ticketctl.infra.docker import Engine
from ticketctl.provision.doctor.model import Finding
from ticketctl.provision.doctor.observe import lock_holder
from ticketctl.provision.doctor.project import judge_env, judge_error, judge_files, judge_lock, judge_ports
from ticketctl.provision.stack.definition.files import compare_files
from ticketctl.provision.stack.env_file import EnvFile, read_env
from ticketctl.provision.stack.observe import compose_project, env_values
from ticketctl.provision.stack.prepare import look_for_ports
from ticketctl.settings.model import Project


@dataclass(frozen=True, slots=True)
class Traces:
    """What the stack of a checkout has left on the engine.

    Attributes:
        has_data: It has volumes.
        running: Containers of it run.
    """

    has_data: bool = False
    running: bool = False


def look_for_traces(project: Project, engine: Engine) -> Traces:
    """Return what the stack has on the engine."""
    name = compose_project(project, env_values(known_env(project)))
    return Traces(
        has_data=bool(engine.volumes(name)),
        running=any(container.state == "running" for container in engine.containers(name)),
    )


def examine_checkout(project: Project, engine: Engine | None, traces: Traces) -> Iterator[Finding]:
    """Yield a finding for each thing of the checkout that `up` needs.

    Args:
        project: The project.
        engine: The engine, None when none answers.
        traces: What the stack has on it.
    """
    checks: dict[str, Callable[[], Finding]] = {
        "lock": lambda: judge_lock(lock_holder(project.compose_dir / ".lock")),
        "generated files": lambda: judge_files(compare_files(project).files),
        "compose/.env": lambda: judge_env(read_env(project.env_file), project.settings, has_data=traces.has_data),
        "ports": lambda: judge_ports(look_for_ports(project, engine, env_values(known_env(project)))),
    }
    for name, check in checks.items():
        try:
            yield check()
        except TicketctlError as error:
            yield judge_error(name, error)


def known_env(project: Project) -> EnvFile | None:
    """Return `compose/.env`; None also when it cannot be read, which has a finding of its own."""
    try:
        return read_env(project.env_file)
    except TicketctlError:
        return None
