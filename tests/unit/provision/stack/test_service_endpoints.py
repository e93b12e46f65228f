"""The databases with the accounts of the services that own them."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects import project_of, this_project
from ticketctl.errors import EnvFileError
from ticketctl.provision.stack.endpoints import stack_endpoints
from ticketctl.provision.stack.env_file import write_env
from ticketctl.provision.stack.env_plan import prepare_env
from ticketctl.provision.stack.ports.plan import choose_ports, wanted_ports
from ticketctl.provision.stack.service_endpoints import owner, service_endpoints
from ticketctl.settings.model import Project

WITHOUT_EVENTS_SERVICE = """
databases:
  events: { name: events_db, migrations: migrations/events }
  audits: { name: audits_db, migrations: migrations/audits }
services:
  indexer: { description: index, language: go, port: 8088, databases: [events] }
"""


def started(project: Project) -> Project:
    """The project with its `.env`, in which each password is another one."""
    passwords = iter(f"password-{number}" for number in range(100))
    ports = choose_ports(project, wanted_ports(project, {}), {})
    write_env(prepare_env(project, None, ports, generate=lambda: next(passwords)).file)
    return project


def test_a_database_belongs_to_the_service_of_its_name() -> None:
    settings = this_project().settings

    assert {key: owner(settings, key) for key in settings.databases} == {
        "events": "events",
        "inventory": "inventory",
        "bookings": "booking",
    }


def test_each_database_is_reached_as_its_service(tmp_path: Path) -> None:
    project = started(project_of(tmp_path))

    found, migrating = service_endpoints(project), stack_endpoints(project).mysql

    assert [one.user for one in found.values()] == ["indexer", "booking"]
    assert {key: (one.address, one.database) for key, one in found.items()} == {
        key: (one.address, one.database) for key, one in migrating.items()
    }
    passwords = {one.password.reveal() for one in (*found.values(), *migrating.values())}
    assert len(passwords) == 3


def test_a_database_of_no_service_keeps_the_account_that_migrates(tmp_path: Path) -> None:
    project = started(project_of(tmp_path, WITHOUT_EVENTS_SERVICE))

    assert [one.user for one in service_endpoints(project).values()] == ["indexer", "ticketctl_migrate"]


def test_a_stack_that_was_never_started_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EnvFileError) as caught:
        service_endpoints(project_of(tmp_path))

    assert "ticketctl up" in caught.value.next_step
