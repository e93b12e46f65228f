"""The statements, as text and parameters.

Rows that are to change are named by their primary key, ascending, and the key is forced: the server would otherwise be
free to walk through a small table and lock all of it. Every change of a seat is a condition on the version that was
read under its lock, and on its state by the database's clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ticketctl.reservations._moments import NOW, as_number, as_text
from ticketctl.reservations._steps import Statement

COMMIT = Statement("COMMIT")
ROLLBACK = Statement("ROLLBACK")

_OVER = "(status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6))"


class SeatRow(NamedTuple):
    """A seat as it stands while its row is locked.

    Attributes:
        seat_id: The seat.
        event_id: Its event.
        status: As it is written: `RESERVED` also when that is over.
        version: Its version.
        hold_id: The hold that reserved or booked it.
        until: Until when it is reserved, as a moment.
        over: Whether it is reserved by a hold that is over.
        now: The database's clock when the statement began.
    """

    seat_id: int
    event_id: int
    status: str
    version: int
    hold_id: str | None
    until: int | None
    over: bool
    now: int

    @property
    def free(self) -> bool:
        """Whether it can be held."""
        return self.status == "AVAILABLE" or bool(self.over)


class Change(NamedTuple):
    """One change of a seat, as the audit has it.

    Attributes:
        seat_id: The seat.
        event_id: Its event.
        version: Its version after the change.
        old: Its status before.
        new: Its status after.
        actor: Who did it.
        reason: Why.
        hold_id: The hold it belongs to.
        user_id: Whose it is afterwards.
        until: Until when, as a moment.
        booking_id: The booking, when it is booked, or was.
    """

    seat_id: int
    event_id: int
    version: int
    old: str
    new: str
    actor: str
    reason: str
    hold_id: str | None = None
    user_id: str | None = None
    until: int | None = None
    booking_id: int | None = None


class Target(NamedTuple):
    """What a seat shall be.

    Attributes:
        seat_id: The seat.
        read: The version that was read under its lock.
        version: Its new version.
        status: Its new status.
        hold_id: The hold.
        user_id: Whose it is.
        until: Until when, as a moment.
        booking_id: The booking.
    """

    seat_id: int
    read: int
    version: int
    status: str
    hold_id: str | None = None
    user_id: str | None = None
    until: int | None = None
    booking_id: int | None = None


class News(NamedTuple):
    """What other services are told.

    Attributes:
        event_id: The event.
        name: What happened.
        payload: To whom and what.
    """

    event_id: int
    name: str
    payload: dict[str, object]


def lock_seats(seat_ids: Sequence[int], *, skip: bool) -> Statement:
    """Lock seats and read them as `SeatRow`; those that others have locked are left out, or waited for.

    What is read must be more than the key: a read of the key alone may walk it from end to end, and lock all of it.
    """
    return Statement(
        "SELECT seat_id, event_id, status, version, hold_id, "
        + as_number("reserved_until")
        + f", {_OVER}, {NOW} FROM seats FORCE INDEX (PRIMARY) WHERE seat_id IN ({marks(len(seat_ids))})"
        + " ORDER BY seat_id FOR UPDATE"
        + (" SKIP LOCKED" if skip else ""),
        tuple(seat_ids),
        reads=True,
    )


def write_seats(targets: Sequence[Target], *, only: str) -> Statement:
    """Change seats that are locked, each on the condition that it is as it was read.

    Args:
        targets: What they shall be.
        only: The states that they may be in: a key of `STATES`.
    """
    return _write_alike(targets, only) if _alike(targets) else _write_each(targets, only)


STATES = {
    "free": "(seats.status = 'AVAILABLE' OR (seats.status = 'RESERVED' AND seats.reserved_until <= UTC_TIMESTAMP(6)))",
    "reserved": "seats.status = 'RESERVED'",
    "over": "(seats.status = 'RESERVED' AND seats.reserved_until <= UTC_TIMESTAMP(6))",
    "free or reserved": "seats.status IN ('AVAILABLE', 'RESERVED')",
    "booked": "seats.status = 'BOOKED'",
    "taken": "seats.status IN ('RESERVED', 'BOOKED')",
    "blocked": "seats.status = 'BLOCKED'",
}
"""Conditions on a seat that is to change."""


def _alike(targets: Sequence[Target]) -> bool:
    first = targets[0][3:]
    return all(target[3:] == first and target.version == target.read + 1 for target in targets)


def _write_alike(targets: Sequence[Target], only: str) -> Statement:
    """One hold's seats: the server does that in two thirds of the time of the general way."""
    _, _, _, *values = _with_text(targets[0])
    seat_ids = [target.seat_id for target in targets]
    read = [value for target in targets for value in target[:2]]
    return Statement(
        "UPDATE seats FORCE INDEX (PRIMARY) SET version = version + 1, status = %s, hold_id = %s, reserved_by = %s,"
        f" reserved_until = %s, booking_id = %s WHERE seat_id IN ({marks(len(targets))})"
        f" AND (seat_id, version) IN ({', '.join(['(%s, %s)'] * len(targets))}) AND {STATES[only]}",
        (*values, *seat_ids, *read),
    )


