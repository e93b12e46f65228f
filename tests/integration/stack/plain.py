"""A stack started by Compose alone, as by somebody who copied the example file and has no ticketctl."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.servers import docker, image, processes
from leftovers import PREFIX
from projects import REPOSITORY
from ticketctl.infra.compose import find_compose
from ticketctl.provision.stack.definition.files import write_files
from ticketctl.provision.stack.env_file import EnvFile, parse_env, write_env
from ticketctl.provision.stack.variables import container_ports, image_variable, port_variable
from ticketctl.settings.endpoints import MysqlEndpoint, RedisEndpoint
from ticketctl.settings.loader import load_project
from ticketctl.settings.model import Project

TOPOLOGIES = ("single", "split")
# Characters that a shell, SQL, sed, Compose and the templates' own placeholders would each like to read their way.
AWKWARD = "a\\b'c\"d$e&f {{redis_password}} %s /#g"


def project_in(root: Path, topology: str) -> Project:
    """A project like this repository's, with freshly generated files."""
    root.mkdir(parents=True)
    text = (REPOSITORY / "ticketctl.yaml").read_text()
    assert "topology: single" in text
    (root / "ticketctl.yaml").write_text(text.replace("topology: single", f"topology: {topology}"))
    project = load_project(root / "ticketctl.yaml", {})
    write_files(project)
    return project


def compose(project: Project, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the binary as a user would, in the folder of the file."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    done = subprocess.run(
        [find_compose(os.environ).path, *arguments],
        cwd=project.compose_dir,
        env=environ,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@dataclass(frozen=True)
class PlainStack:
    """Servers started by Compose alone, from a copy of the example file."""

    project: Project
    env: EnvFile

    def mysql(self, server: str, user: str, variable: str) -> MysqlEndpoint:
        port = self.env.port(port_variable(server))
        return MysqlEndpoint("127.0.0.1", port, user, self.env.secret(variable))

    def redis(self, user: str, variable: str) -> RedisEndpoint:
        return RedisEndpoint("127.0.0.1", self.env.port(port_variable("redis")), user, self.env.secret(variable))

    def container(self, service: str) -> dict[str, Any]:
        name = compose(self.project, "ps", "--all", "--quiet", service).stdout.strip()
        found: list[dict[str, Any]] = json.loads(docker("inspect", name))
        return found[0]


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def plain_env(project: Project, name: str) -> EnvFile:
    """The copied example file, with what two stacks on one machine cannot share, and one awkward password."""
    shutil.copy(project.compose_dir / ".env.example", project.env_file)
    services = list(container_ports(project.settings))
    ports = zip(services, free_ports(len(services)), strict=True)
    values = {port_variable(service): str(port) for service, port in ports}
    values |= {image_variable(kind): image(kind) for kind in ("mysql", "redis", "elasticsearch", "service")}
    values |= {"COMPOSE_PROJECT_NAME": f"{PREFIX}{name}", "SERVICE_BOOKING_PASSWORD": AWKWARD}
    env = parse_env(project.env_file, project.env_file.read_text()).with_values(values)
    write_env(env)
    return env


def everything_shown(container: str, *, running: bool = True) -> str:
    """All that the engine tells anybody about a container: its definition, its log, its processes."""
    log = subprocess.run(
        ["docker", "logs", container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    lines = [arguments for _, arguments in processes(container)] if running else []
    return docker("inspect", container) + log.stdout + "\n".join(lines)
