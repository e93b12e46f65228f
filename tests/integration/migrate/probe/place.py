"""A database to probe in, and everything that must not change by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integration.migrate.conftest import Root
from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.provision.migrate.execution.definitions import (
    neutral_connection,
    read_definitions,
    schema_definitions,
)
from ticketctl.provision.migrate.execution.probe import Finding, probe
from ticketctl.provision.migrate.syntax.footprint import SchemaObject, footprint
from ticketctl.provision.migrate.syntax.lexer import Statement, split
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Definitions = dict[SchemaObject, str | None]


def parsed(text: str) -> Statement:
    """One statement, whatever semicolons its body has."""
    (statement,) = split(f"DELIMITER $$\n{text}$$")
    return statement


@dataclass
class Place:
    """A database, and what can be done in it."""

    endpoint: MysqlEndpoint
    root: Root

    @property
    def name(self) -> str:
        return self.endpoint.database or ""

    def text(self, sql: str) -> str:
        return sql.replace("{db}", self.name)

    def reset(self) -> None:
        name = quote_identifier(self.name)
        self.root(f"DROP DATABASE IF EXISTS {name}")
        self.root(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")

    @contextmanager
    def session(self, settings: Sequence[str] = ()) -> Iterator[Connection[Cursor]]:
        with connect(self.endpoint) as connection, connection.cursor() as cursor:
            for setting in settings:
                cursor.execute(setting)
            yield connection

    def run(self, statements: Sequence[str], settings: Sequence[str] = ()) -> None:
        with self.session(settings) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(self.text(statement))

    def before(self, statement: Statement) -> Definitions:
        with neutral_connection(self.endpoint) as connection, connection.cursor() as cursor:
            return read_definitions(cursor, self.endpoint, footprint(statement, self.name).objects)

    def content(self) -> tuple[dict[SchemaObject, str], list[Any]]:
        """Everything in the database: definitions, and the rows of the tables."""
        with neutral_connection(self.endpoint) as connection, connection.cursor() as cursor:
            definitions = schema_definitions(cursor, self.endpoint)
            rows = []
            for one in definitions:
                if one.kind == "table":
                    cursor.execute(f"SELECT * FROM {quote_identifier(one.name)}")
                    rows.append((one.name, cursor.fetchall()))
            return definitions, rows

    def schemas(self) -> set[str]:
        return {str(name) for (name,) in self.root("SHOW DATABASES")}

    def probed(self, statement: Statement, before: Definitions, settings: Sequence[str] = ()) -> Finding:
        """Probe, and see that nothing else is done: not here, not on the connection, no schema is left."""
        content, schemas = self.content(), self.schemas()
        with self.session(settings) as connection:
            variables = session_state(connection)
            found = probe(connection, self.endpoint, statement, before)
            assert session_state(connection) == variables
        assert self.content() == content
        assert self.schemas() == schemas
        return found


def session_state(connection: Connection[Cursor]) -> tuple[Any, ...]:
    """The default database and the settings of a connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DATABASE(), @@sql_mode, @@foreign_key_checks, @@character_set_client, @@character_set_results,"
            " @@collation_connection, @@lock_wait_timeout, @@default_storage_engine, @@sql_quote_show_create"
        )
        return cursor.fetchall()
