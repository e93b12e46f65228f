"""Answers of a sale, made up for tests."""

from __future__ import annotations

from ticketctl.reservations.history import Change
from ticketctl.simulate.diary import Answered, Doing, Outcome, Request, What


def answered(
    what: What,
    hold_id: str = "a",
    seat_ids: tuple[int, ...] = (),
    *,
    user_id: str = "u",
    asked: tuple[int, ...] = (),
    doing: Doing = "hold",
    began: float = 0.0,
    ended: float = 0.1,
) -> Answered:
    request = Request(hold_id, user_id, asked, max(1, len(asked)))
    return Answered(doing, Outcome(what, seat_ids), request, began, ended)


def changes(seat_id: int, *steps: tuple[str, str, str, str | None], event_id: int = 9) -> list[Change]:
    """Return the changes of a seat.

    Args:
        seat_id: The seat.
        steps: Status after it, reason, hold and user of each.
        event_id: Its event.
    """
    found, before = [], "AVAILABLE"
    for version, (status, reason, hold_id, user_id) in enumerate(steps, start=1):
        until = 10_000_000 if status == "RESERVED" else None
        booking = 77 if status == "BOOKED" else None
        found.append(
            Change(
                100 * seat_id + version,
                seat_id,
                event_id,
                version,
                before,
                status,
                reason,
                user_id,
                hold_id,
                user_id if status != "AVAILABLE" else None,
                until,
                booking,
                version * 1_000_000,
            )
        )
        before = status
    return found
