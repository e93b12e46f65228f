"""Roles and users on a real Elasticsearch node, changed by hand and set right again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.conftest import elastic_of
from integration.servers import Server, docker, wait_until
from ticketctl.errors import BackendError, BackendLoginError, BackendPermissionError, BackendUnreachableError
from ticketctl.events import Event
from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.provision.stack.accounts.desired import desired_accounts
from ticketctl.provision.stack.accounts.elasticsearch import reconcile_elasticsearch
from ticketctl.provision.stack.accounts.model import ElasticsearchAccount
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.loader import load_project
from ticketctl.settings.model import ServiceSettings, Settings
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration
EXAMPLE = Secret("example-elastic-password")
ROOT = Path(__file__).parents[3]
Reconcile = Callable[..., tuple[str, ...]]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_project(ROOT / "ticketctl.yaml", {}).settings


@pytest.fixture(scope="module")
def passwords(settings: Settings) -> dict[str, Secret]:
    variables = desired_accounts(settings).password_variables("elasticsearch")
    return {variable: Secret(f'{variable}"\\%s:é') for variable in variables}


@pytest.fixture
def reconcile(own_elasticsearch: Server, settings: Settings, passwords: dict[str, Secret]) -> Iterator[Reconcile]:
    """Reconciles the node; before the test it is as it should be, and after the test again."""
    desired = desired_accounts(settings).elasticsearch

    def run(
        wanted: tuple[ElasticsearchAccount, ...] = desired, known: dict[str, Secret] = passwords, **options: Any
    ) -> tuple[str, ...]:
        admin = elastic_of(own_elasticsearch)
        return reconcile_elasticsearch(wanted, admin, known, example_password=EXAMPLE, **options).changes

    # The first change makes the node's index of accounts, whose shards take a moment to start.
    wait_until(run, own_elasticsearch)
    yield run
    run()


@pytest.fixture
def elastic(own_elasticsearch: Server) -> Iterator[Any]:
    with closing(connect(elastic_of(own_elasticsearch))) as client:
        yield client


def as_user(server: Server, name: str, password: Secret, call: Callable[[Any], object]) -> object:
    endpoint = replace(elastic_of(server), user=name, password=password)
    with closing(connect(endpoint)) as client, translating(endpoint):
        return call(client)


def test_a_node_that_is_right_is_left_alone(reconcile: Reconcile) -> None:
    assert reconcile() == ()


def test_the_index_account_manages_the_index_and_nothing_else(
    reconcile: Reconcile, own_elasticsearch: Server, passwords: dict[str, Secret]
) -> None:
    reconcile()
    password = passwords["INDEX_PASSWORD"]

    def manage(client: Any) -> None:
        client.indices.create(index="events_v9_test", aliases={"events": {}})
        client.index(index="events", id="1", document={"name": "x"}, refresh=True)
        client.cluster.health()
        client.indices.delete(index="events_v9_test")

    as_user(own_elasticsearch, "ticketctl_index", password, manage)
    with pytest.raises(BackendPermissionError):
        as_user(own_elasticsearch, "ticketctl_index", password, lambda client: client.indices.create(index="other"))
    with pytest.raises(BackendPermissionError):
        as_user(own_elasticsearch, "ticketctl_index", password, lambda client: client.security.get_user())


def test_a_service_reads_or_writes_as_its_settings_say(
    reconcile: Reconcile, own_elasticsearch: Server, passwords: dict[str, Secret], elastic: Any
) -> None:
    reconcile()
    elastic.indices.create(index="events_v9_test", aliases={"events": {}})
    read, write = passwords["SERVICE_SEARCH_PASSWORD"], passwords["SERVICE_INDEXER_PASSWORD"]

    def put(client: Any) -> None:
        client.index(index="events", id="1", document={"name": "x"})

    try:
        as_user(own_elasticsearch, "indexer", write, put)
        as_user(own_elasticsearch, "search", read, lambda client: client.search(index="events"))
        with pytest.raises(BackendPermissionError):
            as_user(own_elasticsearch, "search", read, put)
        with pytest.raises(BackendPermissionError):
            as_user(own_elasticsearch, "indexer", write, lambda client: client.indices.delete(index="events_v9_test"))
    finally:
        elastic.indices.delete(index="events_v9_test")


def test_a_service_added_gets_its_account_and_is_disabled_when_it_is_gone(
    reconcile: Reconcile, settings: Settings, passwords: dict[str, Secret], own_elasticsearch: Server, elastic: Any
) -> None:
    reports = ServiceSettings("Reports", "python", 8099, depends_on=("elasticsearch",))
    wanted = desired_accounts(replace(settings, services={**settings.services, "reports": reports})).elasticsearch
    known = {**passwords, "SERVICE_REPORTS_PASSWORD": Secret("reports-secret")}
    assert reconcile(wanted, known) == (
        "elasticsearch: create role service_reports",
        "elasticsearch: create account reports",
    )
    as_user(own_elasticsearch, "reports", Secret("reports-secret"), lambda client: client.security.authenticate())

    disabled = "elasticsearch: disable account reports: nothing in ticketctl.yaml uses it any more"
    assert reconcile() == (disabled,)
    assert reconcile() == ()
    with pytest.raises(BackendLoginError):
        as_user(own_elasticsearch, "reports", Secret("reports-secret"), lambda client: client.info())
    assert reconcile(wanted, known)[0] == "elasticsearch: enable account reports"
    as_user(own_elasticsearch, "reports", Secret("reports-secret"), lambda client: client.security.authenticate())
    elastic.security.delete_user(username="reports")
    elastic.security.delete_role(name="service_reports")


def test_a_changed_password_replaces_the_old_one(
    reconcile: Reconcile, own_elasticsearch: Server, passwords: dict[str, Secret]
) -> None:
    changed = {**passwords, "SERVICE_SEARCH_PASSWORD": Secret("changed-one")}
    assert reconcile(known=changed) == ("elasticsearch: set password of search",)
    as_user(own_elasticsearch, "search", Secret("changed-one"), lambda client: client.security.authenticate())
    with pytest.raises(BackendLoginError):
        as_user(
            own_elasticsearch,
            "search",
            passwords["SERVICE_SEARCH_PASSWORD"],
            lambda client: client.security.authenticate(),
        )


def test_what_was_changed_by_hand_is_set_right(reconcile: Reconcile, elastic: Any) -> None:
    elastic.security.put_role(name="service_search", cluster=["all"], indices=[])
    elastic.security.put_user(username="search", roles=["superuser"], enabled=False)
    elastic.security.delete_user(username="indexer")
    assert reconcile() == (
        "elasticsearch: set rights of role service_search",
        "elasticsearch: enable account search",
        "elasticsearch: set password of search",
        "elasticsearch: create account indexer",
    )
    assert reconcile() == ()
    assert elastic.security.get_user(username="search")["search"]["roles"] == ["service_search"]


def test_accounts_that_ticketctl_did_not_make_are_not_touched(reconcile: Reconcile, elastic: Any) -> None:
    elastic.security.put_user(username="somebody", password="something", roles=["superuser"])
    try:
        assert reconcile() == ()
        assert elastic.security.get_user(username="somebody")["somebody"]["enabled"]
    finally:
        elastic.security.delete_user(username="somebody")


def test_a_dry_run_says_the_same_and_changes_nothing(reconcile: Reconcile, elastic: Any) -> None:
    elastic.security.delete_user(username="search")
    elastic.security.delete_role(name="service_search")
    planned = reconcile(dry_run=True)
    assert reconcile(dry_run=True) == planned
    assert reconcile() == planned


def test_no_password_is_ever_said(reconcile: Reconcile, elastic: Any, passwords: dict[str, Secret]) -> None:
    said: list[Event] = []
    elastic.security.delete_user(username="search")
    everything = f"{reconcile(emit=said.append)}{said}"
    assert not [password for password in passwords.values() if password.reveal() in everything]


def test_the_example_password_is_replaced(
    own_elasticsearch: Server, settings: Settings, passwords: dict[str, Secret], elastic: Any
) -> None:
    """Elasticsearch keeps a password that was set once, whatever its container is given later."""
    admin = elastic_of(own_elasticsearch)
    elastic.security.change_password(username="elastic", password=EXAMPLE.reveal())
    desired = desired_accounts(settings).elasticsearch
    changes = reconcile_elasticsearch(desired, admin, passwords, example_password=EXAMPLE).changes
    assert changes[-1] == "elasticsearch: replace the example password of elastic"
    with closing(connect(admin)) as client:
        assert client.security.authenticate()["username"] == "elastic"
    assert reconcile_elasticsearch(desired, admin, passwords, example_password=EXAMPLE).changes == ()


def test_a_node_that_was_killed_is_given_time_to_read_its_accounts(
    reconcile: Reconcile, own_elasticsearch: Server
) -> None:
    """It opens its port, and refuses right passwords for a moment, before it has opened the index that has them."""
    docker("kill", own_elasticsearch.name)
    own_elasticsearch.start()
    deadline = time.monotonic() + 300  # the start itself takes long on a busy machine

    while True:
        try:
            changes = reconcile()
        except BackendUnreachableError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            break

    assert changes == ()


def test_a_wrong_admin_password_names_the_two_ways_out(
    own_elasticsearch: Server, settings: Settings, passwords: dict[str, Secret]
) -> None:
    admin = replace(elastic_of(own_elasticsearch), password=Secret("not-this-one"))
    with pytest.raises(BackendLoginError) as caught:
        reconcile_elasticsearch(desired_accounts(settings).elasticsearch, admin, passwords, example_password=EXAMPLE)
    assert "ELASTIC_PASSWORD" in caught.value.next_step
    assert "ticketctl reset" in caught.value.next_step
    assert "not-this-one" not in str(caught.value)


def test_a_node_that_does_not_answer_is_no_login_problem(settings: Settings, passwords: dict[str, Secret]) -> None:
    nowhere = ElasticsearchEndpoint("http://127.0.0.1:1", "elastic", Secret("x"))
    with pytest.raises(BackendError) as caught:
        reconcile_elasticsearch(desired_accounts(settings).elasticsearch, nowhere, passwords, example_password=EXAMPLE)
    assert not isinstance(caught.value, BackendLoginError)
