"""What the tests of the proxy do with MySQL: one small table of the inventory is enough for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any, TypeAlias

import asyncmy
import pymysql

from conformance.reservations.inventory import PATIENCE, Inventory

Client: TypeAlias = "pymysql.connections.Connection[Any]"

INSERT = "INSERT INTO reservation_guards VALUES (%s, 'ann')"
LOCK = "SELECT user_id FROM reservation_guards WHERE event_id = %s FOR UPDATE"
REFUSED, LOST, LOCKED = 2003, 2013, 3572  # numbers of errors


def run(client: Client, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
    """Execute a statement, and return its rows."""
    with client.cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return list(cursor.fetchall())


def events(inventory: Inventory) -> list[int]:
    """The events that have a row, as everybody else sees it."""
    return [event for (event,) in inventory.ask("SELECT event_id FROM reservation_guards ORDER BY event_id")]


def write(client: Client, event: int) -> None:
    """The operation that things happen to: three queries."""
    client.begin()
    run(client, INSERT, event)
    client.commit()


def is_locked(inventory: Inventory, event: int) -> bool:
    """Whether somebody's transaction is in the way of another one."""
    with closing(inventory.connect()) as client:
        try:
            run(client, f"{LOCK} NOWAIT", event)
        except pymysql.OperationalError as error:
            if error.args[0] != LOCKED:
                raise
            return True
    return False


def sessions(inventory: Inventory, user: str = "") -> int:
    """How many connections the server has, of the service or of somebody else."""
    ((count,),) = inventory.ask(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE user = %s", user or inventory.user
    )
    return int(count)


def hang_up(client: Any) -> None:
    """Close a connection without a word, as a process that is killed does."""
    client._force_close()


def packets_of(client: Any, command: int, content: str | bytes) -> Iterator[bytes]:
    """Send a command, and read the packets of the answer up to the end of the stream."""
    client._execute_command(command, content)
    while len(header := client._rfile.read(4)) == 4:
        length = int.from_bytes(header[:3], "little")
        if len(packet := client._rfile.read(length)) == length:
            yield packet


@asynccontextmanager
async def asyncmy_connection(inventory: Inventory, port: int) -> AsyncIterator[Any]:
    """An asyncmy connection, in a transaction."""
    connection = await asyncmy.connect(**inventory.arguments(port), connect_timeout=PATIENCE, read_timeout=PATIENCE)
    try:
        yield connection
    finally:
        connection.close()
