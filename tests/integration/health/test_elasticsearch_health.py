"""Each check of Elasticsearch: good on a good node, bad on one that was spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.conftest import elastic_of
from integration.servers import Server
from ticketctl.infra.elasticsearch import connect
from ticketctl.provision.health.elasticsearch import elasticsearch_target
from ticketctl.provision.health.model import CheckResult
from ticketctl.provision.health.target import run_target
from ticketctl.provision.search.create import create
from ticketctl.provision.stack.accounts.desired import ELASTICSEARCH_INDEX, INDEX_VARIABLE, desired_accounts
from ticketctl.provision.stack.accounts.elasticsearch import reconcile_elasticsearch
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.loader import load_project
from ticketctl.settings.model import SearchSettings
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
SEARCH = SearchSettings()
INDEX_CHECKS = ("alias", "mapping", "index settings", "read-only block", "writable")
EVERYTHING = ("version", "status", "disk", *INDEX_CHECKS)
DISK = "cluster.routing.allocation.disk.watermark"


@pytest.fixture(scope="module")
def endpoint(own_elasticsearch: Server) -> ElasticsearchEndpoint:
    """The account that manages the index, on a node that was set up as `up` does it."""
    accounts = desired_accounts(load_project(ROOT / "ticketctl.yaml", {}).settings).elasticsearch
    passwords = {account.password_variable: Secret(f"{account.name}-health") for account in accounts}
    admin = elastic_of(own_elasticsearch)
    reconcile_elasticsearch(accounts, admin, passwords, example_password=Secret("example"))
    return replace(admin, user=ELASTICSEARCH_INDEX, password=passwords[INDEX_VARIABLE])


@pytest.fixture
def elastic(own_elasticsearch: Server) -> Iterator[Any]:
    with closing(connect(elastic_of(own_elasticsearch))) as client:
        yield client


@pytest.fixture
def index(endpoint: ElasticsearchEndpoint, elastic: Any) -> Iterator[str]:
    """The index behind its alias; gone after the test, whatever the test made of it."""
    create(ROOT, SEARCH, endpoint)
    (name,) = elastic.indices.get_alias(name=SEARCH.alias)
    yield name
    for left in elastic.indices.get(index="events*"):
        elastic.indices.delete(index=left)


def results(
    endpoint: ElasticsearchEndpoint, root: Path = ROOT, search: SearchSettings = SEARCH
) -> dict[str, CheckResult]:
    return {result.name: result for result in run_target(elasticsearch_target(endpoint, root, search))}


@contextmanager
def cluster(elastic: Any, **settings: object) -> Iterator[None]:
    elastic.cluster.put_settings(persistent=settings)
    try:
        yield
    finally:
        elastic.cluster.put_settings(persistent=dict.fromkeys(settings))


@pytest.mark.usefixtures("index")
def test_a_good_node_is_ok_and_keeps_no_trace(endpoint: ElasticsearchEndpoint, elastic: Any) -> None:
    found = results(endpoint)
    assert {name: result.level for name, result in found.items()} == dict.fromkeys(
        ("reachable", "login", *EVERYTHING), "ok"
    )
    elastic.indices.refresh(index="events")
    assert elastic.count(index="events")["count"] == 0
    assert "8.19" in found["version"].detail


def test_without_an_index_that_is_one_failure(endpoint: ElasticsearchEndpoint) -> None:
    found = results(endpoint)
    assert found["alias"].level == "fail"
    assert found["alias"].next_step == "`ticketctl index create`"
    assert {found[name].level for name in INDEX_CHECKS[1:]} == {"skipped"}


def test_an_index_of_the_aliass_own_name_fails(endpoint: ElasticsearchEndpoint, elastic: Any) -> None:
    """As Elasticsearch makes it by itself for a service that writes before there is an index."""
    elastic.indices.create(index="events")
    try:
        found = results(endpoint)
    finally:
        elastic.indices.delete(index="events")
    assert found["alias"].level == "fail"
    assert "an index, not an alias" in found["alias"].detail


def test_an_alias_of_two_indices_is_a_warning(endpoint: ElasticsearchEndpoint, elastic: Any, index: str) -> None:
    elastic.indices.create(index="events_v1_second", aliases={"events": {}}, settings={"number_of_replicas": 0})
    found = results(endpoint)
    assert index in found["alias"].detail
    assert (found["alias"].level, found["writable"].level) == ("warn", "fail")


@pytest.mark.usefixtures("index")
def test_a_field_beyond_the_file_is_a_warning(endpoint: ElasticsearchEndpoint, elastic: Any) -> None:
    elastic.index(index="events", document={"surprise": "x"}, refresh=True)
    found = results(endpoint)
    assert found["mapping"].level == "warn"
    assert "surprise" in found["mapping"].detail
    assert found["index settings"].level == "ok"


def changed_project(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    file = folder / SEARCH.mapping
    document = json.loads((ROOT / SEARCH.mapping).read_text())
    change(document)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document))
    return folder


@pytest.mark.usefixtures("index")
def test_another_mapping_fails(endpoint: ElasticsearchEndpoint, elastic: Any, tmp_path: Path) -> None:
    elastic.index(index="events", document={"name": "x"}, refresh=True)

    def change(document: dict[str, Any]) -> None:
        document["mappings"]["properties"]["city"]["type"] = "text"

    result = results(endpoint, changed_project(tmp_path, change))["mapping"]
    assert result.level == "fail"
    assert "properties.city" in result.detail


@pytest.mark.usefixtures("index")
def test_a_setting_that_can_be_changed_is_a_warning(endpoint: ElasticsearchEndpoint, tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["settings"]["refresh_interval"] = "7s"

    found = results(endpoint, changed_project(tmp_path, change))
    assert (found["mapping"].level, found["index settings"].level) == ("ok", "warn")
    assert "refresh_interval" in found["index settings"].detail


@pytest.mark.usefixtures("index")
def test_copies_that_have_no_place_are_a_warning(endpoint: ElasticsearchEndpoint, elastic: Any) -> None:
    elastic.indices.put_settings(index="events", settings={"index.number_of_replicas": 1})
    found = results(endpoint)
    assert (found["status"].level, found["index settings"].level) == ("warn", "warn")
    assert "yellow" in found["status"].detail
    assert "index.number_of_replicas 1 -> 0" in found["index settings"].detail


def test_a_mapping_file_that_cannot_be_used_is_one_failure(endpoint: ElasticsearchEndpoint, tmp_path: Path) -> None:
    found = results(endpoint, tmp_path)
    assert found["alias"].level == "fail"
    assert {found[name].level for name in ("mapping", "index settings", "writable")} == {"skipped"}


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("block", ["write", "read_only", "read_only_allow_delete"])
def test_a_blocked_index_fails(endpoint: ElasticsearchEndpoint, elastic: Any, block: str) -> None:
    elastic.indices.put_settings(index="events", settings={f"index.blocks.{block}": True})
    try:
        found = results(endpoint)
    finally:
        elastic.indices.put_settings(index="events", settings={f"index.blocks.{block}": None})
    assert (found["read-only block"].level, found["writable"].level) == ("fail", "fail")
    assert block in found["read-only block"].detail
    assert found["mapping"].level == "ok"


@pytest.mark.usefixtures("index")
def test_a_blocked_cluster_fails(endpoint: ElasticsearchEndpoint, elastic: Any) -> None:
    with cluster(elastic, **{"cluster.blocks.read_only": True}):
        found = results(endpoint)
    assert (found["read-only block"].level, found["writable"].level) == ("fail", "fail")
    assert results(endpoint)["writable"].level == "ok"


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(("stage", "level"), [("low", "warn"), ("high", "warn"), ("flood_stage", "fail")])
def test_a_full_disk_is_seen_before_and_when_it_hurts(
    endpoint: ElasticsearchEndpoint, elastic: Any, stage: str, level: str
) -> None:
    """The watermark is raised above what is free, which is the same as a disk that has filled up."""
    stages = ("low", "high", "flood_stage")
    passed = stages[: stages.index(stage) + 1]
    values = {f"{DISK}.{name}": ("900000gb" if name in passed else "1mb") for name in stages}
    with cluster(elastic, **values):
        result = results(endpoint)["disk"]
    assert result.level == level
    assert stage.replace("_", "-") in result.detail


def test_a_wrong_password_is_one_failure(endpoint: ElasticsearchEndpoint) -> None:
    found = results(replace(endpoint, password=Secret("not-this-one")))
    assert (found["reachable"].level, found["login"].level) == ("ok", "fail")
    assert {found[name].level for name in EVERYTHING} == {"skipped"}
    assert "not-this-one" not in str(found)


def test_a_node_that_hangs_is_one_failure_in_time(
    endpoint: ElasticsearchEndpoint, own_elasticsearch: Server, timed: Callable[[], float]
) -> None:
    own_elasticsearch.pause()
    try:
        found = results(replace(endpoint, timeout=1.0))
    finally:
        own_elasticsearch.unpause()
    assert found["reachable"].level == "fail"
    assert {found[name].level for name in ("login", *EVERYTHING)} == {"skipped"}
    assert timed() < 5


def test_nobody_listening_is_one_failure(endpoint: ElasticsearchEndpoint) -> None:
    found = results(replace(endpoint, url="http://127.0.0.1:1"))
    assert found["reachable"].level == "fail"
    assert {found[name].level for name in ("login", *EVERYTHING)} == {"skipped"}
