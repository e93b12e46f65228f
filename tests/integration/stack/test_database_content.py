"""What `reset` says that would be lost, on a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from integration.conftest import root_of
from integration.servers import Server
from ticketctl.infra.mysql import connect
from ticketctl.provision.stack.reset import DatabaseLoss, database_content

pytestmark = pytest.mark.integration


@pytest.fixture
def database(own_mysql: Server) -> Iterator[str]:
    """A database with an odd name, a table with an odd name, an empty one and a view."""
    name = f"odd`name_{uuid.uuid4().hex[:6]}"
    quoted = name.replace("`", "``")
    with connect(root_of(own_mysql)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{quoted}`")
        cursor.execute(f"CREATE TABLE `{quoted}`.`a``b` (id INT PRIMARY KEY)")
        cursor.execute(f"INSERT INTO `{quoted}`.`a``b` VALUES (1), (2), (3)")
        cursor.execute(f"CREATE TABLE `{quoted}`.empty (id INT PRIMARY KEY)")
        cursor.execute(f"CREATE VIEW `{quoted}`.seen AS SELECT 1 AS one")
        yield name
        cursor.execute(f"DROP DATABASE `{quoted}`")


def loss(server: Server, name: str, seconds: float) -> DatabaseLoss:
    found = database_content("mysql", root_of(server), seconds=seconds)
    assert not {"mysql", "sys", "information_schema", "performance_schema"} & {item.name for item in found}
    return next(item for item in found if item.name == name)


def test_rows_are_counted(own_mysql: Server, database: str) -> None:
    assert loss(own_mysql, database, 10.0) == DatabaseLoss("mysql", database, tables=2, rows=3, exact=True)


def test_without_the_time_to_count_they_are_estimated(own_mysql: Server, database: str) -> None:
    found = loss(own_mysql, database, 0.0)

    assert (found.tables, found.exact) == (2, False)
    assert found.rows >= 0
