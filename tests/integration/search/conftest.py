"""Accounts as the stack has them on the tests' own Elasticsearch, and a fresh alias for each test."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from integration.conftest import elastic_of
from integration.search.indices import remove
from integration.servers import Server
from ticketctl.infra.elasticsearch import connect
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings
from ticketctl.settings.secret import Secret

INDEX_PASSWORD = Secret("index-of-the-tests")
SERVICE_PASSWORD = Secret("service-of-the-tests")
PATIENT = 60.0  # seconds; a computer that runs other tests as well may be slow
MAPPING = Path(__file__).parents[3] / "elasticsearch/mappings/events.json"
INDICES = ["events", "events_v*", "s*"]


@pytest.fixture(scope="package")
def admin(own_elasticsearch: Server) -> Iterator[Elasticsearch]:
    """A client that may do everything, to look behind the scenes."""
    accounts = (
        ("ticketctl_index", INDEX_PASSWORD, ["all"]),
        ("search", SERVICE_PASSWORD, ["read", "view_index_metadata"]),
        ("indexer", SERVICE_PASSWORD, ["read", "write", "view_index_metadata"]),
    )
    with closing(connect(replace(elastic_of(own_elasticsearch), timeout=PATIENT))) as client:
        for name, password, privileges in accounts:
            client.security.put_role(
                name=name, cluster=["monitor"], indices=[{"names": INDICES, "privileges": privileges}]
            )
            client.security.put_user(username=name, password=password.reveal(), roles=[name])
        yield client
        for name, _, _ in accounts:
            client.security.delete_user(username=name)
            client.security.delete_role(name=name)


@pytest.fixture
def endpoint(own_elasticsearch: Server, admin: Elasticsearch) -> ElasticsearchEndpoint:  # noqa: ARG001  # it made the accounts
    """The account that manages the index: nothing beyond it is allowed."""
    return replace(elastic_of(own_elasticsearch), user="ticketctl_index", password=INDEX_PASSWORD, timeout=PATIENT)


@pytest.fixture
def indexer(endpoint: ElasticsearchEndpoint) -> ElasticsearchEndpoint:
    """The account of a service that writes documents."""
    return replace(endpoint, user="indexer", password=SERVICE_PASSWORD)


@pytest.fixture
def reader(endpoint: ElasticsearchEndpoint) -> ElasticsearchEndpoint:
    """The account of a service that only searches."""
    return replace(endpoint, user="search", password=SERVICE_PASSWORD)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's folder with the committed mapping, which the test may change."""
    shutil.copy(MAPPING, tmp_path / "events.json")
    return tmp_path


@pytest.fixture
def search(admin: Elasticsearch) -> Iterator[SearchSettings]:
    """Settings with an alias of the test's own; what it leads to is deleted after."""
    alias = f"s{uuid.uuid4().hex[:12]}"
    yield SearchSettings(alias=alias, mapping="events.json")
    remove(admin, alias)
