"""An Elasticsearch of the tests' own, accounts as the stack has them, and a fresh alias for each test."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from integration.search.indices import remove
from integration.servers import Server, running, wait_until
from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings
from ticketctl.settings.secret import Secret

ELASTIC_PASSWORD = Secret("elastic-of-the-tests")
INDEX_PASSWORD = Secret("index-of-the-tests")
READER_PASSWORD = Secret("reader-of-the-tests")
MAPPING = Path(__file__).parents[3] / "elasticsearch/mappings/events.json"
INDICES = ["events", "events_v*", "s*"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A single node with security on, as the stack runs it."""
    environ = {
        "ELASTIC_PASSWORD": ELASTIC_PASSWORD.reveal(),
        "discovery.type": "single-node",
        "xpack.security.enabled": "true",
        "xpack.security.http.ssl.enabled": "false",
        "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
    }
    with running("elasticsearch", 9200, environ=environ, memory="1408m") as container:
        wait_until(lambda: _answers(_admin(container)), container, seconds=240)
        yield container


@pytest.fixture(scope="session")
def admin(server: Server) -> Iterator[Elasticsearch]:
    """A client that may do everything, to look behind the scenes."""
    with closing(connect(_admin(server))) as client:
        for name, password, privileges in (
            ("ticketctl_index", INDEX_PASSWORD, ["all"]),
            ("search", READER_PASSWORD, ["read", "view_index_metadata"]),
            ("indexer", READER_PASSWORD, ["read", "write", "view_index_metadata"]),
        ):
            client.security.put_role(
                name=name, cluster=["monitor"], indices=[{"names": INDICES, "privileges": privileges}]
            )
            client.security.put_user(username=name, password=password.reveal(), roles=[name])
        yield client


@pytest.fixture
def endpoint(server: Server, admin: Elasticsearch) -> ElasticsearchEndpoint:  # noqa: ARG001  # it made the accounts
    """The account that manages the index: nothing beyond it is allowed."""
    return replace(_admin(server), user="ticketctl_index", password=INDEX_PASSWORD)


@pytest.fixture
def indexer(endpoint: ElasticsearchEndpoint) -> ElasticsearchEndpoint:
    """The account of a service that writes documents."""
    return replace(endpoint, user="indexer", password=READER_PASSWORD)


@pytest.fixture
def reader(endpoint: ElasticsearchEndpoint) -> ElasticsearchEndpoint:
    """The account of a service that only searches."""
    return replace(endpoint, user="search", password=READER_PASSWORD)


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


def _admin(server: Server) -> ElasticsearchEndpoint:
    return ElasticsearchEndpoint(f"http://127.0.0.1:{server.port}", "elastic", ELASTIC_PASSWORD)


def _answers(target: ElasticsearchEndpoint) -> None:
    with translating(target), closing(connect(target)) as client:
        client.cluster.health(wait_for_status="yellow", timeout="1s")
