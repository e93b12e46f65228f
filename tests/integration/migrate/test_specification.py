"""The repository's migrations make what the specification says, and what we added works as intended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.migrate.conftest import Root, scratch_names
from integration.migrate.specification import DATABASES, FIXTURES, create_statements, differences, read_names
from integration.servers import Server
from ticketctl.errors import BackendOperationError
from ticketctl.events import ignore
from ticketctl.infra.mysql import connect, quote_identifier, translating
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.rollback import plan_rollback, rollback
from ticketctl.provision.migrate.source.targets import Target, read_target
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration
REPOSITORY = Path(__file__).parents[3]
BOOKS = {"ticketctl_migration", "ticketctl_migration_statement"}
BOOKS |= {"_yoyo_log", "_yoyo_migration", "_yoyo_version", "yoyo_lock"}


def migrated(account: MysqlEndpoint, new_name: Callable[..., str]) -> Mapping[str, MysqlEndpoint]:
    """The three databases, migrated from the repository's files."""
    endpoints = {key: replace(account, database=new_name()) for key in DATABASES}
    runner.apply(targets(endpoints), emit=ignore).raise_failed()
    return endpoints


@pytest.fixture
def endpoints(migration_account: MysqlEndpoint, scratch_name: Callable[..., str]) -> Mapping[str, MysqlEndpoint]:
    """Databases that the test may change."""
    return migrated(migration_account, scratch_name)


@pytest.fixture(scope="module")
def shared(own_mysql: Server, migration_account: MysqlEndpoint) -> Iterator[Mapping[str, MysqlEndpoint]]:
    """Databases that tests only look at, or change in a transaction that they undo."""
    with scratch_names(own_mysql) as new_name:
        yield migrated(migration_account, new_name)


def targets(endpoints: Mapping[str, MysqlEndpoint]) -> list[Target]:
    return [read_target(key, endpoint, REPOSITORY / "migrations" / key) for key, endpoint in endpoints.items()]


