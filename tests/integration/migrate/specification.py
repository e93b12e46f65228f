"""A migrated database against the specification's own SQL (`tests/fixtures/specification/*.sql`).

Two looks that know nothing of each other. The server's: the specification's SQL is executed in a scratch
database, and what `information_schema` says of its tables there and here must be the same. The reader's: names
of tables, columns and keys are cut out of the text by lines, and must exist. So neither a broken fixture nor
a table that the server forgot can pass for nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.settings.endpoints import MysqlEndpoint

FIXTURES = Path(__file__).parents[2] / "fixtures" / "specification"
DATABASES = ("events", "inventory", "bookings")

# Everything that information_schema says of a table's definition but its database, times and sizes.
QUERIES = {
    "table": "SELECT table_name, engine, table_collation, create_options FROM information_schema.tables"
    " WHERE table_schema = %s AND table_type = 'BASE TABLE'",
    "column": "SELECT table_name, column_name, ordinal_position, column_default, is_nullable, column_type,"
    " character_set_name, collation_name, column_key, extra, generation_expression"
    " FROM information_schema.columns WHERE table_schema = %s",
    "index": "SELECT table_name, index_name, seq_in_index, non_unique, column_name, collation, sub_part, index_type,"
    " is_visible, expression FROM information_schema.statistics WHERE table_schema = %s",
    "constraint": "SELECT table_name, constraint_name, constraint_type FROM information_schema.table_constraints"
    " WHERE table_schema = %s",
}


def differences(endpoint: MysqlEndpoint, key: str) -> list[str]:
    """Say where a migrated database differs from the specification; empty when it does not.

    Args:
        endpoint: The database, and an account that may make scratch databases on its server.
        key: Which part of the specification: `events`, `inventory`, `bookings`.
    """
    text = (FIXTURES / f"{key}.sql").read_text(encoding="utf-8")
    statements = [statement.replace(" row_number ", " `row_number` ") for statement in create_statements(text)]
    scratch = f"ticketctl_scratch_specification_{uuid.uuid4().hex[:8]}"
    with closing(connect(replace(endpoint, database=None))) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quote_identifier(scratch)} CHARACTER SET utf8mb4")
        try:
            cursor.execute(f"USE {quote_identifier(scratch)}")
            for statement in statements:
                cursor.execute(statement)
            specified = _schema(cursor, scratch)
        finally:
            cursor.execute(f"DROP DATABASE {quote_identifier(scratch)}")
        actual = _schema(cursor, endpoint.database or "")
    return [*_by_server(specified, actual), *_by_reader(read_names(text), actual)]


def create_statements(text: str) -> list[str]:
    """Cut the specification's text into its statements."""
    return re.findall(r"^CREATE TABLE .*?^\);", text, re.MULTILINE | re.DOTALL)


def read_names(text: str) -> dict[str, set[tuple[str, str]]]:
    """Cut the names out of the specification's text: table to `(column or index, name)`."""
    names: dict[str, set[tuple[str, str]]] = {}
    for line in text.splitlines():
        words = line.replace("(", " ").split()
        if words[:2] == ["CREATE", "TABLE"]:
            table = names.setdefault(words[2], set())
        elif words[:1] == ["INDEX"]:
            table.add(("index", words[1]))
        elif words[:2] == ["UNIQUE", "KEY"]:
            table.add(("index", words[2]))
        elif line.startswith("    "):
            table.add(("column", words[0]))
            if "PRIMARY" in words:
                table.add(("index", "PRIMARY"))
            elif "UNIQUE" in words:
                table.add(("index", words[0]))
    return names


Schema = Mapping[str, set[tuple[Any, ...]]]


def _schema(cursor: Any, database: str) -> Schema:
    rows = {}
    for kind, query in QUERIES.items():
        cursor.execute(query, (database,))
        rows[kind] = set(cursor.fetchall())
    return rows


def _by_server(specified: Schema, actual: Schema) -> list[str]:
    tables = {row[0] for row in specified["table"]}
    found = []
    for kind, rows in specified.items():
        ours = {row for row in actual[kind] if row[0] in tables}
        found += [f"{kind} specified, not there: {row}" for row in sorted(rows - ours, key=str)]
        found += [f"{kind} there, not specified: {row}" for row in sorted(ours - rows, key=str)]
    return found


def _by_reader(names: Mapping[str, set[tuple[str, str]]], actual: Schema) -> list[str]:
    tables: Sequence[str] = [row[0] for row in actual["table"]]
    there = {(kind, row[0], row[1]) for kind in ("column", "index") for row in actual[kind]}
    missing = [f"table {table}" for table in names if table not in tables]
    missing += [
        f"{kind} {table}.{name}"
        for table, members in names.items()
        for kind, name in sorted(members)
        if (kind, table, name) not in there
    ]
    return [f"named in the specification, not there: {name}" for name in missing]
