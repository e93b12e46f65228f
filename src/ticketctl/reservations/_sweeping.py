"""Holds that are over are written off, so that tables say what has been true since their end. Nobody depends on it."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.reservations._granting import lock
from ticketctl.reservations._statements import expire_reservations, insert_audit, insert_news
from ticketctl.reservations._steps import Answer, Statement, Steps
from ticketctl.reservations._writing import Move, move, news_of_expired


def sweep(most: int, actor: str) -> Steps[int]:
    """Free at most so many seats whose holds are over, without waiting for anybody.

    They are looked for without locks: a locking search would lock the gap up to the next hold that ends, into which new
    holds are written.
    """
    answer: Answer = yield Statement(
        "SELECT seat_id FROM seats FORCE INDEX (idx_reserved_until)"
        " WHERE status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6) ORDER BY reserved_until LIMIT %s",
        (most,),
        reads=True,
    )
    found = sorted(int(seat_id) for (seat_id,) in answer.rows)
    if not found:
        return 0
    locked = yield from lock(found, skip=True)
    rows = [row for row in locked.rows.values() if row.over]
    if not rows:
        return 0
    moves = [Move(row, "AVAILABLE", "expired", actor, row.hold_id, keep=False) for row in rows]
    yield expire_reservations(_ids(moves))
    yield from move(moves, only="over")
    yield insert_audit([change for each in moves for change in each.changes()])
    yield insert_news(news_of_expired(rows))
    return len(moves)


def _ids(moves: Sequence[Move]) -> list[int]:
    return [each.row.seat_id for each in moves]
