"""The inventory that the reservations' tests stand on."""

from __future__ import annotations

from contextlib import closing

import pymysql
import pytest

from conformance.locks.servers import RedisServer
from conformance.reservations.inventory import Inventory
from conformance.reservations.mysql_client import INSERT, events, run, write

pytestmark = pytest.mark.integration


def test_the_service_has_no_more_rights_than_a_service(inventory: Inventory) -> None:
    with closing(inventory.connect()) as client:
        for statement in ("TRUNCATE seats", "CREATE TABLE t (id INT)", "DROP TABLE seats", "LOCK TABLES seats READ"):
            with pytest.raises(pymysql.OperationalError, match="denied"):
                run(client, statement)
        ((usage,), (rights,)) = run(client, "SHOW GRANTS")
    assert usage.startswith("GRANT USAGE ON *.*")
    assert rights.startswith("GRANT SELECT, INSERT, UPDATE, DELETE ON `inventory\\_")
    assert {"seats", "reservations", "seat_audit", "outbox_events", "reservation_guards"} <= set(inventory.tables)
    assert not [table for table in inventory.tables if "yoyo" in table or "ticketctl" in table]


def test_an_inventory_is_emptied_of_what_is_in_flight_too(inventory: Inventory) -> None:
    with closing(inventory.connect()) as client, closing(inventory.connect()) as idle:
        write(client, 1)
        client.begin()
        run(client, INSERT, 2)
        run(idle, "SELECT * FROM reservation_guards")
        idle.rollback()
        inventory.empty()
        with pytest.raises(pymysql.OperationalError):
            client.commit()
        assert run(idle, "SELECT * FROM reservation_guards") == []
    assert events(inventory) == []


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_begins_with_an_empty_inventory_and_an_empty_redis(
    inventory: Inventory, empty_redis: RedisServer, turn: str
) -> None:
    assert events(inventory) == []
    assert empty_redis.keys() == []
    with closing(inventory.connect()) as client, closing(empty_redis.client()) as redis:
        write(client, 1)
        redis.set("left", turn)
