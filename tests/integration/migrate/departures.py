"""What the later migrations change in the specification's tables, on purpose.

Why they do is said in `migrations/inventory/*.sql` and in decision 0012. It is written out row by row as
`information_schema` shows it, so that whatever else comes to differ from the specification is seen.
"""

from __future__ import annotations

from collections.abc import Mapping

from integration.migrate.specification import differences
from ticketctl.settings.endpoints import MysqlEndpoint


def _instead(*row: object) -> str:
    return f"column specified, not there: {row}"


def _column(*row: object) -> str:
    return f"column there, not specified: {row}"


def _index(table: str, name: str, place: int, column: str, *, unique: bool) -> str:
    row = (table, name, place, 0 if unique else 1, column, "A", None, "BTREE", "YES", None)
    return f"index there, not specified: {row}"


def _unique(*row: object) -> str:
    return f"constraint there, not specified: {(*row, 'UNIQUE')}"


_LIVE = "if((`status` in (_utf8mb4\\'ACTIVE\\',_utf8mb4\\'CONFIRMED\\')),`seat_id`,NULL)"

DEPARTURES: Mapping[str, frozenset[str]] = {
    "events": frozenset(),
    "inventory": frozenset(
        {
            # 002_microseconds
            _instead("seats", "reserved_until", 11, None, "YES", "datetime", None, None, "MUL", "", ""),
            _column("seats", "reserved_until", 11, None, "YES", "datetime(6)", None, None, "MUL", "", ""),
            _instead("reservations", "expires_at", 6, None, "NO", "datetime", None, None, "MUL", "", ""),
            _column("reservations", "expires_at", 6, None, "NO", "datetime(6)", None, None, "MUL", "", ""),
            # 003_holds
            _column("seats", "hold_id", 14, None, "YES", "varchar(36)", "ascii", "ascii_bin", "", "", ""),
            _column("seats", "row_position", 15, None, "YES", "smallint unsigned", None, None, "", "", ""),
            _instead(
                *("reservations", "user_id", 4, None, "NO", "varchar(50)", "utf8mb4", "utf8mb4_0900_ai_ci"),
                *("MUL", "", ""),
            ),
            _column(
                *("reservations", "user_id", 4, None, "NO", "varchar(50)", "utf8mb4", "utf8mb4_0900_bin"),
                *("MUL", "", ""),
            ),
            _column("reservations", "hold_id", 9, None, "YES", "varchar(36)", "ascii", "ascii_bin", "MUL", "", ""),
            _column("reservations", "hold_position", 10, None, "YES", "smallint unsigned", None, None, "", "", ""),
            _column("reservations", "hold_request", 11, None, "YES", "binary(16)", None, None, "", "", ""),
            _column("reservations", "hold_deadline", 12, None, "YES", "datetime(6)", None, None, "", "", ""),
            _column("reservations", "booking_id", 13, None, "YES", "bigint", None, None, "", "", ""),
            _column(
                *("reservations", "live_seat_id", 14, None, "YES", "bigint", None, None),
                *("UNI", "VIRTUAL GENERATED", _LIVE),
            ),
            _index("reservations", "uk_hold_position", 1, "hold_id", unique=True),
            _index("reservations", "uk_hold_position", 2, "hold_position", unique=True),
            _unique("reservations", "uk_hold_position"),
            _index("reservations", "uk_live_seat", 1, "live_seat_id", unique=True),
            _unique("reservations", "uk_live_seat"),
            # `event_id` itself is as it was, and now the first column of an index.
            _instead("reservations", "event_id", 3, None, "NO", "bigint", None, None, "", "", ""),
            _column("reservations", "event_id", 3, None, "NO", "bigint", None, None, "MUL", "", ""),
            _index("reservations", "idx_event_user", 1, "event_id", unique=False),
            _index("reservations", "idx_event_user", 2, "user_id", unique=False),
            _index("reservations", "idx_event_user", 3, "status", unique=False),
        }
    ),
    "bookings": frozenset(),
}


def unplanned(endpoint: MysqlEndpoint, key: str) -> list[str]:
    """Say where a database with all migrations is neither as specified nor as it was meant to depart from that.

    Args:
        endpoint: The database, and an account that may make scratch databases on its server.
        key: Which part of the specification: `events`, `inventory`, `bookings`.
    """
    found, meant = differences(endpoint, key), DEPARTURES[key]
    unmeant = [difference for difference in found if difference not in meant]
    return unmeant + [f"meant, and not so: {difference}" for difference in sorted(meant - set(found))]
