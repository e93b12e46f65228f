"""A new connection, as the statements above the mark left the old one."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.record.journal import Values
from ticketctl.provision.migrate.source.files import SqlFile
from ticketctl.provision.migrate.syntax.session_values import LAST_INSERT_ID, to_document, to_value


def prepare_connection(session: Session, file: SqlFile, repeat: Sequence[int], values: str | None) -> None:
    """Repeat what sets up the connection, and set the variables that were read later.

    Args:
        session: The new connection.
        file: The file that is resumed.
        repeat: Positions of the statements that set it up.
        values: JSON of the variables as they were, None for none.

    Raises:
        BackendError: The server refuses or is gone.
    """
    with translating(session.endpoint), session.connection.cursor() as cursor:
        for position in repeat:
            cursor.execute(file.statements[position - 1].text)
        for name, described in json.loads(values).items() if values else ():
            if name == LAST_INSERT_ID:
                cursor.execute("SET last_insert_id = %s", (to_value(described),))
            else:
                cursor.execute(f"SET {name} = %s", (to_value(described),))


def read_values(session: Session, names: Sequence[str]) -> Values:
    """Read what later statements may take from the connection.

    Args:
        session: The connection.
        names: Expressions from `values_used`.

    Raises:
        BackendError: The server is gone.
    """
    with translating(session.endpoint), session.connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)}")  # names of variables, quoted by `values_used`
        row = cursor.fetchone() or ()
    return to_document(dict(zip(names, row, strict=True)))
