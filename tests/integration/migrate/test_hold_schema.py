"""The schema of holds: what it stores, and how a database that has rows comes to it and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration.migrate.departures import unplanned
from integration.migrate.repository import MIGRATIONS, Endpoints, Execute, first_files, migrated, targets, undone
from integration.migrate.specification import differences
from ticketctl.errors import MigrationStatementError
from ticketctl.events import ignore
from ticketctl.infra.mysql import connect
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.rollback import plan_rollback, rollback
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration


@pytest.fixture
def execute(repository_databases: Endpoints) -> Iterator[Execute]:
    """Runs statements in the inventory database; they are undone."""
    with undone(repository_databases["inventory"]) as run:
        yield run


MOMENTS = ["2026-01-01 00:00:00.000001", "2026-06-30 23:59:59.999999", "2026-12-31 12:00:00.500000"]
TIMES = {
    "seats.reserved_until": "INSERT INTO seats (event_id, seat_number, price, reserved_until)"
    " VALUES (1, 'A1', 9, '{}')",
    "reservations.expires_at": "INSERT INTO reservations (seat_id, event_id, user_id, expires_at)"
    " VALUES (1, 1, 'ann', '{}')",
    "reservations.hold_deadline": "INSERT INTO reservations (seat_id, event_id, user_id, expires_at, hold_deadline)"
    " VALUES (1, 1, 'ann', NOW(), '{}')",
    "seat_audit.reserved_until": "INSERT INTO seat_audit (seat_id, event_id, seat_version, reason, reserved_until)"
    " VALUES (1, 1, 1, 'held', '{}')",
    "outbox_events.created_at": "INSERT INTO outbox_events (aggregate_id, aggregate_type, event_type, payload,"
    " created_at) VALUES (1, 'hold', 'held', '{{}}', '{}')",
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("column", TIMES)
def test_a_time_is_kept_to_the_microsecond(execute: Execute, column: str, moment: str) -> None:
    table, name = column.split(".")
    execute(TIMES[column].format(moment))
    assert execute(f"SELECT CAST({name} AS CHAR) AS kept FROM {table}") == [{"kept": moment}]


@pytest.mark.parametrize(("table", "rest"), [("reservations", ", expires_at"), ("reservation_guards", "")])
def test_users_that_differ_by_a_capital_an_accent_or_a_blank_are_different(
    execute: Execute, table: str, rest: str
) -> None:
    seat = ("seat_id, ", "{place}, ", ", NOW()") if rest else ("", "", "")
    names = ["ann", "Ann", "ánn", "ann "]
    for place, name in enumerate(names):
        values = f"{seat[1].format(place=place)}1, '{name}'{seat[2]}"
        execute(f"INSERT INTO {table} ({seat[0]}event_id, user_id{rest}) VALUES ({values})")
    for name in names:
        assert execute(f"SELECT user_id FROM {table} WHERE event_id = 1 AND user_id = '{name}'") == [{"user_id": name}]


def test_both_outboxes_can_be_read_by_one_program(repository_databases: Endpoints) -> None:
    read = []
    for key in ("events", "inventory"):
        with undone(repository_databases[key]) as run:
            read.append([(row["Field"], row["Type"].split("(")[0]) for row in run("SHOW COLUMNS FROM outbox_events")])
    assert read[0] == read[1]
    assert len(read[0]) == 7


ROWS = [
    "INSERT INTO seats (seat_id, event_id, seat_number, price, status, version, reserved_by, reserved_until) VALUES"
    " (1, 1, 'A1', 9, 'RESERVED', 3, 'ann', '2126-01-01 10:00:00'), (2, 1, 'A2', 9, 'AVAILABLE', 0, NULL, NULL),"
    " (3, 1, 'A3', 9, 'BOOKED', 5, 'Ann', NULL)",
    "INSERT INTO reservations (reservation_id, seat_id, event_id, user_id, expires_at, status) VALUES"
    " (1, 1, 1, 'ben', '2126-01-01 09:00:00', 'EXPIRED'), (2, 1, 1, 'ann', '2126-01-01 10:00:00', 'ACTIVE'),"
    " (3, 3, 1, 'Ann', '2126-01-01 09:30:00', 'CONFIRMED'), (4, 2, 1, 'änn', '2126-01-01 09:30:00', 'CANCELLED')",
    "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, changed_by, reason) VALUES"
    " (1, 1, 3, 'AVAILABLE', 'RESERVED', 'ann', 'held')",
]
OF_FIRST = {
    "seats": "seat_id, event_id, seat_number, price, status, version, reserved_by, booking_id, created_at,"
    " CAST(reserved_until AS DATETIME) AS reserved_until",
    "reservations": "reservation_id, seat_id, event_id, user_id, session_id, status, created_at,"
    " CAST(expires_at AS DATETIME) AS expires_at",
    "seat_audit": "audit_id, seat_id, seat_version, old_status, new_status, changed_by, reason, created_at",
}


@pytest.fixture
def before(migration_account: MysqlEndpoint, scratch_name: Callable[..., str]) -> Target:
    """An inventory database that has only its first file so far, and rows."""
    endpoints = migrated(migration_account, scratch_name, first_files)
    with connect(endpoints["inventory"], autocommit=True) as connection, connection.cursor() as cursor:
        for statement in ROWS:
            cursor.execute(statement)
    (target,) = targets({"inventory": endpoints["inventory"]})
    return target


def ask(target: Target, statement: str) -> list[dict[str, Any]]:
    with undone(target.endpoint) as run:
        return run(statement)


def rows(target: Target) -> dict[str, list[dict[str, Any]]]:
    """What the first file has columns for."""
    return {table: ask(target, f"SELECT {columns} FROM {table} ORDER BY 1") for table, columns in OF_FIRST.items()}


def test_rows_that_were_there_stay_as_they_are_on_the_way_there_and_back(before: Target) -> None:
    were = rows(before)
    runner.apply([before], emit=ignore).raise_failed()
    assert unplanned(before.endpoint, "inventory") == []
    assert rows(before) == were
    live = ask(before, "SELECT reservation_id, live_seat_id AS live FROM reservations ORDER BY 1")
    assert [(row["reservation_id"], row["live"]) for row in live] == [(1, None), (2, 1), (3, 3), (4, None)]

    later = len(before.migrations) - 1
    rollback(before, planned=plan_rollback(before, steps=later), emit=ignore)
    assert later == 4
    assert differences(before.endpoint, "inventory") == []
    assert rows(before) == were


def test_a_reservation_that_was_over_and_never_ended_is_ended_and_its_seat_may_have_had_another_since(
    before: Target,
) -> None:
    with connect(before.endpoint, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reservations SET status = 'ACTIVE', expires_at = '2026-01-01 10:00:00' WHERE reservation_id = 1"
        )
    runner.apply([before], emit=ignore).raise_failed()
    states = ask(before, "SELECT status FROM reservations WHERE seat_id = 1 ORDER BY reservation_id")
    assert [row["status"] for row in states] == ["EXPIRED", "ACTIVE"]


def query_of_the_readme() -> str:
    """The one by which such seats are found."""
    text = (MIGRATIONS / "README.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"^  ```sql\n(.*?)^  ```$", text, re.MULTILINE | re.DOTALL)
    return str(query)


def test_a_seat_with_two_live_reservations_stops_the_way_until_one_is_ended(before: Target) -> None:
    with connect(before.endpoint, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE reservations SET status = 'ACTIVE' WHERE seat_id = 1")

        for _ in range(2):
            with pytest.raises(MigrationStatementError) as raised:
                runner.apply([before], emit=ignore).raise_failed()
            assert raised.value.number == 1062
            assert "Duplicate entry '1' for key 'reservations.uk_live_seat'" in str(raised.value)

        assert ask(before, query_of_the_readme()) == [{"seat_id": 1, "reservations": "1,2"}]
        cursor.execute("UPDATE reservations SET status = 'EXPIRED' WHERE reservation_id = 1")
    (result,) = runner.apply([before], emit=ignore).raise_failed().databases
    # `uk_live_seat` and the one behind it: what is above stood.
    assert next((one.name, one.statements) for one in result.applied) == ("003_holds", 2)
    assert unplanned(before.endpoint, "inventory") == []
