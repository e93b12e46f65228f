"""Fixtures of the tests that need real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.servers import Server, running, wait_until
from ticketctl.infra import mysql
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

ROOT_PASSWORD = Secret("root-of-the-tests")


@pytest.fixture(scope="session")
def own_mysql() -> Iterator[Server]:
    """A MySQL server that tests may break, shared by them."""
    environ = {"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD.reveal()}
    with running("mysql", 3306, environ=environ, memory="1g") as server:
        wait_until(lambda: mysql.connect(root_of(server)).close(), server)
        yield server


def root_of(server: Server) -> MysqlEndpoint:
    return MysqlEndpoint("127.0.0.1", server.port, "root", ROOT_PASSWORD)