def _write_each(targets: Sequence[Target], only: str) -> Statement:
    row = "ROW(%s, %s, %s, %s, %s, %s, %s, %s)"
    return Statement(
        "UPDATE (VALUES "
        + ", ".join([row] * len(targets))
        + ") AS wanted (seat_id, was, version, status, hold_id, user_id, until, booking_id)"
        " STRAIGHT_JOIN seats FORCE INDEX (PRIMARY) ON seats.seat_id = wanted.seat_id"
        " SET seats.version = wanted.version, seats.status = wanted.status, seats.hold_id = wanted.hold_id,"
        " seats.reserved_by = wanted.user_id, seats.reserved_until = wanted.until, seats.booking_id = wanted.booking_id"
        f" WHERE seats.version = wanted.was AND {STATES[only]}",
        tuple(value for target in targets for value in _with_text(target)),
    )


def expire_reservations(seat_ids: Sequence[int]) -> Statement:
    """End the reservations of holds that are over; the caller has locked their seats."""
    return Statement(
        "UPDATE reservations FORCE INDEX (uk_live_seat) SET status = 'EXPIRED'"
        f" WHERE live_seat_id IN ({marks(len(seat_ids))}) AND status = 'ACTIVE'",
        tuple(seat_ids),
    )


def insert_reservations(rows: Sequence[tuple[object, ...]]) -> Statement:
    """Write reservations: seat, event, user, end, hold, position, digest, deadline."""
    return _insert(
        "reservations",
        "seat_id, event_id, user_id, expires_at, status, hold_id, hold_position, hold_request, hold_deadline",
        "(%s, %s, %s, %s, 'ACTIVE', %s, %s, UNHEX(%s), %s)",
        rows,
    )


def insert_audit(changes: Sequence[Change]) -> Statement:
    """Write what happened to seats."""
    return _insert(
        "seat_audit",
        "seat_id, event_id, seat_version, old_status, new_status, changed_by, reason, hold_id, user_id,"
        " reserved_until, booking_id",
        "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (*change[:9], None if change.until is None else as_text(change.until), change.booking_id)
            for change in changes
        ],
    )


def insert_news(news: Sequence[News]) -> Statement:
    """Write what other services are told."""
    return _insert(
        "outbox_events",
        "aggregate_id, aggregate_type, event_type, payload",
        "(%s, 'event_seats', %s, %s)",
        [(item.event_id, item.name, json.dumps(item.payload, separators=(",", ":"))) for item in news],
    )


def marks(count: int) -> str:
    """Return so many placeholders."""
    return ", ".join(["%s"] * count)


def _with_text(target: Target) -> Iterable[object]:
    yield from target[:6]
    yield None if target.until is None else as_text(target.until)
    yield target.booking_id


def _insert(table: str, columns: str, row: str, rows: Sequence[Sequence[object]]) -> Statement:
    return Statement(
        f"INSERT INTO {table} ({columns}) VALUES " + ", ".join([row] * len(rows)),  # constants
        tuple(value for values in rows for value in values),
    )
