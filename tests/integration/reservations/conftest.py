"""An inventory of each test's own: migrated, empty, and an account with the rights of a service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from conformance.reservations.inventory import HOST, Inventory, migrated_inventory
from integration.servers import Server
from ticketctl.infra.mysql import connect
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret


@pytest.fixture(scope="session")
def _inventory_database(own_mysql: Server) -> Iterator[Inventory]:
    with migrated_inventory(own_mysql) as database:
        yield database


@pytest.fixture
def inventory(_inventory_database: Inventory) -> MysqlEndpoint:
    """The inventory database without a row, through an account that may SELECT, INSERT, UPDATE and DELETE."""
    database = _inventory_database
    database.empty()
    return MysqlEndpoint(HOST, database.port, database.user, Secret(database.password), database.name)


def add_seats(
    inventory: MysqlEndpoint, event_id: int, count: int, *, section: str = "A", in_row: int = 20
) -> list[int]:
    """Add free seats to an event, in rows of a section, and return their ids in that order.

    Args:
        inventory: The inventory database.
        event_id: The event.
        count: How many seats.
        section: Where; a section that has seats already gets no second ones.
        in_row: Seats in a row.
    """
    places = [(index // in_row + 1, index % in_row + 1) for index in range(count)]
    rows = [(event_id, f"{section}-{row}-{seat}", section, str(row), seat, "50.00") for row, seat in places]
    with closing(connect(inventory)) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO seats (event_id, seat_number, section, `row_number`, row_position, price)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            rows,
        )
        cursor.execute(
            "SELECT seat_id FROM seats WHERE event_id = %s AND section = %s ORDER BY seat_id", (event_id, section)
        )
        return _numbers(cursor.fetchall())


def _numbers(rows: Sequence[Sequence[object]]) -> list[int]:
    return [int(str(row[0])) for row in rows]
