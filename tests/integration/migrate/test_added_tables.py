"""What we added to the specification's tables, and beside them, works as intended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.migrate.conftest import scratch_names
from integration.migrate.repository import Endpoints, migrated, undone
from integration.servers import Server
from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import connect
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration

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
RESERVATION = (
    "INSERT INTO reservations (seat_id, event_id, user_id, expires_at{}) VALUES ({}, 1, 'ann', '2026-01-01'{})"
)
HELD = RESERVATION.format(", hold_id, hold_position", "{}", ", {}")
WITH_STATUS = RESERVATION.format(", status", "1", ", '{}'")
GUARD = "INSERT INTO reservation_guards (event_id, user_id) VALUES (1, '{}')"
AUDIT = "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, reason) VALUES (1, 1, {})"
ENDED = [WITH_STATUS.format("ACTIVE"), "UPDATE reservations SET status = 'EXPIRED' WHERE seat_id = 1"]
LIVE, PLACE = (1062, "reservations.uk_live_seat"), (1062, "reservations.uk_hold_position")


@pytest.mark.parametrize(
    ("key", "statements", "refusal"),
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
        # A live reservation for each seat; what is over stands beside it.
        ("inventory", [HELD.format(1, "'h1', 0"), HELD.format(1, "'h2', 0")], LIVE),
        ("inventory", [WITH_STATUS.format("CONFIRMED"), WITH_STATUS.format("ACTIVE")], LIVE),
        ("inventory", [WITH_STATUS.format("EXPIRED"), WITH_STATUS.format("ACTIVE")], 0),
        (
            "inventory",
            [WITH_STATUS.format("CANCELLED"), WITH_STATUS.format("EXPIRED"), WITH_STATUS.format("EXPIRED")],
            0,
        ),
        ("inventory", [*ENDED, WITH_STATUS.format("ACTIVE")], 0),
        ("inventory", [*ENDED, WITH_STATUS.format("ACTIVE"), "UPDATE reservations SET status = 'CONFIRMED'"], LIVE),
        ("inventory", [RESERVATION.format(", live_seat_id", 1, ", NULL")], 3105),
        # A place in a hold is taken once, and rows without a hold do not meet.
        ("inventory", [HELD.format(1, "'h1', 0"), HELD.format(2, "'h1', 0")], PLACE),
        ("inventory", [HELD.format(1, "'h1', 0"), HELD.format(2, "'h1', 1"), HELD.format(3, "'H1', 1")], 0),
        ("inventory", [HELD.format(1, "NULL, NULL"), HELD.format(2, "NULL, NULL"), HELD.format(3, "NULL, 0")], 0),
        ("inventory", [HELD.format(1, "NULL, 0"), HELD.format(2, "NULL, 0")], 0),
        ("inventory", [HELD.format(1, "'hé', 0")], 1366),
        ("inventory", [HELD.format(1, f"'{'h' * 37}', 0")], 1406),
        # Whoever differs by a capital, an accent or a blank is somebody else.
        ("inventory", [GUARD.format("ann"), GUARD.format("Ann"), GUARD.format("ánn"), GUARD.format("ann ")], 0),
        (
            "inventory",
            [GUARD.format(""), GUARD.format("ann"), GUARD.format("ann")],
            (1062, "reservation_guards.PRIMARY"),
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
def test_the_added_tables_and_keys_refuse_what_makes_no_sense(
    repository_databases: Endpoints, key: str, statements: list[str], refusal: int | tuple[int, str]
) -> None:
    *before, last = statements
    number, by = refusal if isinstance(refusal, tuple) else (refusal, "")
    with undone(repository_databases[key]) as execute:
        for statement in before:
            execute(statement)
        if number == 0:
            execute(last)
            return
        with pytest.raises(BackendOperationError) as raised:
            execute(last)
    assert raised.value.number == number
    assert by in str(raised.value)


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
        f" SELECT g, m, m, 'BOOKED', g, NOW() - INTERVAL i HOUR FROM ({SEQUENCE}) s",
        "INSERT INTO reservations (seat_id, event_id, user_id, expires_at, status, hold_id, hold_position)"
        f" SELECT i, g, m, NOW(), IF(m = 0, 'ACTIVE', 'EXPIRED'), g, m FROM ({SEQUENCE}) s",
        "INSERT INTO outbox_events (aggregate_id, aggregate_type, event_type, payload, processed)"
        f" SELECT g, 'hold', 'x', '{{}}', m > 0 FROM ({SEQUENCE}) s",
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
ADDED_TO = ("event_pricing_rules", "seat_audit", "reservations", "outbox_events", "payment_transactions")
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
    "uk_hold_position": ("inventory", "SELECT * FROM reservations WHERE hold_id = '7' ORDER BY hold_position"),
    "uk_live_seat": ("inventory", "SELECT * FROM reservations WHERE live_seat_id IN (8, 16, 24) ORDER BY live_seat_id"),
    "idx_event_user": (
        "inventory",
        "SELECT COUNT(*) FROM reservations WHERE event_id = 3 AND user_id = '0' AND status IN ('ACTIVE', 'CONFIRMED')",
    ),
    "idx_processed": ("inventory", "SELECT * FROM outbox_events WHERE processed = FALSE ORDER BY id LIMIT 20"),
    "idx_booking_created": ("bookings", "SELECT * FROM payment_transactions WHERE booking_id = 7 ORDER BY created_at"),
    "idx_status_created": (
        "bookings",
        "SELECT * FROM payment_transactions WHERE status = 'PENDING' AND created_at < NOW() - INTERVAL 700 HOUR",
    ),
}


@pytest.fixture(scope="module")
def filled(own_mysql: Server, migration_account: MysqlEndpoint) -> Iterator[Endpoints]:
    """Databases with some hundred rows in the added tables, and statistics of them."""
    with scratch_names(own_mysql) as new_name:
        endpoints = migrated(migration_account, new_name)
        for key, endpoint in endpoints.items():
            with connect(endpoint) as connection, connection.cursor() as cursor:
                for statement in FILLINGS[key]:
                    cursor.execute(statement)
                for table in ADDED_TO:
                    cursor.execute(f"ANALYZE TABLE {table}")
        yield endpoints


@pytest.mark.parametrize("index", QUERIES)
def test_the_added_keys_serve_the_queries_that_they_were_made_for(filled: Endpoints, index: str) -> None:
    """The server chooses them, and needs not sort."""
    key, query = QUERIES[index]
    with undone(filled[key]) as execute:
        (plan,) = execute(f"EXPLAIN FORMAT=TRADITIONAL {query}")
    assert plan["key"] == index, plan
    assert "filesort" not in (plan["Extra"] or "")
