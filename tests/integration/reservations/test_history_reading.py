"""A history is read as it was written: in every time zone, by every kind of cursor, and of one moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql
import pymysql.cursors
import pytest

from integration.reservations.conftest import add_seats
from ticketctl.reservations.history import Change, History, ReservationRow, SeatRow, aread, check, read
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration
EVENT, OTHER_EVENT = 11, 12
HOLD = "0198-hold_A"
WRITTEN = datetime(2026, 7, 1, 10, 0, 0, 123456, tzinfo=UTC)
UNTIL = datetime(2026, 7, 1, 10, 10, 0, 654321, tzinfo=UTC)
DEADLINE = UNTIL + timedelta(hours=1)
ZONES = ["+00:00", "-11:00", "+13:45"]

Connect = Callable[..., "pymysql.connections.Connection[Any]"]


def moment(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@contextmanager
def session(inventory: MysqlEndpoint, zone: str = "+00:00", **options: Any) -> Iterator[Any]:
    """A connection of a service that keeps its own time zone."""
    connection = pymysql.connect(
        host=inventory.host,
        port=inventory.port,
        user=inventory.user,
        password=inventory.password.reveal(),
        database=inventory.database,
        charset="utf8mb4",
        init_command=f"SET time_zone = '{zone}'",
        **options,
    )
    with closing(connection):
        yield connection


class Awaited:
    """A cursor whose methods are awaited; what asyncio drivers do, without a further dependency."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    async def execute(self, query: str, args: Any, /) -> object:
        return await asyncio.to_thread(self._cursor.execute, query, args)

    async def fetchmany(self, size: int, /) -> Sequence[Any]:
        rows: Sequence[Any] = await asyncio.to_thread(self._cursor.fetchmany, size)
        return rows


def write(inventory: MysqlEndpoint, seat_id: int, zone: str) -> None:
    """A hold, in plain SQL. `TIMESTAMP` columns take the session's time, all others UTC."""
    with session(inventory, zone) as connection, connection.cursor() as cursor:
        # What a session in this zone calls that moment, as the server makes it.
        cursor.execute("SET SESSION timestamp = %s", (moment(WRITTEN) / 1_000_000,))
        cursor.execute(
            "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, changed_by, reason,"
            " hold_id, user_id, reserved_until) VALUES"
            " (%s, %s, 1, 'AVAILABLE', 'RESERVED', 'web', 'held', %s, 'Zoë', '2026-07-01 10:10:00.654321')",
            (seat_id, EVENT, HOLD),
        )
        cursor.execute(
            "UPDATE seats SET status = 'RESERVED', version = 1, hold_id = %s, reserved_by = 'Zoë',"
            " reserved_until = '2026-07-01 10:10:00.654321' WHERE seat_id = %s",
            (HOLD, seat_id),
        )
        cursor.execute(
            "INSERT INTO reservations (seat_id, event_id, user_id, expires_at, hold_id, hold_position, hold_deadline)"
            " VALUES (%s, %s, 'Zoë', '2026-07-01 10:10:00.654321', %s, 0, '2026-07-01 11:10:00.654321')",
            (seat_id, EVENT, HOLD),
        )
        connection.commit()


def expected(seats: Sequence[int]) -> History:
    held, free = seats
    until = moment(UNTIL)
    return History(
        [
            Change(
                *(1, held, EVENT, 1, "AVAILABLE", "RESERVED", "held", "web"),
                *(HOLD, "Zoë", until, None, moment(WRITTEN)),
            )
        ],
        [
            SeatRow(held, EVENT, "RESERVED", 1, HOLD, "Zoë", until, None),
            SeatRow(free, EVENT, "AVAILABLE", 0),
        ],
        [ReservationRow(1, held, EVENT, "ACTIVE", HOLD, 0, "Zoë", until, moment(DEADLINE), None)],
    )


@pytest.mark.parametrize("written_in", ZONES)
def test_what_is_written_in_one_time_zone_is_read_in_every_other(inventory: MysqlEndpoint, written_in: str) -> None:
    seats = add_seats(inventory, EVENT, 2)
    add_seats(inventory, OTHER_EVENT, 1)
    write(inventory, seats[0], written_in)

    for read_in in ZONES:
        with session(inventory, read_in) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT created_at FROM seat_audit")
            ((shown,),) = cursor.fetchall()
            assert (shown == WRITTEN.replace(tzinfo=None)) is (read_in == "+00:00")  # the zone is in force
            assert read(cursor, EVENT) == expected(seats)
            assert check(read(cursor, EVENT), capacity={EVENT: 2}).text().endswith("nothing wrong")


@pytest.mark.parametrize("kind", ["Cursor", "DictCursor", "SSCursor", "SSDictCursor"])
def test_every_kind_of_cursor_reads_the_same(inventory: MysqlEndpoint, kind: str) -> None:
    seats = add_seats(inventory, EVENT, 2)
    write(inventory, seats[0], "+00:00")

    with session(inventory, cursorclass=getattr(pymysql.cursors, kind)) as connection, connection.cursor() as cursor:
        assert read(cursor, EVENT) == expected(seats)
        assert asyncio.run(aread(Awaited(cursor), EVENT)) == expected(seats)


