"""Definitions of tables, so that what is the same reads the same (pure).

The server remembers of a column whether its character set was written out, and SHOW CREATE TABLE writes
it out again. A table that was made from the other's SHOW CREATE TABLE therefore reads differently, and
so does a database that was once restored from a dump.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# The clauses stand right behind the type; quotes inside an ENUM's values are doubled.
_COLUMN = re.compile(
    r"^(?P<column>  `(?:[^`]|``)+` \w+(?:\((?:'[^']*'|[^')])*\))?)"
    r"(?: CHARACTER SET (?P<charset>\w+))?(?: COLLATE (?P<collation>\w+))?",
    re.MULTILINE,
)
_DEFAULT = re.compile(r"^\).*? DEFAULT CHARSET=(?P<charset>\w+)(?: COLLATE=(?P<collation>\w+))?", re.MULTILINE)
_KEYS = re.compile(r"^  KEY [^\n]*(?:\n  KEY [^\n]*)*", re.MULTILINE)
_KEY = re.compile(r"^  KEY `(?:[^`]|``)+` (?P<columns>\([^\n]*\)),\n", re.MULTILINE)
_FOREIGN_KEY = re.compile(r"^  CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY (\(.*?\)) REFERENCES ", re.MULTILINE)


def comparable(definition: str, default_collations: Mapping[str, str]) -> str:
    """Return the definition of a table with a collation at those columns only that have another than the table.

    Keys that are not unique come in the order of their names.

    Args:
        definition: What SHOW CREATE TABLE says; the definition of anything else is returned as it is.
        default_collations: The server's default collation of each character set.
    """
    table = _DEFAULT.search(definition) if definition.startswith("CREATE TABLE ") else None
    if table is None:
        return definition
    usual = _collation(table, default_collations)

    def written(column: re.Match[str]) -> str:
        collation = _collation(column, default_collations)
        return column["column"] if collation in (None, usual) else f"{column['column']} COLLATE {collation}"

    return _KEYS.sub(_sorted, _COLUMN.sub(written, definition))


def without_generated_keys(definition: str) -> str:
    """Return the definition of a table without the keys that the server may have made for foreign keys.

    What it has made for a foreign key it drops when somebody makes a key that serves as well. Which keys
    those are SHOW CREATE TABLE does not say; without them, the server makes them again.

    Args:
        definition: What SHOW CREATE TABLE says.
    """
    foreign = {columns.replace("`, `", "`,`") for columns in _FOREIGN_KEY.findall(definition)}
    return _KEY.sub(lambda key: "" if key["columns"] in foreign else key.group(), definition)


def _sorted(keys: re.Match[str]) -> str:
    lines = keys.group().split("\n")
    # The last line of a definition has no comma behind it.
    comma = "," if lines[-1].endswith(",") else ""
    return ",\n".join(sorted(line.removesuffix(",") for line in lines)) + comma


def _collation(found: re.Match[str], default_collations: Mapping[str, str]) -> str | None:
    charset, collation = found["charset"], found["collation"]
    return collation or (default_collations.get(charset, charset) if charset else None)
