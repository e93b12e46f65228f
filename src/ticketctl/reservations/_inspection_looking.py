"""What is asked most on call: how an event stands, who holds what, what happened to a seat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ticketctl.reservations._inspection_model import LiveHold, SeatChange, SeatHistory, SeatNow
from ticketctl.reservations._inspection_reading import Cursor, known, moment, row, rows, snapshot, text
from ticketctl.reservations._moments import NOW, as_datetime, as_number
from ticketctl.reservations._statements import marks

_SOON = 60
"""Seconds within which a hold is said to end soon."""
_HOLDS_AT_A_TIME = 500

_OVER = "reserved_until <= UTC_TIMESTAMP(6)"
_LATER = f"reserved_until > UTC_TIMESTAMP(6) + INTERVAL {_SOON} SECOND"
_LIVE = "status = 'ACTIVE' AND expires_at > UTC_TIMESTAMP(6) AND hold_id IS NOT NULL"
# What is kept of a TIMESTAMP, without a way through the session's time zone.
_WRITTEN = "CAST(UNIX_TIMESTAMP(created_at) * 1000000 AS SIGNED)"


def counts(cursor: Cursor, event_id: int) -> dict[str, int]:
    """Return how many seats of an event are in each state, and how many holds and users have them, at one moment."""
    with snapshot(cursor):
        states = rows(
            cursor,
            "SELECT status, COUNT(*) FROM seats FORCE INDEX (idx_event_status) WHERE event_id = %s GROUP BY status",
            event_id,
        )
        over, holds, users, ending = row(
            cursor,
            f"SELECT COALESCE(SUM({_OVER}), 0), COUNT(DISTINCT IF({_OVER}, NULL, hold_id)),"
            f" COUNT(DISTINCT IF({_OVER}, NULL, reserved_by COLLATE utf8mb4_0900_bin)),"
            f" COUNT(DISTINCT IF({_OVER} OR {_LATER}, NULL, hold_id))"
            " FROM seats FORCE INDEX (idx_event_status) WHERE event_id = %s AND status = 'RESERVED'",
            event_id,
        )
    of_state = {known(status): int(count) for status, count in states}
    return {
        "seats": sum(of_state.values()),
        "available": of_state.get("AVAILABLE", 0),
        "over": int(over),
        "reserved": of_state.get("RESERVED", 0) - int(over),
        "booked": of_state.get("BOOKED", 0),
        "blocked": of_state.get("BLOCKED", 0),
        "holds": int(holds),
        "users": int(users),
        "ending": int(ending),
    }


def live_holds(cursor: Cursor, event_id: int | None, user_id: str | None, limit: int) -> list[LiveHold]:
    """Return live holds, those that end first before the others."""
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


def history(cursor: Cursor, seat_id: int, limit: int) -> SeatHistory:
    """Return a seat and its last changes."""
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
            f"SELECT seat_version, {_WRITTEN}, reason, old_status, new_status, changed_by, hold_id,"
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