def test_all_events_are_read_where_none_is_named(inventory: MysqlEndpoint) -> None:
    seats = add_seats(inventory, EVENT, 2)
    others = add_seats(inventory, OTHER_EVENT, 1)
    write(inventory, seats[0], "+00:00")

    with session(inventory) as connection, connection.cursor() as cursor:
        every = read(cursor)
        other = read(cursor, OTHER_EVENT)

    assert [row.seat_id for row in every.seats] == [*seats, *others]
    assert (every.changes, every.reservations) == (expected(seats).changes, expected(seats).reservations)
    assert other == History([], [SeatRow(others[0], OTHER_EVENT, "AVAILABLE", 0)], [])
    assert check(every).statuses == {EVENT: {"RESERVED": 1, "AVAILABLE": 1}, OTHER_EVENT: {"AVAILABLE": 1}}


def test_numbers_are_whole_however_large(inventory: MysqlEndpoint) -> None:
    (seat_id,) = add_seats(inventory, EVENT, 1)
    largest = 2**63 - 1
    with session(inventory) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE seats SET version = %s, booking_id = %s WHERE seat_id = %s", (largest, largest, seat_id))
        history = read(cursor, EVENT)

    assert history.seats == [SeatRow(seat_id, EVENT, "AVAILABLE", largest, None, None, None, largest)]
    assert type(history.seats[0].version) is int


def test_more_rows_than_are_fetched_at_once_are_read(inventory: MysqlEndpoint) -> None:
    seats = add_seats(inventory, EVENT, 10_001)

    with session(inventory, cursorclass=pymysql.cursors.SSCursor) as connection, connection.cursor() as cursor:
        assert sorted(row.seat_id for row in read(cursor, EVENT).seats) == seats


# --- one moment ----------------------------------------------------------------------------------


class Mover(threading.Thread):
    """Holds and releases a seat again and again, each in one transaction, as one who writes as it should.

    Args:
        inventory: The inventory database.
        seat_id: The seat.
    """

    def __init__(self, inventory: MysqlEndpoint, seat_id: int) -> None:
        super().__init__()
        self._inventory = inventory
        self._seat_id = seat_id
        self.stopped = threading.Event()
        self.moves = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with session(self._inventory, autocommit=False) as connection, connection.cursor() as cursor:
                while not self.stopped.is_set():
                    self._hold(cursor, f"{self._seat_id}-{self.moves}", 2 * self.moves)
                    connection.commit()
                    self._release(cursor, f"{self._seat_id}-{self.moves}", 2 * self.moves + 1)
                    connection.commit()
                    self.moves += 1
        except Exception as error:  # told by the test
            self.failure = error

    def _hold(self, cursor: Any, hold_id: str, version: int) -> None:
        until = "2099-01-01 00:00:00.000000"
        cursor.execute(
            "UPDATE seats SET status = 'RESERVED', version = %s, hold_id = %s, reserved_by = 'u', reserved_until = %s"
            " WHERE seat_id = %s",
            (version + 1, hold_id, until, self._seat_id),
        )
        cursor.execute(
            "INSERT INTO reservations (seat_id, event_id, user_id, expires_at, hold_id, hold_position)"
            " VALUES (%s, %s, 'u', %s, %s, 0)",
            (self._seat_id, EVENT, until, hold_id),
        )
        self._audit(cursor, version + 1, "AVAILABLE", "RESERVED", "held", hold_id, ("u", until))

    def _release(self, cursor: Any, hold_id: str, version: int) -> None:
        cursor.execute(
            "UPDATE seats SET status = 'AVAILABLE', version = %s, hold_id = NULL, reserved_by = NULL,"
            " reserved_until = NULL WHERE seat_id = %s",
            (version + 1, self._seat_id),
        )
        cursor.execute("UPDATE reservations SET status = 'CANCELLED' WHERE hold_id = %s", (hold_id,))
        self._audit(cursor, version + 1, "RESERVED", "AVAILABLE", "released", hold_id, (None, None))

    def _audit(self, cursor: Any, version: int, *change: Any) -> None:
        old, new, reason, hold_id, (user_id, until) = change
        cursor.execute(
            "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, changed_by, reason,"
            " hold_id, user_id, reserved_until) VALUES (%s, %s, %s, %s, %s, 'u', %s, %s, %s, %s)",
            (self._seat_id, EVENT, version, old, new, reason, hold_id, user_id, until),
        )


@contextmanager
def moving(inventory: MysqlEndpoint, seats: Sequence[int]) -> Iterator[list[Mover]]:
    movers = [Mover(inventory, seat_id) for seat_id in seats]
    for mover in movers:
        mover.start()
    try:
        yield movers
    finally:
        for mover in movers:
            mover.stopped.set()
        for mover in movers:
            mover.join()


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.parametrize("autocommit", [True, False])
def test_a_history_is_of_one_moment_while_others_write(inventory: MysqlEndpoint, level: str, autocommit: bool) -> None:
    seats = add_seats(inventory, EVENT, 2)

    with (
        session(inventory, autocommit=autocommit) as connection,
        connection.cursor() as cursor,
        moving(inventory, seats) as movers,
    ):
        cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
        lengths: set[int] = set()
        while len(lengths) < 30 and not any(mover.failure for mover in movers):
            history = read(cursor, EVENT)
            lengths.add(len(history.changes))
            assert check(history, capacity={EVENT: 2}).text().endswith("nothing wrong")
            connection.rollback()

    assert [mover.failure for mover in movers] == [None, None]
