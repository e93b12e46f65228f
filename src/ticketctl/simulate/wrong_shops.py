"""The classic wrong ways to sell seats. Each is in programs that people use; each sells seats twice.

What they do they write down as honestly as the library does, in `seats` and `seat_audit`, so what a check finds is what
is wrong with the way and not with its books. They leave `reservations` alone, as programs do that have no such table:
its unique key would refuse them.
"""

from __future__ import annotations

import queue
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pymysql
import redis

from ticketctl.simulate.diary import Outcome, Request
from ticketctl.simulate.sale import Unsafe
from ticketctl.simulate.shop import Shop

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_CONNECTIONS = 8
_OVER = "(status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6))"
_FREE = f"SELECT seat_id FROM seats WHERE event_id = %s AND (status = 'AVAILABLE' OR {_OVER}) ORDER BY seat_id"
_LOOK = f"SELECT seat_id, status = 'AVAILABLE', {_OVER} FROM seats WHERE seat_id IN %s ORDER BY seat_id"
_GUARD = "INSERT IGNORE INTO reservation_guards (event_id, user_id) VALUES (%s, '')"
_LOCK = "SELECT event_id FROM reservation_guards WHERE event_id = %s AND user_id = '' FOR UPDATE"
_SOLD_OUT = "SELECT COUNT(*) = 0 FROM seats WHERE event_id = %s AND status = 'AVAILABLE'"
_AUDIT = (
    "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, reason, changed_by, hold_id,"
    " user_id, reserved_until, booking_id)"
)
_EXPIRE = (
    f"{_AUDIT} SELECT seat_id, event_id, version + 1, 'RESERVED', 'AVAILABLE', 'expired', 'shop', hold_id, NULL, NULL,"
    " NULL FROM seats WHERE seat_id = %s FOR UPDATE"
)
_TAKE = (
    "UPDATE seats SET version = version + %s, status = 'RESERVED', hold_id = %s, reserved_by = %s, booking_id = NULL,"
    " reserved_until = UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND WHERE seat_id = %s"
)
_TAKEN = (
    f"{_AUDIT} SELECT seat_id, event_id, version, 'AVAILABLE', status, 'held', reserved_by, hold_id, reserved_by,"
    " reserved_until, NULL FROM seats WHERE seat_id = %s"
)
_BOOK = (
    "UPDATE seats SET version = version + 1, status = 'BOOKED', hold_id = %s, reserved_by = %s, reserved_until = NULL,"
    " booking_id = %s WHERE seat_id = %s"
)
_BOOKED = (
    f"{_AUDIT} SELECT seat_id, event_id, version, 'RESERVED', status, 'confirmed', reserved_by, hold_id, reserved_by,"
    " NULL, booking_id FROM seats WHERE seat_id = %s"
)


def wrong_shop(
    way: Unsafe, event_id: int, ttl: float, mysql: Mapping[str, Any], redis_settings: Mapping[str, Any]
) -> WrongShop:
    """Return a shop that sells in a wrong way.

    Args:
        way: Which.
        event_id: What is sold.
        ttl: Seconds that holds live.
        mysql: How the driver connects to the inventory.
        redis_settings: How the client connects to Redis.
    """
    if way == "redis-only":
        return RedisOnly(event_id, ttl, mysql, redis.Redis(**redis_settings))
    ways = {"read-then-write": ReadThenWrite, "lock-then-plain-read": LockThenPlainRead, "no-predicate": NoPredicate}
    return ways[way](event_id, ttl, mysql)


