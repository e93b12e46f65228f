"""What the databases hold before a run, and whether they have what it writes."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.errors import BackendOperationError
from ticketctl.infra.mysql import BACKEND, NO_SUCH_COLUMN, NO_SUCH_TABLE
from ticketctl.provision.seed.database import Database
from ticketctl.provision.seed.plan import Observed, Unfinished

# Each column that a run writes or stands on; no row is read.
_NEEDED = {
    "events": "SELECT event_id, event_name, event_date, venue_name, total_seats, available_seats, status,"
    " sale_start_time FROM events LIMIT 0",
    "seats": "SELECT seat_id, event_id, seat_number, section, `row_number`, row_position, seat_type, price, status,"
    " version FROM seats LIMIT 0",
}
# What a run marks an event with until all is there: it is to come, and nothing of it can be had.
_BEGUN = (
    "SELECT event_id, event_name, total_seats FROM events"
    " WHERE status = 'UPCOMING' AND available_seats = 0 AND total_seats > 0 ORDER BY event_id"
)
_PRESENT = "SELECT COUNT(*), COUNT(IF(status = 'AVAILABLE', 1, NULL)) FROM seats WHERE event_id = %s"
_COUNTED_NOW = "SET SESSION information_schema_stats_expiry = 0"  # else the server answers as of yesterday
_NEXT_ID = (
    "SELECT COALESCE(AUTO_INCREMENT, 1) FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"
)


def observe(events: Database, inventory: Database) -> Observed:
    """Return what the databases hold; changes nothing.

    Args:
        events: The events database.
        inventory: The inventory database.

    Raises:
        BackendOperationError: A table or a column that a run writes is missing.
        BackendError: A server refuses or is gone.
    """
    _check(events, "events")
    _check(inventory, "seats")
    ((count,),) = events.rows("SELECT COUNT(*) FROM events")
    seen = Observed(
        count, _next_id(events, "events"), _next_id(inventory, "seats"), tuple(_unfinished(events, inventory))
    )
    for database in (events, inventory):
        database.commit()  # what is read later is read as it is then
    return seen


def _check(database: Database, table: str) -> None:
    try:
        database.rows(_NEEDED[table])
    except BackendOperationError as error:
        if error.number not in (NO_SUCH_TABLE, NO_SUCH_COLUMN):
            raise
        trouble = "is missing" if error.number == NO_SUCH_TABLE else "lacks a column"
        raise BackendOperationError(
            f"the table {table} of {database.name} {trouble}",
            backend=BACKEND,
            number=error.number,
            why=error.why,
            next_step="`ticketctl migrate apply` applies what is pending; `ticketctl migrate status` shows it",
        ) from error


def _next_id(database: Database, table: str) -> int:
    database.send(_COUNTED_NOW)
    ((number,),) = database.rows(_NEXT_ID, table)
    return int(number)


def _unfinished(events: Database, inventory: Database) -> Iterator[Unfinished]:
    for event_id, name, seats in events.rows(_BEGUN):
        ((present, available),) = inventory.rows(_PRESENT, event_id)
        # With all seats there, it is unfinished only if they could be had: one that is sold out has the same mark.
        if present < seats or available == seats:
            yield Unfinished(event_id, name, seats, present)