@contextmanager
def undone(endpoint: MysqlEndpoint) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Execute statements in a transaction that is undone."""
    with connect(endpoint, autocommit=False) as connection, connection.cursor() as cursor:

        def execute(statement: str) -> list[dict[str, Any]]:
            with translating(endpoint):
                cursor.execute(statement)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        yield execute
        connection.rollback()


def test_every_table_column_index_and_key_is_as_specified(shared: Mapping[str, MysqlEndpoint]) -> None:
    assert {key: differences(endpoint, key) for key, endpoint in shared.items()} == {key: [] for key in DATABASES}


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


@pytest.mark.parametrize(
    "change",
    [
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
    ],
)
def test_the_comparison_sees_any_deviation(endpoints: Mapping[str, MysqlEndpoint], change: str) -> None:
    with undone(endpoints["inventory"]) as execute:
        execute(change)  # it commits by itself, which is meant
    assert differences(endpoints["inventory"], "inventory") != []


def test_the_files_may_run_twice(endpoints: Mapping[str, MysqlEndpoint], root: Root) -> None:
    """Each statement by itself: the journal forgotten, the tables there."""
    for endpoint in endpoints.values():
        database = quote_identifier(endpoint.database or "")
        root("DROP TABLE " + ", ".join(f"{database}.{table}" for table in sorted(BOOKS)))
    result = runner.apply(targets(endpoints), emit=ignore)
    assert [len(database.applied) for database in result.databases] == [1, 1, 1]
    assert [differences(endpoint, key) for key, endpoint in endpoints.items()] == [[], [], []]


def test_the_rollbacks_leave_nothing_but_the_journal(endpoints: Mapping[str, MysqlEndpoint], root: Root) -> None:
    events = quote_identifier(endpoints["events"].database or "")
    root(EVENT.replace("INTO ", f"INTO {events}."))
    root(RULE.format("percent", "-1").replace("INTO ", f"INTO {events}."))
    for target in targets(endpoints):
        rollback(target, planned=plan_rollback(target), emit=ignore)
        left = root(f"SHOW TABLES FROM {quote_identifier(target.database)} WHERE 1")
        assert {name for (name,) in left} == BOOKS
    assert runner.apply(targets(endpoints), emit=ignore).changed


EVENT = (
    "INSERT INTO events (event_id, event_name, event_date, total_seats, available_seats) VALUES (1, 'a', NOW(), 9, 9)"
)
RULE = "INSERT INTO event_pricing_rules (event_id, rule_name, {}) VALUES (1, 'r', {})"
BOOKING = (
    "INSERT INTO bookings (booking_id, event_id, user_id, total_amount, booking_reference) VALUES (1, 1, 'u', 9, 'B')"
)
PAYMENT = (
    "INSERT INTO payment_transactions"
    " (booking_id, transaction_type, amount, currency, provider, idempotency_key{}) VALUES (1, {}{})"
)
AUDIT = "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, reason) VALUES (1, 1, {})"


@pytest.mark.parametrize(
    ("key", "statements", "number"),
    [
        ("events", [EVENT, RULE.format("price, currency", "9.5, 'EUR'")], 0),
        ("events", [EVENT, RULE.format("percent", "-20")], 0),
        ("events", [EVENT, RULE.format("percent, price, currency", "-20, 9.5, 'EUR'")], 3819),
        ("events", [EVENT, RULE.format("section", "'A'")], 3819),
        ("events", [EVENT, RULE.format("price", "9.5")], 3819),
        ("events", [EVENT, RULE.format("price, currency", "9.5, 'eur'")], 3819),
        ("events", [EVENT, RULE.format("price, currency", "-1, 'EUR'")], 3819),
        ("events", [EVENT, RULE.format("percent", "-101")], 3819),
        ("events", [EVENT, RULE.format("percent, valid_from, valid_until", "-1, '2026-02-01', '2026-01-01'")], 3819),
        ("events", [EVENT, RULE.format("percent", "-1"), RULE.format("percent", "-2")], 1062),
        ("events", [RULE.format("percent", "-1")], 1452),
        ("events", [EVENT, RULE.format("percent", "-1"), "DELETE FROM events"], 1451),
        ("inventory", [AUDIT.format("1, NULL, 'AVAILABLE', NULL"), AUDIT.format("2, 'AVAILABLE', 'BOOKED', NULL")], 0),
        ("inventory", [AUDIT.format("1, 'BOOKED', 'BOOKED', 'price corrected'")], 0),
        ("inventory", [AUDIT.format("1, 'BOOKED', 'BOOKED', NULL")], 3819),
        (
            "inventory",
            [AUDIT.format("2, 'AVAILABLE', 'BOOKED', NULL"), AUDIT.format("2, 'AVAILABLE', 'BOOKED', NULL")],
            1062,
        ),
        ("bookings", [BOOKING, PAYMENT.format("", "'CHARGE', 9.5, 'EUR', 'p', 'k1'", "")], 0),
        ("bookings", [BOOKING, PAYMENT.format("", "'CHARGE', 0, 'EUR', 'p', 'k1'", "")], 3819),
        ("bookings", [BOOKING, PAYMENT.format("", "'CHARGE', 9.5, 'E1R', 'p', 'k1'", "")], 3819),
        ("bookings", [BOOKING, PAYMENT.format("", "'REFUND', 9.5, 'EUR', 'p', 'k1'", "")], 3819),
        ("bookings", [BOOKING, PAYMENT.format(", status", "'CHARGE', 9.5, 'EUR', 'p', 'k1'", ", 'SUCCESS'")], 3819),
        ("bookings", [BOOKING, PAYMENT.format(", failure_code", "'CHARGE', 9.5, 'EUR', 'p', 'k1'", ", 'x'")], 3819),
        ("bookings", [PAYMENT.format("", "'CHARGE', 9.5, 'EUR', 'p', 'k1'", "")], 1452),
        (
            "bookings",
            [
                BOOKING,
                PAYMENT.format("", "'CHARGE', 9.5, 'EUR', 'p', 'k1'", ""),
                PAYMENT.format(", refunded_transaction_id", "'REFUND', 9.5, 'EUR', 'p', 'k2'", ", LAST_INSERT_ID()"),
            ],
            0,
        ),
        (
            "bookings",
            [
                BOOKING,
                PAYMENT.format(", provider_reference", "'CHARGE', 9.5, 'EUR', 'p', 'k1'", ", 'ref'"),
                PAYMENT.format(", provider_reference", "'CHARGE', 9.5, 'EUR', 'p', 'k2'", ", 'ref'"),
            ],
            1062,
        ),
    ],
)
def test_the_added_tables_refuse_what_makes_no_sense(
    shared: Mapping[str, MysqlEndpoint], key: str, statements: list[str], number: int
) -> None:
    *before, last = statements
    with undone(shared[key]) as execute:
        for statement in before:
            execute(statement)
        if number == 0:
            execute(last)
            return
        with pytest.raises(BackendOperationError) as raised:
            execute(last)
    assert raised.value.number == number


SEQUENCE = (
    "WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 799)"
    " SELECT i DIV 8 + 1 AS g, i MOD 8 AS m, i FROM n"
)
FILLINGS = {
    "events": [
        "INSERT INTO events (event_id, event_name, event_date, total_seats, available_seats)"
        f" SELECT g, 'e', NOW(), 1, 1 FROM ({SEQUENCE}) s WHERE m = 0",
        "INSERT INTO event_pricing_rules (event_id, rule_name, percent, priority, active, valid_until)"
        f" SELECT g, m, -1, m, m > 1, NOW() - INTERVAL 400 - i DAY FROM ({SEQUENCE}) s",
    ],
    "inventory": [
        "INSERT INTO seat_audit (seat_id, event_id, seat_version, new_status, booking_id, created_at)"
        f" SELECT g, m, m, 'BOOKED', g, NOW() - INTERVAL i HOUR FROM ({SEQUENCE}) s"
    ],
    "bookings": [
        "INSERT INTO bookings (booking_id, event_id, user_id, total_amount, booking_reference)"
        f" SELECT g, 1, 'u', 1, g FROM ({SEQUENCE}) s WHERE m = 0",
        "INSERT INTO payment_transactions"
        " (booking_id, transaction_type, amount, currency, provider, idempotency_key, status, provider_reference,"
        " created_at)"
        f" SELECT g, 'CHARGE', 1, 'EUR', 'p', i, IF(m = 0, 'PENDING', 'SUCCESS'), i, NOW() - INTERVAL i HOUR"
        f" FROM ({SEQUENCE}) s",
    ],
}
QUERIES = {
    "idx_event_active_priority": (
        "events",
        "SELECT * FROM event_pricing_rules WHERE event_id = 7 AND active = TRUE ORDER BY priority DESC",
    ),
    "idx_valid_until": ("events", "SELECT * FROM event_pricing_rules WHERE valid_until < NOW() - INTERVAL 398 DAY"),
    "uk_seat_version": ("inventory", "SELECT * FROM seat_audit WHERE seat_id = 7 ORDER BY seat_version"),
    "idx_event_created": (
        "inventory",
        "SELECT * FROM seat_audit WHERE event_id = 3 AND created_at > NOW() - INTERVAL 20 HOUR ORDER BY created_at",
    ),
    "idx_booking_id": ("inventory", "SELECT * FROM seat_audit WHERE booking_id = 7"),
    "idx_created_at": ("inventory", "SELECT * FROM seat_audit WHERE created_at < NOW() - INTERVAL 795 HOUR"),
    "idx_booking_created": ("bookings", "SELECT * FROM payment_transactions WHERE booking_id = 7 ORDER BY created_at"),
    "idx_status_created": (
        "bookings",
        "SELECT * FROM payment_transactions WHERE status = 'PENDING' AND created_at < NOW() - INTERVAL 700 HOUR",
    ),
}


@pytest.fixture(scope="module")
def filled(own_mysql: Server, migration_account: MysqlEndpoint) -> Iterator[Mapping[str, MysqlEndpoint]]:
    """Databases with some hundred rows in the added tables, and statistics of them."""
    with scratch_names(own_mysql) as new_name:
        endpoints = migrated(migration_account, new_name)
        for key, endpoint in endpoints.items():
            with connect(endpoint) as connection, connection.cursor() as cursor:
                for statement in FILLINGS[key]:
                    cursor.execute(statement)
                for table in ("event_pricing_rules", "seat_audit", "payment_transactions"):
                    cursor.execute(f"ANALYZE TABLE {table}")
        yield endpoints


@pytest.mark.parametrize("index", QUERIES)
def test_the_added_keys_serve_the_queries_that_they_were_made_for(
    filled: Mapping[str, MysqlEndpoint], index: str
) -> None:
    """The server chooses them, and needs not sort."""
    key, query = QUERIES[index]
    with undone(filled[key]) as execute:
        (plan,) = execute(f"EXPLAIN FORMAT=TRADITIONAL {query}")
    assert plan["key"] == index, plan
    assert "filesort" not in (plan["Extra"] or "")
