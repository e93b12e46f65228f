"""What sells a seat twice, and that these tests would see it.

Each control leaves one thing out that the library does, in the moment when it matters: the condition on the seat's
state; the look past the snapshot. The backstop of the schema is in the way of both, and is taken away to see them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pymysql
import pytest

from conformance.reservations.desk import seats
from conformance.reservations.inventory import Inventory
from ticketctl.reservations import Reservations, SeatsUnavailableError
from ticketctl.reservations.history import Told, check, read

pytestmark = pytest.mark.integration
LATER = "UTC_TIMESTAMP(6) + INTERVAL 60 SECOND"
TAKE = (
    "UPDATE seats SET status = 'RESERVED', version = version + 1, hold_id = %s, reserved_by = %s,"
    f" reserved_until = {LATER} WHERE seat_id = 1"
)
RESERVE = (
    "INSERT INTO reservations (seat_id, event_id, user_id, expires_at, status, hold_id, hold_position)"
    " SELECT seat_id, event_id, reserved_by, reserved_until, 'ACTIVE', hold_id, 0 FROM seats WHERE seat_id = 1"
)
AUDIT = (
    "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, reason, hold_id, user_id,"
    " reserved_until) SELECT seat_id, event_id, version, 'AVAILABLE', 'RESERVED', 'held', hold_id, reserved_by,"
    " reserved_until FROM seats WHERE seat_id = 1"
)
BACKSTOP = "uk_live_seat"


class Program:
    """A program that holds seat 1, one statement at a time.

    Args:
        inventory: The database.
        user: For whom.
    """

    def __init__(self, inventory: Inventory, user: str) -> None:
        self.user = user
        self._connection = inventory.connect()
        self._cursor = self._connection.cursor()

    def ask(self, statement: str, *arguments: object) -> Any:
        self._cursor.execute(statement, arguments or None)
        return self._cursor.fetchall()

    def looks(self) -> bool:
        """A plain read, as most programs read."""
        ((status,),) = self.ask("SELECT status FROM seats WHERE seat_id = 1")
        return bool(status == "AVAILABLE")

    def takes(self) -> None:
        """Write what it believes to be free, and commit."""
        self.ask(TAKE, f"hold-of-{self.user}", self.user)
        self.ask(RESERVE)
        self.ask(AUDIT)
        self._connection.commit()

    @property
    def told(self) -> Told:
        return Told(f"hold-of-{self.user}", (1,), self.user, "held")

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def programs(inventory: Inventory) -> Iterator[tuple[Program, Program]]:
    seats(inventory, 1)
    with closing(Program(inventory, "anna")) as anna, closing(Program(inventory, "bert")) as bert:
        yield anna, bert


@contextmanager
def without_the_backstop(inventory: Inventory) -> Iterator[None]:
    inventory.ask(f"ALTER TABLE reservations DROP INDEX {BACKSTOP}")
    try:
        yield
    finally:
        inventory.ask("DELETE FROM reservations")
        inventory.ask(f"ALTER TABLE reservations ADD UNIQUE KEY {BACKSTOP} (live_seat_id)")


def found(inventory: Inventory, *told: Told) -> set[str]:
    """What the checker says is wrong."""
    with closing(inventory.connect()) as client, client.cursor() as cursor:
        return {violation.kind for violation in check(read(cursor, 1), told=told).violations}


def test_a_write_without_a_condition_sells_a_seat_twice_and_is_seen(
    inventory: Inventory, programs: tuple[Program, Program]
) -> None:
    anna, bert = programs
    with without_the_backstop(inventory):
        assert anna.looks()
        assert bert.looks()
        anna.takes()
        bert.takes()
        live = inventory.ask("SELECT COUNT(*) FROM reservations WHERE live_seat_id = 1")
        assert live[0][0] == 2
        assert "live-hold-taken" in found(inventory, anna.told, bert.told)


def test_a_plain_read_behind_a_lock_sells_a_seat_twice_and_is_seen(
    inventory: Inventory, programs: tuple[Program, Program]
) -> None:
    """The lock is real, and is waited for; under REPEATABLE READ what is read behind it is as old as the first read."""
    anna, bert = programs
    inventory.ask("INSERT INTO reservation_guards VALUES (1, '')")
    lock = "SELECT event_id FROM reservation_guards WHERE event_id = 1 FOR UPDATE"
    with without_the_backstop(inventory):
        assert bert.looks()  # any plain read: his snapshot begins here
        anna.ask(lock)
        assert anna.looks()
        anna.takes()  # and lets the lock go
        bert.ask(lock)
        assert bert.looks()
        bert.takes()
        assert "live-hold-taken" in found(inventory, anna.told, bert.told)


def test_the_backstop_refuses_a_write_without_a_condition(
    inventory: Inventory, programs: tuple[Program, Program]
) -> None:
    anna, bert = programs
    assert anna.looks()
    assert bert.looks()
    anna.takes()
    with pytest.raises(pymysql.IntegrityError, match=BACKSTOP):
        bert.takes()
    bert.ask("ROLLBACK")
    assert found(inventory, anna.told) == set()


def test_the_library_refuses_it_without_the_backstop(inventory: Inventory, programs: tuple[Program, Program]) -> None:
    anna, _ = programs
    with without_the_backstop(inventory), Reservations(inventory.connect) as reservations:
        anna.takes()
        with pytest.raises(SeatsUnavailableError):
            reservations.hold(1, [1], "carl")
        assert found(inventory, anna.told) == set()