class WrongShop(Shop):
    """What the wrong ways share.

    Args:
        event_id: What is sold.
        ttl: Seconds that holds live.
        mysql: How the driver connects to the inventory.
    """

    def __init__(self, event_id: int, ttl: float, mysql: Mapping[str, Any]) -> None:
        self._event_id = event_id
        self._ttl = ttl
        self._mysql = mysql
        self._idle: queue.SimpleQueue[Connection[Cursor] | None] = queue.SimpleQueue()
        for _ in range(_CONNECTIONS):
            self._idle.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(_CONNECTIONS):
            if connection := self._idle.get():
                connection.close()

    def free(self) -> tuple[int, ...]:
        """See `Shop`."""
        with self._transaction() as cursor:
            cursor.execute(_FREE, (self._event_id,))
            return tuple(seat_id for (seat_id,) in cursor.fetchall())

    def hold(self, request: Request) -> Outcome:
        """See `Shop`."""
        try:
            seat_ids = request.seat_ids or self.free()[: request.party]
            if len(seat_ids) < request.party:
                return Outcome("refused")
            taken = self.take(request, sorted(seat_ids))
        except pymysql.MySQLError as error:
            return Outcome("failed", (), str(error))
        return Outcome("refused", tuple(taken)) if taken else Outcome("held", tuple(sorted(seat_ids)))

    @abstractmethod
    def take(self, request: Request, seat_ids: Sequence[int]) -> Sequence[int]:
        """Hold seats; returns those that others have, and then holds none."""

    def pay(self, request: Request, seat_ids: Sequence[int], booking_id: int) -> Outcome:
        """See `Shop`."""
        return self._write_booking(request, seat_ids, booking_id)

    def release(self, request: Request) -> Outcome:  # noqa: ARG002  # holds run out
        """See `Shop`."""
        return Outcome("over")

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        connection = self._idle.get()
        try:
            if connection is None:
                connection = pymysql.connect(**self._mysql)
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()
        except BaseException:
            if connection is not None:
                connection.close()
            connection = None
            raise
        finally:
            self._idle.put(connection)

    def _look(self, cursor: Cursor, seat_ids: Sequence[int], *, locking: bool = False) -> tuple[list[int], set[int]]:
        """Return which of the seats others have, and which were held for too long."""
        cursor.execute(f"{_LOOK} FOR UPDATE" if locking else _LOOK, (tuple(seat_ids),))
        rows = cursor.fetchall()
        return [seat for seat, free, over in rows if not (free or over)], {seat for seat, _, over in rows if over}

    def _write_hold(self, cursor: Cursor, request: Request, seat_ids: Sequence[int], over: set[int]) -> None:
        for seat_id in seat_ids:
            if seat_id in over:
                cursor.execute(_EXPIRE, (seat_id,))
            steps = 2 if seat_id in over else 1
            cursor.execute(_TAKE, (steps, request.hold_id, request.user_id, round(self._ttl * 1e6), seat_id))
            cursor.execute(_TAKEN, (seat_id,))

    def _write_booking(self, request: Request, seat_ids: Sequence[int], booking_id: int) -> Outcome:
        try:
            with self._transaction() as cursor:
                for seat_id in seat_ids:
                    cursor.execute(_BOOK, (request.hold_id, request.user_id, booking_id, seat_id))
                    cursor.execute(_BOOKED, (seat_id,))
        except pymysql.MySQLError as error:
            return Outcome("unknown", (), str(error))
        return Outcome("confirmed", tuple(seat_ids))


class ReadThenWrite(WrongShop):
    """Looks whether the seats are free, and if so writes: what happens in between is not looked at."""

    def take(self, request: Request, seat_ids: Sequence[int]) -> Sequence[int]:
        """See `WrongShop`."""
        with self._transaction() as cursor:
            taken, over = self._look(cursor, seat_ids)
        if not taken:
            with self._transaction() as cursor:
                self._write_hold(cursor, request, seat_ids, over)
        return taken


class LockThenPlainRead(ReadThenWrite):
    """Locks the event, then looks with a plain SELECT: under REPEATABLE READ it sees what was before the lock."""

    def take(self, request: Request, seat_ids: Sequence[int]) -> Sequence[int]:
        """See `WrongShop`."""
        with self._transaction() as cursor:
            cursor.execute(_GUARD, (self._event_id,))
        with self._transaction() as cursor:
            cursor.execute(_SOLD_OUT, (self._event_id,))  # any plain read: the snapshot is of this moment
            cursor.fetchall()
            cursor.execute(_LOCK, (self._event_id,))
            taken, over = self._look(cursor, seat_ids)
            if not taken:
                self._write_hold(cursor, request, seat_ids, over)
        return taken


class NoPredicate(WrongShop):
    """Holds seats rightly, and books them by their number: whose they are by then is not asked."""

    def take(self, request: Request, seat_ids: Sequence[int]) -> Sequence[int]:
        """See `WrongShop`."""
        with self._transaction() as cursor:
            taken, over = self._look(cursor, seat_ids, locking=True)
            if not taken:
                self._write_hold(cursor, request, seat_ids, over)
        return taken


class RedisOnly(WrongShop):
    """Holds seats by keys of Redis that run out, and writes to MySQL what was paid, whoever has the key by then."""

    def __init__(self, event_id: int, ttl: float, mysql: Mapping[str, Any], client: redis.Redis) -> None:
        super().__init__(event_id, ttl, mysql)
        self._client = client

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._client.close()

    def take(self, request: Request, seat_ids: Sequence[int]) -> Sequence[int]:
        """See `WrongShop`."""
        with self._transaction() as cursor:
            taken, _ = self._look(cursor, seat_ids)
        if taken:
            return taken
        got: list[int] = []
        for seat_id in seat_ids:
            if not self._client.set(self._key(seat_id), request.hold_id, nx=True, px=round(self._ttl * 1000)):
                self._client.delete(*map(self._key, got)) if got else None
                return [seat_id]
            got.append(seat_id)
        return ()

    def pay(self, request: Request, seat_ids: Sequence[int], booking_id: int) -> Outcome:
        """See `Shop`."""
        try:
            with self._transaction() as cursor:
                self._write_hold(cursor, request, seat_ids, set())
        except pymysql.MySQLError as error:
            return Outcome("failed", (), str(error))
        return self._write_booking(request, seat_ids, booking_id)

    def _key(self, seat_id: int) -> str:
        return f"seat:{{{self._event_id}}}:{seat_id}"
