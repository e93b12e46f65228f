"""All that a database holds, as the server describes it, to compare two databases."""

from __future__ import annotations

from typing import Any

from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.settings.endpoints import MysqlEndpoint

_NAMES = "SELECT {0}_NAME FROM information_schema.{1} WHERE {0}_SCHEMA = DATABASE()"
_OBJECTS = (
    ("TABLE", _NAMES.format("TABLE", "TABLES") + " AND TABLE_TYPE = 'BASE TABLE'"),
    ("VIEW", _NAMES.format("TABLE", "VIEWS")),
    ("TRIGGER", _NAMES.format("TRIGGER", "TRIGGERS")),
    ("PROCEDURE", _NAMES.format("ROUTINE", "ROUTINES") + " AND ROUTINE_TYPE = 'PROCEDURE'"),
    ("FUNCTION", _NAMES.format("ROUTINE", "ROUTINES") + " AND ROUTINE_TYPE = 'FUNCTION'"),
    ("EVENT", _NAMES.format("EVENT", "EVENTS")),
)
_OF_THE_RUNNER = ("ticketctl_", "_yoyo_", "yoyo_")


def schema_snapshot(endpoint: MysqlEndpoint) -> dict[str, Any]:
    """Return the definition of each object, with the settings it was made under, and the rows of each table.

    Args:
        endpoint: The database; its own name in definitions is replaced, the runner's tables are left out.
    """
    found: dict[str, Any] = {}
    with connect(endpoint) as connection, connection.cursor() as cursor:
        for kind, query in _OBJECTS:
            cursor.execute(query)
            names = [str(name) for (name,) in cursor.fetchall() if not str(name).startswith(_OF_THE_RUNNER)]
            for name in names:
                cursor.execute(f"SHOW CREATE {kind} {quote_identifier(name)}")
                columns = [column[0] for column in cursor.description or ()]
                (row,) = cursor.fetchall()
                found[f"{kind} {name}"] = {
                    column: _without_name(value, endpoint)
                    for column, value in zip(columns, row, strict=True)
                    if column != "Created"
                }
                if kind == "TABLE":
                    cursor.execute(f"SELECT * FROM {quote_identifier(name)}")
                    found[f"rows of {name}"] = sorted(map(repr, cursor.fetchall()))
    return found


def _without_name(value: object, endpoint: MysqlEndpoint) -> object:
    return value.replace(endpoint.database or "", "this_database") if isinstance(value, str) else value
