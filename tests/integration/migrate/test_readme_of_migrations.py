"""The page on the repository's migrations names the tables that they make, and its diagrams draw them as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from integration.migrate.repository import BOOKS, MIGRATIONS, Endpoints, undone
from integration.migrate.specification import DATABASES

pytestmark = pytest.mark.integration
PAGE = (MIGRATIONS / "README.md").read_text(encoding="utf-8")
_TABLE = re.compile(r"^    (\w+) \{\n(.*?)^    \}$", re.MULTILINE | re.DOTALL)
_ENDS = re.compile(r"^    (\w+) [|o}.{-]+ (\w+) : ", re.MULTILINE)
_TYPES = {"boolean": "tinyint"}


@dataclass(frozen=True)
class Column:
    """A column as it is drawn, or as the server has it."""

    type: str
    primary: bool
    alone_unique: bool


def diagram(key: str) -> str:
    (text,) = re.findall(rf"^### {key}_db\n\n```mermaid\nerDiagram\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def drawn(key: str) -> dict[str, dict[str, Column]]:
    tables = {}
    for table, lines in _TABLE.findall(diagram(key)):
        words = [line.split() for line in lines.splitlines()]
        tables[table] = {
            name: Column(_TYPES.get(kind, kind), "PK" in marks[:1], "UK" in marks[:1]) for kind, name, *marks in words
        }
    return tables


def there(endpoints: Endpoints, key: str) -> dict[str, dict[str, Column]]:
    with undone(endpoints[key]) as run:
        rows = run(
            "SELECT table_name AS t, column_name AS c, data_type AS d, column_key AS k"
            " FROM information_schema.columns WHERE table_schema = DATABASE()"
        )
    tables: dict[str, dict[str, Column]] = {}
    for row in rows:
        if row["t"] not in BOOKS:
            tables.setdefault(row["t"], {})[row["c"]] = Column(row["d"], row["k"] == "PRI", row["k"] == "UNI")
    return tables


@pytest.mark.parametrize("key", DATABASES)
def test_the_table_at_the_top_names_each_table(repository_databases: Endpoints, key: str) -> None:
    (named,) = re.findall(rf"^\| `{key}/` \| `{key}_db` \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", named)) == set(there(repository_databases, key))


@pytest.mark.parametrize("key", DATABASES)
def test_each_table_is_drawn_with_columns_that_it_has(repository_databases: Endpoints, key: str) -> None:
    tables, shown = there(repository_databases, key), drawn(key)
    assert shown.keys() == tables.keys()
    for table, columns in shown.items():
        assert columns == {name: tables[table].get(name) for name in columns}, table
        primary = {name for name, column in tables[table].items() if column.primary}
        assert primary == {name for name, column in columns.items() if column.primary}


def test_each_line_ends_at_tables_that_there_are(repository_databases: Endpoints) -> None:
    ours = {key: set(there(repository_databases, key)) for key in DATABASES}
    elsewhere = {f"{key}_db_{table}" for key, tables in ours.items() for table in tables}
    for key in DATABASES:
        lines = _ENDS.findall(diagram(key))
        assert len(lines) == diagram(key).count(" : ")
        assert {end for line in lines for end in line} - ours[key] - elsewhere == set()
