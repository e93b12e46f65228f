"""`ticketctl reservations`: where the inventory is, and with which account."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects import project_of
from ticketctl.cli import runner
from ticketctl.cli.invocation import Invocation
from ticketctl.cli.reservations import inventory_endpoint
from ticketctl.errors import EnvFileError, ExitCode, UnknownNameError
from ticketctl.provision.stack.env_file import write_env
from ticketctl.provision.stack.env_plan import prepare_env
from ticketctl.provision.stack.ports.plan import choose_ports, wanted_ports

TEXT = """
databases:
  inventory: { name: inventory_db, migrations: migrations/inventory }
  events: { name: events_db, migrations: migrations/events }
services:
  inventory: { description: seats, language: go, port: 8083, databases: [inventory], depends_on: [redis] }
"""


def invocation(folder: Path, text: str = TEXT) -> Invocation:
    project_of(folder, text)
    run = Invocation({})
    run.config = folder / "ticketctl.yaml"
    return run


def test_the_inventory_of_the_stack_is_reached_as_its_service(tmp_path: Path) -> None:
    run = invocation(tmp_path)
    passwords = iter(f"password-{number}" for number in range(100))
    ports = choose_ports(run.project, wanted_ports(run.project, {}), {})
    write_env(prepare_env(run.project, None, ports, generate=lambda: next(passwords)).file)

    endpoint = inventory_endpoint(run)

    assert (endpoint.user, endpoint.database) == ("inventory", "inventory_db")
    assert run.endpoints.mysql["inventory"].user == "ticketctl_migrate"


def test_one_that_runs_elsewhere_is_reached_with_the_account_of_the_settings(tmp_path: Path) -> None:
    run = invocation(tmp_path, f"runtime: external\nmysql: {{ host: db.example, user: looker }}\n{TEXT}")
    assert (inventory_endpoint(run).user, inventory_endpoint(run).host) == ("looker", "db.example")


def test_a_stack_that_was_never_started_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EnvFileError) as caught:
        inventory_endpoint(invocation(tmp_path))
    assert "ticketctl up" in caught.value.next_step


def test_a_project_without_an_inventory_says_so(tmp_path: Path) -> None:
    text = TEXT.replace("  inventory: { name", "  seats: { name").replace("databases: [inventory]", "databases: []")
    with pytest.raises(UnknownNameError, match="there is no database 'inventory'"):
        inventory_endpoint(invocation(tmp_path, f"runtime: external\n{text}"))


@pytest.mark.parametrize("command", [["status", "42"], ["reconcile"]])
@pytest.mark.parametrize("namespace", ["", "seat{", "seat*"])
def test_what_cannot_be_a_namespace_is_a_usage_error(
    command: list[str], namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.run(["reservations", *command, "--namespace", namespace]) == ExitCode.USAGE
    assert "cannot be a namespace" in capsys.readouterr().err
