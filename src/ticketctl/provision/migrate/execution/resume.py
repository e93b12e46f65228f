"""A new connection, as the statements above the mark left the old one."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ticketctl.infra.mysql import quote_identifier, translating
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.execution.statistics import fresh_statistics
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.record.journal import Values
from ticketctl.provision.migrate.source.files import SqlFile
from ticketctl.provision.migrate.syntax.counters import PREFIX
from ticketctl.provision.migrate.syntax.session_values import LAST_INSERT_ID, to_document, to_value


def prepare_connection(session: Session, file: SqlFile, repeat: Sequence[int], values: str | None) -> None:
    """Repeat what sets up the connection, and set variables and counters as they were.

    Args:
        session: The new connection.
        file: The file that is resumed.
        repeat: Positions of the statements that set it up.
        values: JSON of the variables and counters as they were, None for none.

    Raises:
        BackendError: The server refuses or is gone.
    """
    with translating(session.endpoint), session.connection.cursor() as cursor:
        for position in repeat:
            cursor.execute(file.statements[position - 1].text)
        for name, described in json.loads(values).items() if values else ():
            if name.startswith(PREFIX):
                table = quote_identifier(name.removeprefix(PREFIX))
                cursor.execute(f"ALTER TABLE {table} AUTO_INCREMENT = %s", (to_value(described),))
            elif name == LAST_INSERT_ID:
                cursor.execute("SET last_insert_id = %s", (to_value(described),))
            else:
                cursor.execute(f"SET {name} = %s", (to_value(described),))


def read_values(session: Session, names: Sequence[str], counters: Sequence[str]) -> Values:
    """Read what later statements may take from the connection, and the counters that they go on with.

    Args:
        session: The connection.
        names: Expressions from `values_used`.
        counters: Tables from `Counters`.

    Raises:
        BackendError: The server is gone.
    """
    found: dict[str, object] = {}
    if names:
        with translating(session.endpoint), session.connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(names)}")  # names of variables, quoted by `values_used`
            found |= dict(zip(names, cursor.fetchone() or (), strict=True))
    if counters:
        # They belong to no transaction, so that the other connection sees them too.
        endpoint = session.endpoint
        with (
            translating(endpoint),
            session.journal.connection.cursor() as cursor,
            fresh_statistics(cursor, endpoint),
        ):
            cursor.execute(query("execution", "read_counters"), {"names": counters})
            found |= {f"{PREFIX}{table}": int(counter) for table, counter in cursor.fetchall()}
    return to_document(found)
