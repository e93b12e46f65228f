"""What is asked most on call: how an event stands, who holds what, what happened to a seat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ticketctl.reservations._moments import NOW, as_datetime, as_kept, as_number
from ticketctl.reservations._statements import marks
from ticketctl.reservations.inspection._entries import Entries
from ticketctl.reservations.inspection._model import EventStatus, LiveHold, SeatChange, SeatHistory, SeatNow
from ticketctl.reservations.inspection._reading import Cursor, known, moment, row, rows, snapshot, text

if TYPE_CHECKING:
    from redis import Redis

_SOON = 60
"""Seconds within which a hold is said to end soon."""
_HOLDS_AT_A_TIME = 500

_OVER = "reserved_until <= UTC_TIMESTAMP(6)"
_LATER = f"reserved_until > UTC_TIMESTAMP(6) + INTERVAL {_SOON} SECOND"
_LIVE = "status = 'ACTIVE' AND expires_at > UTC_TIMESTAMP(6) AND hold_id IS NOT NULL"


def status(cursor: Cursor, redis: Redis, event_id: int, *, namespace: str = "seat") -> EventStatus:
    """Return how the seats of an event stand.

    Args:
        cursor: A cursor on the inventory database.
        redis: A client of the Redis in front of it.
        event_id: The event.
        namespace: What the keys in Redis begin with.
    """
    seats = _counts(cursor, event_id)
    entries = intents = leaving = 0
    for page in Entries(redis, namespace).walk(event_id):
        entries += len(page)
        leaving += sum(entry.leaving for entry in page)
        intents += sum(entry.short and not entry.leaving for entry in page)
    return EventStatus(event_id, **seats, entries=entries, intents=intents, leaving=leaving)


def _counts(cursor: Cursor, event_id: int) -> dict[str, int]:
    """Return how many seats of an event are in each state, and how many holds and users have them, at one moment."""
    with snapshot(cursor):
        states = rows(
            cursor,
            "SELECT status, COUNT(*) FROM seats FORCE INDEX (idx_event_status) WHERE event_id = %s GROUP BY status",
            event_id,
        )
        over, live, users, ending = row(
            cursor,
            f"SELECT COALESCE(SUM({_OVER}), 0), COUNT(DISTINCT IF({_OVER}, NULL, hold_id)),"
            f" COUNT(DISTINCT IF({_OVER}, NULL, reserved_by COLLATE utf8mb4_0900_bin)),"
            f" COUNT(DISTINCT IF({_OVER} OR {_LATER}, NULL, hold_id))"
            " FROM seats FORCE INDEX (idx_event_status) WHERE event_id = %s AND status = 'RESERVED'",
            event_id,
        )
    of_state = {known(state): int(count) for state, count in states}
    return {
        "seats": sum(of_state.values()),
        "available": of_state.get("AVAILABLE", 0),
        "over": int(over),
        "reserved": of_state.get("RESERVED", 0) - int(over),
        "booked": of_state.get("BOOKED", 0),
        "blocked": of_state.get("BLOCKED", 0),
        "holds": int(live),
        "users": int(users),
        "ending": int(ending),
    }


def holds(
    cursor: Cursor, *, event_id: int | None = None, user_id: str | None = None, limit: int = 100
) -> list[LiveHold]:
    """Return live holds that are not confirmed, those that end first before the others.

    Args:
        cursor: A cursor on the inventory database.
        event_id: Only of this event.
        user_id: Only of this user.
        limit: How many at most.
    """
    wanted = [
        (sql, value) for sql, value in ((" AND event_id = %s", event_id), (" AND user_id = %s", user_id)) if value
    ]
    with snapshot(cursor):
        found = [
            known(hold_id)
            for (hold_id,) in rows(
                cursor,
                f"SELECT hold_id FROM reservations WHERE {_LIVE}{''.join(sql for sql, _ in wanted)}"
                " GROUP BY hold_id ORDER BY MIN(expires_at), hold_id LIMIT %s",
                *(value for _, value in wanted),
                limit,
            )
        ]
        seats: dict[str, list[Any]] = {hold_id: [] for hold_id in found}
        for start in range(0, len(found), _HOLDS_AT_A_TIME):
            for hold_id, *rest in _seats_of(cursor, found[start : start + _HOLDS_AT_A_TIME]):
                seats[known(hold_id)].append(rest)
    return [_live_hold(hold_id, seats[hold_id]) for hold_id in found]


def _seats_of(cursor: Cursor, hold_ids: Sequence[str]) -> Sequence[Any]:
    return rows(
        cursor,
        f"SELECT hold_id, seat_id, event_id, user_id, UNIX_TIMESTAMP() - UNIX_TIMESTAMP(created_at),"
        f" {as_number('expires_at')} - {NOW}"
        " FROM reservations FORCE INDEX (uk_hold_position)"
        f" WHERE hold_id IN ({marks(len(hold_ids))}) ORDER BY hold_id, seat_id",
        *hold_ids,
    )


def _live_hold(hold_id: str, seats: Sequence[Any]) -> LiveHold:
    _, event_id, user_id, age, left = seats[0]
    return LiveHold(
        hold_id,
        int(event_id),
        known(user_id),
        tuple(int(seat_id) for seat_id, *_ in seats),
        max(0, int(age)),
        max(0, int(left)) / 1e6,
    )


def audit(cursor: Cursor, seat_id: int, *, limit: int = 1_000) -> SeatHistory:
    """Return what happened to a seat, in the order of its versions: that in which it was committed.

    Args:
        cursor: A cursor on the inventory database.
        seat_id: The seat.
        limit: How many of its last changes at most.
    """
    with snapshot(cursor):
        seats = rows(
            cursor,
            "SELECT seat_id, event_id, seat_number, status, COALESCE(status = 'RESERVED' AND"
            f" {_OVER}, FALSE), version, hold_id, reserved_by, {as_number('reserved_until')}, booking_id"
            " FROM seats WHERE seat_id = %s",
            seat_id,
        )
        changes = rows(
            cursor,
            f"SELECT seat_version, {as_kept('created_at')}, reason, old_status, new_status, changed_by, hold_id,"
            f" user_id, {as_number('reserved_until')}, booking_id"
            " FROM seat_audit FORCE INDEX (uk_seat_version) WHERE seat_id = %s ORDER BY seat_version DESC LIMIT %s",
            seat_id,
            limit + 1,
        )
    last = tuple(map(_change, reversed(changes[:limit])))
    return SeatHistory(seat_id, next(map(_seat, seats), None), last, len(changes) > limit)


def _seat(values: Iterable[Any]) -> SeatNow:
    seat_id, event_id, number, status, over, version, hold_id, user_id, until, booking_id = values
    return SeatNow(
        *(int(seat_id), int(event_id), known(number), known(status), bool(over), int(version)),
        *(text(hold_id), text(user_id), moment(until), booking_id),
    )


def _change(values: Iterable[Any]) -> SeatChange:
    version, at, reason, old, new, actor, hold_id, user_id, until, booking_id = values
    return SeatChange(
        *(int(version), as_datetime(int(at)), text(reason), text(old), text(new), text(actor)),
        *(text(hold_id), text(user_id), moment(until), booking_id),
    )
