"""Fixtures of the tests that need real servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from integration.servers import Server, running, wait_until
from ticketctl.infra import elasticsearch, mysql, redis
from ticketctl.settings.endpoints import ElasticsearchEndpoint, MysqlEndpoint, RedisEndpoint
from ticketctl.settings.secret import Secret

ROOT_PASSWORD = Secret("root-of-the-tests")
REDIS_PASSWORD = Secret("redis of the tests")
ELASTIC_PASSWORD = Secret("elastic-of-the-tests")


@pytest.fixture(scope="session")
def own_mysql() -> Iterator[Server]:
    """A MySQL server that tests may break, shared by them."""
    environ = {"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD.reveal()}
    with running("mysql", 3306, environ=environ, memory="1g") as server:
        wait_until(lambda: mysql.connect(root_of(server)).close(), server)
        yield server


def root_of(server: Server) -> MysqlEndpoint:
    return MysqlEndpoint("127.0.0.1", server.port, "root", ROOT_PASSWORD)


@pytest.fixture(scope="session")
def own_redis() -> Iterator[Server]:
    """A Redis server that tests may break, shared by them."""
    command = ("redis-server", "--requirepass", REDIS_PASSWORD.reveal(), "--maxmemory", "64mb", "--appendonly", "yes")
    with running("redis", 6379, environ={}, memory="128m", command=command) as server:
        wait_until(lambda: redis.connect(redis_of(server)).close(), server)
        yield server


def redis_of(server: Server) -> RedisEndpoint:
    return RedisEndpoint("127.0.0.1", server.port, "default", REDIS_PASSWORD)


@pytest.fixture(scope="session")
def own_elasticsearch() -> Iterator[Server]:
    """An Elasticsearch node that tests may break, shared by them."""
    environ = {
        "ELASTIC_PASSWORD": ELASTIC_PASSWORD.reveal(),
        "discovery.type": "single-node",
        "xpack.security.enabled": "true",
        "xpack.security.http.ssl.enabled": "false",
        "cluster.routing.allocation.disk.watermark.low": "200mb",
        "cluster.routing.allocation.disk.watermark.high": "150mb",
        "cluster.routing.allocation.disk.watermark.flood_stage": "100mb",
        "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
    }
    with running("elasticsearch", 9200, environ=environ, memory="1408m") as server:
        wait_until(lambda: ask(elastic_of(server)), server)
        yield server


def elastic_of(server: Server) -> ElasticsearchEndpoint:
    # Patient: the first requests of a young node on a busy machine take long.
    return ElasticsearchEndpoint(f"http://127.0.0.1:{server.port}", "elastic", ELASTIC_PASSWORD, timeout=60.0)


def ask(endpoint: ElasticsearchEndpoint) -> object:
    """Ask for an account: the node makes its index of accounts when it is first asked, after it is up."""
    with closing(elasticsearch.connect(endpoint)) as client, elasticsearch.translating(endpoint):
        return client.options(ignore_status=404).security.get_user(username="nobody")
