"""The MySQL server that is measured against: a container of its own with the stack's settings, or one that is given."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from integration.servers import running, wait_until  # noqa: E402  # after the path is set
from ticketctl.infra.mysql import connect, quote_identifier  # noqa: E402
from ticketctl.settings.endpoints import MysqlEndpoint  # noqa: E402
from ticketctl.settings.secret import Secret  # noqa: E402

PREFIX = "ticketctl_benchmark_"
USER, PASSWORD = "BENCHMARK_MYSQL_USER", "BENCHMARK_MYSQL_PASSWORD"
DURABLE = {"innodb_flush_log_at_trx_commit": 1, "sync_binlog": 1}
RELAXED = {"innodb_flush_log_at_trx_commit": 2, "sync_binlog": 0}


@dataclass(frozen=True, slots=True)
class Server:
    """A server and an account that may do everything on it.

    Attributes:
        endpoint: Where it is.
    """

    endpoint: MysqlEndpoint

    def run(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Run one statement outside any database and return its rows."""
        with connect(self.endpoint) as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def database(self, name: str) -> MysqlEndpoint:
        """Return the endpoint of a database of the benchmark's own."""
        return replace(self.endpoint, database=PREFIX + name)

    def fresh(self, name: str) -> MysqlEndpoint:
        """Make a database empty and return its endpoint."""
        endpoint = self.database(name)
        quoted = quote_identifier(endpoint.database or "")
        self.run(f"DROP DATABASE IF EXISTS {quoted}")
        self.run(f"CREATE DATABASE {quoted}")
        return endpoint

    def count_tables(self, endpoint: MysqlEndpoint) -> int:
        """Return how many tables of the workload a database holds."""
        counting = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s AND table_name LIKE %s"
        return int(self.run(counting, endpoint.database, "t\\_%")[0][0])

    @contextmanager
    def relaxed(self) -> Iterator[None]:
        """Flush less within the block: for preparations that are not timed."""
        self._set(RELAXED)
        try:
            yield
        finally:
            self._set(DURABLE)

    def remove_databases(self) -> None:
        """Drop what the benchmark has made."""
        for (name,) in self.run("SHOW DATABASES LIKE %s", PREFIX.replace("_", "\\_") + "%"):
            self.run(f"DROP DATABASE {quote_identifier(name)}")

    def _set(self, variables: dict[str, int]) -> None:
        for name, value in variables.items():
            self.run(f"SET GLOBAL {name} = {value}")


@contextmanager
def own_server() -> Iterator[Server]:
    """Run a server of this project's image with the settings of its Compose file, and remove it at the end."""
    import yaml

    stack = yaml.safe_load((ROOT / "compose/docker-compose.yml").read_text(encoding="utf-8"))["services"]["mysql"]
    password = secrets.token_hex(12)
    environ = {"MYSQL_ROOT_PASSWORD": password}
    with running("mysql", 3306, environ=environ, memory=stack["mem_limit"], command=stack["command"]) as container:
        endpoint = MysqlEndpoint("127.0.0.1", container.port, "root", Secret(password))
        wait_until(lambda: connect(endpoint).close(), container)
        yield checked(Server(endpoint))


@contextmanager
def given_server(address: str) -> Iterator[Server]:
    """Use a server that runs already; the account comes from the environment.

    Args:
        address: `host:port` on this machine.
    """
    host, _, port = address.partition(":")
    password = Secret(os.environ.get(PASSWORD, ""))
    server = checked(Server(MysqlEndpoint(host, int(port or 3306), os.environ.get(USER, "root"), password)))
    try:
        yield server
    finally:
        server.remove_databases()


def checked(server: Server) -> Server:
    """Return the server if it is durable: without that the figures would say something else."""
    for name, wanted in {**DURABLE, "log_bin": 1}.items():
        value = server.run(f"SELECT @@GLOBAL.{name}")[0][0]
        if value != wanted:
            sys.exit(f"{name} is {value} on this server; the benchmark needs {wanted}")
    return server
