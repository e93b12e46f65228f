"""The repository's first migrations make what the specification says, the later ones change what they are meant to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integration.migrate.conftest import Root
from integration.migrate.departures import DEPARTURES, unplanned
from integration.migrate.repository import BOOKS, Endpoints, first_files, migrated, targets, undone
from integration.migrate.specification import DATABASES, FIXTURES, create_statements, differences, read_names
from ticketctl.errors import MigrationDefinitionError
from ticketctl.events import ignore
from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.baseline import baseline, plan_baseline
from ticketctl.provision.migrate.rollback import plan_rollback, rollback
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration


@pytest.fixture
def first(migration_account: MysqlEndpoint, scratch_name: Callable[..., str]) -> Endpoints:
    """Databases with the first file of each alone, that the test may change."""
    return migrated(migration_account, scratch_name, first_files)


@pytest.fixture
def endpoints(migration_account: MysqlEndpoint, scratch_name: Callable[..., str]) -> Endpoints:
    """Databases with all files that the test may change."""
    return migrated(migration_account, scratch_name)


def test_the_first_files_make_every_table_column_index_and_key_as_specified(first: Endpoints) -> None:
    assert {key: differences(endpoint, key) for key, endpoint in first.items()} == {key: [] for key in DATABASES}


def test_the_later_files_change_in_the_specified_tables_what_they_are_meant_to(
    repository_databases: Endpoints,
) -> None:
    found = {key: frozenset(differences(endpoint, key)) for key, endpoint in repository_databases.items()}
    assert found == DEPARTURES


def test_the_fixture_is_read_whole() -> None:
    """Counted by hand in the specification: a fixture that lost something must not pass for nothing."""
    counted = {}
    for key in DATABASES:
        text = (FIXTURES / f"{key}.sql").read_text(encoding="utf-8")
        names = read_names(text)
        assert len(create_statements(text)) == len(names) == text.count("CREATE TABLE")
        for table, members in names.items():
            kinds = [kind for kind, _ in members]
            counted[table] = (kinds.count("column"), kinds.count("index"))
    assert counted == {
        "events": (9, 4),
        "outbox_events": (7, 3),
        "seats": (13, 5),
        "reservations": (8, 5),
        "bookings": (10, 6),
        "booking_seats": (4, 4),
        "idempotency_keys": (4, 2),
    }


CHANGES = [
    "ALTER TABLE seats DROP INDEX idx_version",
    "ALTER TABLE seats DROP INDEX uk_event_seat, ADD INDEX uk_event_seat (event_id, seat_number)",
    "ALTER TABLE seats DROP INDEX idx_event_status, ADD INDEX idx_event_status (status, event_id)",
    "ALTER TABLE seats MODIFY price DECIMAL(10, 3) NOT NULL",
    "ALTER TABLE seats MODIFY section VARCHAR(50) NOT NULL",
    "ALTER TABLE seats ALTER version SET DEFAULT 1",
    "ALTER TABLE seats MODIFY status ENUM('AVAILABLE', 'RESERVED', 'BOOKED') DEFAULT 'AVAILABLE'",
    "ALTER TABLE seats MODIFY seat_id BIGINT NOT NULL",
    "ALTER TABLE seats DROP COLUMN `row_number`",
    "ALTER TABLE seats ADD COLUMN extra INT",
    "ALTER TABLE seats ADD INDEX idx_price (price)",
    "ALTER TABLE seats CONVERT TO CHARACTER SET latin1",
    "ALTER TABLE seats ENGINE = MyISAM",
    "DROP TABLE reservations",
    "RENAME TABLE seats TO chairs",
]
LATER_CHANGES = [
    # As the specification has it: what was meant is gone.
    "ALTER TABLE seats MODIFY reserved_until DATETIME NULL",
    "ALTER TABLE seats MODIFY reserved_until DATETIME(3) NULL",
    "ALTER TABLE reservations MODIFY user_id VARCHAR(50) NOT NULL",
    "ALTER TABLE reservations DROP INDEX uk_live_seat",
    "ALTER TABLE reservations DROP INDEX uk_live_seat, ADD INDEX uk_live_seat (live_seat_id)",
    "ALTER TABLE reservations DROP INDEX uk_live_seat, DROP COLUMN live_seat_id,"
    " ADD live_seat_id BIGINT AS (IF(status = 'ACTIVE', seat_id, NULL)) VIRTUAL,"
    " ADD UNIQUE KEY uk_live_seat (live_seat_id)",
    "ALTER TABLE reservations DROP INDEX uk_hold_position, ADD UNIQUE KEY uk_hold_position (hold_position, hold_id)",
    "ALTER TABLE reservations ALTER INDEX idx_event_user INVISIBLE",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_comparison_sees_any_deviation(first: Endpoints, change: str) -> None:
    with undone(first["inventory"]) as execute:
        execute(change)  # it commits by itself, which is meant
    assert differences(first["inventory"], "inventory") != []


@pytest.mark.parametrize("change", [*CHANGES, *LATER_CHANGES])
def test_a_deviation_does_not_hide_behind_those_that_are_meant(endpoints: Endpoints, change: str) -> None:
    assert unplanned(endpoints["inventory"], "inventory") == []
    with undone(endpoints["inventory"]) as execute:
        execute(change)
    assert unplanned(endpoints["inventory"], "inventory") != []


ROWS_WITH_A_PARENT = [
    "INSERT INTO {}.events (event_id, event_name, event_date, total_seats, available_seats)"
    " VALUES (1, 'a', NOW(), 9, 9)",
    "INSERT INTO {}.event_pricing_rules (event_id, rule_name, percent) VALUES (1, 'r', -1)",
]


def forget(endpoint: MysqlEndpoint, root: Root) -> None:
    """Drop the journal; the tables stay."""
    database = quote_identifier(endpoint.database or "")
    root("DROP TABLE " + ", ".join(f"{database}.{table}" for table in sorted(BOOKS)))


def test_the_first_files_may_run_twice(first: Endpoints, root: Root) -> None:
    """Each statement by itself: the journal forgotten, the tables there."""
    for endpoint in first.values():
        forget(endpoint, root)
    result = runner.apply(first_files(first), emit=ignore)
    assert [len(database.applied) for database in result.databases] == [1, 1, 1]
    assert [differences(endpoint, key) for key, endpoint in first.items()] == [[], [], []]


def test_where_later_files_have_run_a_lost_journal_is_noticed_at_once(endpoints: Endpoints, root: Root) -> None:
    """They cannot run twice: what the first one makes is something else by then. `baseline` records what is there."""
    forget(endpoints["inventory"], root)
    (inventory,) = targets({"inventory": endpoints["inventory"]})

    with pytest.raises(MigrationDefinitionError, match="table seats now"):
        runner.apply([inventory], emit=ignore).raise_failed()
    assert unplanned(inventory.endpoint, "inventory") == []

    forget(endpoints["inventory"], root)
    result = baseline(inventory, planned=plan_baseline(inventory), emit=ignore)
    assert (len(result.recorded), result.difference) == (len(inventory.migrations), "")
    assert not runner.apply([inventory], emit=ignore).raise_failed().changed


def test_the_rollbacks_leave_nothing_but_the_journal(endpoints: Endpoints, root: Root) -> None:
    events = quote_identifier(endpoints["events"].database or "")
    for statement in ROWS_WITH_A_PARENT:
        root(statement.format(events))
    for target in targets(endpoints):
        rollback(target, planned=plan_rollback(target, steps=len(target.migrations)), emit=ignore)
        left = root(f"SHOW TABLES FROM {quote_identifier(target.database)} WHERE 1")
        assert {name for (name,) in left} == BOOKS
    assert runner.apply(targets(endpoints), emit=ignore).changed
    assert {key: unplanned(endpoint, key) for key, endpoint in endpoints.items()} == {key: [] for key in DATABASES}
