from pathlib import Path

import pytest

from projects import project_of
from ticketctl.errors import EnvFileError
from ticketctl.provision.stack.endpoints import admin_endpoints, docker_endpoints, stack_endpoints
from ticketctl.provision.stack.env_file import EnvFile, write_env
from ticketctl.provision.stack.env_plan import prepare_env
from ticketctl.provision.stack.ports.plan import choose_ports, wanted_ports
from ticketctl.settings.model import Project


def env_of(project: Project) -> EnvFile:
    ports = choose_ports(project, wanted_ports(project, {}), {})
    return prepare_env(project, None, ports, generate=lambda: "pw").file


def test_databases_of_one_server_share_its_port(tmp_path: Path) -> None:
    project = project_of(tmp_path, ports="{block: 25000}")
    endpoints = docker_endpoints(project, env_of(project))

    assert {key: (e.address, e.user, e.database) for key, e in endpoints.mysql.items()} == {
        "events": ("127.0.0.1:25000", "ticketctl_migrate", "events_db"),
        "bookings": ("127.0.0.1:25000", "ticketctl_migrate", "bookings_db"),
    }
    assert (endpoints.redis.address, endpoints.redis.user) == ("127.0.0.1:25010", "ticketctl")
    assert (endpoints.elasticsearch.url, endpoints.elasticsearch.user) == ("http://127.0.0.1:25020", "ticketctl_index")
    assert endpoints.redis.password.reveal() == "pw"


def test_split_databases_have_a_server_each(tmp_path: Path) -> None:
    project = project_of(tmp_path, ports="{block: 25000}", mysql="{topology: split}")
    env = env_of(project)

    assert [e.port for e in docker_endpoints(project, env).mysql.values()] == [25000, 25001]
    servers = admin_endpoints(project, env).mysql
    assert {name: (s.endpoint.port, s.endpoint.user, s.databases) for name, s in servers.items()} == {
        "mysql-events": (25000, "root", ("events",)),
        "mysql-bookings": (25001, "root", ("bookings",)),
    }


def test_a_missing_file_or_value_says_what_to_do(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    with pytest.raises(EnvFileError, match="does not exist") as raised:
        stack_endpoints(project)
    assert "ticketctl up" in raised.value.next_step

    write_env(EnvFile(project.env_file, ("MYSQL_PORT=1",), {}))
    with pytest.raises(EnvFileError, match="has no MIGRATION_PASSWORD"):
        stack_endpoints(project)


def test_the_file_on_disk_is_used(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    write_env(env_of(project))

    assert stack_endpoints(project) == docker_endpoints(project, env_of(project))
