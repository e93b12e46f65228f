"""The tables in which a database remembers its migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.record.ledger import create_tables as create_ledger
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


def create_tables(connection: Connection[Cursor], endpoint: MysqlEndpoint) -> None:
    """Create the tables of the record where they are missing, and extend those of an older version.

    Args:
        connection: A connection to the database that commits each statement by itself.
        endpoint: Where it goes.

    Raises:
        BackendError: The server refuses or is gone.
    """
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute(query("record", "read_columns"))
        columns = {(str(table), str(column)) for table, column in cursor.fetchall()}
        tables = {table for table, _ in columns}
        if "_yoyo_migration" not in tables:
            create_ledger(cursor)
        if "ticketctl_migration" not in tables:
            cursor.execute(query("record", "create_migration"))
        if "ticketctl_migration_statement" not in tables:
            cursor.execute(query("record", "create_statement"))
        elif ("ticketctl_migration_statement", "sql_text") not in columns:
            cursor.execute(query("record", "extend_statement"))
