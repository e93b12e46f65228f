"""Seats that are kept from sale, and given to it again."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.errors import SeatsUnavailableError, SeatsUnknownError
from ticketctl.reservations._granting import lock
from ticketctl.reservations._statements import News, SeatRow, insert_audit, insert_news
from ticketctl.reservations._steps import Steps
from ticketctl.reservations._writing import Move, move


def block(event_id: int, seat_ids: Sequence[int], actor: str) -> Steps[int]:
    """Block seats that are free or blocked already; all or none."""
    rows = yield from _locked(event_id, seat_ids)
    if taken := [row.seat_id for row in rows if not row.free and row.status != "BLOCKED"]:
        raise SeatsUnavailableError(f"{len(taken)} of the seats are held or booked", event_id=event_id, seat_ids=taken)
    moves = [Move(row, "BLOCKED", "blocked", actor) for row in rows if row.free]
    return (yield from _write(event_id, moves, "free", "seats.blocked"))


def unblock(event_id: int, seat_ids: Sequence[int], actor: str) -> Steps[int]:
    """Free those of the seats that are blocked."""
    rows = yield from _locked(event_id, seat_ids)
    moves = [Move(row, "AVAILABLE", "unblocked", actor) for row in rows if row.status == "BLOCKED"]
    return (yield from _write(event_id, moves, "blocked", "seats.unblocked"))


def _locked(event_id: int, seat_ids: Sequence[int]) -> Steps[list[SeatRow]]:
    locked = yield from lock(seat_ids, skip=False)
    rows = [row for row in locked.rows.values() if row.event_id == event_id]
    if len(rows) < len(seat_ids):
        known = {row.seat_id for row in rows}
        raise SeatsUnknownError(event_id=event_id, seat_ids=[each for each in seat_ids if each not in known])
    return rows


def _write(event_id: int, moves: Sequence[Move], only: str, name: str) -> Steps[int]:
    if moves:
        news = yield from move(moves, only=only)
        yield insert_audit([change for each in moves for change in each.changes()])
        yield insert_news([*news, News(event_id, name, {"seat_ids": [each.row.seat_id for each in moves]})])
    return len(moves)
