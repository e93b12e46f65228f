"""The whole stack as the Compose file alone starts it: everything healthy, every account with its part."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from integration.stack.plain import PlainStack, compose, everything_shown, plain_env, project_in
from leftovers import hold_test_lock
from ticketctl.provision.stack.accounts.reconcile import reconcile_server
from ticketctl.provision.stack.variables import container_ports, port_variable, secret_variables

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainStack]:
    """Everything that the file holds, started as a user without ticketctl would."""
    hold_test_lock()
    project = project_in(tmp_path_factory.mktemp("plain") / "shop", "single")
    stack = PlainStack(project, plain_env(project, f"plain-whole-{os.getpid()}"))
    try:
        compose(project, "up", "--detach", "--no-build", "--wait", *project.settings.services)
        yield stack
    finally:
        compose(project, "down", "--volumes", "--timeout", "5")


def asked(stack: PlainStack, method: str, path: str, account: tuple[str, str] | None, body: object = None) -> int:
    """The status of a request to Elasticsearch."""
    address = f"http://127.0.0.1:{stack.env.port('ELASTICSEARCH_PORT')}{path}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    if account:
        user, variable = account
        login = f"{user}:{stack.env.values[variable]}".encode()
        request.add_header("Authorization", "Basic " + base64.b64encode(login).decode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_everything_becomes_healthy_by_compose_alone(whole: PlainStack) -> None:
    services = ("mysql", "redis", "elasticsearch", *whole.project.settings.services)
    states = {name: whole.container(name)["State"] for name in services}

    assert {name: state["Health"]["Status"] for name, state in states.items()} == dict.fromkeys(services, "healthy")
    setup = whole.container("elasticsearch-setup")
    assert (setup["State"]["Status"], setup["State"]["ExitCode"]) == ("exited", 0)


def test_each_elasticsearch_account_may_do_its_part_and_no_more(whole: PlainStack) -> None:
    index = ("ticketctl_index", "INDEX_PASSWORD")
    writer = ("indexer", "SERVICE_INDEXER_PASSWORD")
    reader = ("search", "SERVICE_SEARCH_PASSWORD")
    document = {"title": "x"}

    assert asked(whole, "GET", "/_cluster/health", None) == 401
    assert asked(whole, "GET", "/_cluster/health", ("indexer", "SERVICE_SEARCH_PASSWORD")) == 401
    assert asked(whole, "PUT", "/events_v1_x", reader) == 403
    assert asked(whole, "PUT", "/events_v1_x", writer) == 403
    alias = {"aliases": {"events": {}}, "settings": {"number_of_replicas": 0}}
    assert asked(whole, "PUT", "/events_v1_x", index, alias) == 200
    assert asked(whole, "PUT", "/other", index) == 403
    assert asked(whole, "PUT", "/events/_doc/1", writer, document) == 201
    assert asked(whole, "PUT", "/events/_doc/2", reader, document) == 403
    assert asked(whole, "GET", "/events/_search", reader) == 200
    assert asked(whole, "GET", "/_security/user", reader) == 403
    assert asked(whole, "GET", "/_cluster/settings", index) == 200
    assert asked(whole, "DELETE", "/events_v1_x", index) == 200


def test_elasticsearch_has_nothing_to_reconcile_after_the_setup(whole: PlainStack) -> None:
    assert reconcile_server(whole.project, whole.env, "elasticsearch", dry_run=True).changes == ()


def test_services_say_that_they_are_ready_on_their_ports(whole: PlainStack) -> None:
    for name, service in whole.project.settings.services.items():
        address = f"http://127.0.0.1:{whole.env.port(port_variable(name))}{service.ready_path}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.status == 200, name


def test_no_password_of_any_container_can_be_inspected(whole: PlainStack) -> None:
    passwords = [whole.env.values[variable] for variable in secret_variables(whole.project.settings)]
    for service in ("mysql", "redis", "elasticsearch", "elasticsearch-setup", *whole.project.settings.services):
        shown = everything_shown(whole.container(service)["Id"], running=service != "elasticsearch-setup")
        assert [password for password in passwords if password in shown] == [], service


def test_every_port_is_published_on_loopback_only(whole: PlainStack) -> None:
    for service in container_ports(whole.project.settings):
        ports = whole.container(service)["NetworkSettings"]["Ports"].values()
        published = [binding["HostIp"] for bindings in ports for binding in bindings or ()]
        assert published == ["127.0.0.1"], service
