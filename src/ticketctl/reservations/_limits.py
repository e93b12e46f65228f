"""Limits, counted inside the transaction that grants seats."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ticketctl.errors import LimitExceededError
from ticketctl.reservations._model import Limits
from ticketctl.reservations._statements import marks
from ticketctl.reservations._steps import Answer, Statement, Steps

Owner = tuple[int, str]
"""An event and a user."""
_EVERYBODY = ""


@dataclass(slots=True)
class Counted:
    """What users and events have, and what this transaction adds to it.

    Args:
        limits: The limits.
    """

    limits: Limits
    seats: dict[Owner, int] = field(default_factory=dict)
    holds: dict[Owner, int] = field(default_factory=dict)
    events: dict[int, int] = field(default_factory=dict)

    def refusal(self, owner: Owner, wanted: int, *, hold: bool = True) -> LimitExceededError | None:
        """Return why so many more seats are too many.

        Args:
            owner: The event, and the user who would have them.
            wanted: How many.
            hold: Whether they would be one more open hold.
        """
        checks = (
            ("per_user", self.limits.per_user, self.seats.get(owner, 0), wanted),
            ("open_holds", self.limits.open_holds, self.holds.get(owner, 0), int(hold)),
            ("per_event", self.limits.per_event, self.events.get(owner[0], 0), wanted),
        )
        for name, most, has, more in checks:
            if most is not None and more and has + more > most:
                return LimitExceededError(name, most=most, has=has, wanted=more)
        return None

    def add(self, owner: Owner, seats: int) -> None:
        """Take a hold into account that this transaction makes."""
        self.seats[owner] = self.seats.get(owner, 0) + seats
        self.holds[owner] = self.holds.get(owner, 0) + 1
        self.events[owner[0]] = self.events.get(owner[0], 0) + seats


def count(limits: Limits, owners: Collection[Owner]) -> Steps[Counted]:
    """Lock the guards of users and events, and count what they have.

    This comes first in a transaction. The guards are locked before anything is read, so the snapshot that MySQL reads
    from until the end of the transaction (REPEATABLE READ) is younger than the last transaction that had them.
    """
    counted = Counted(limits)
    if not limits.counted:
        return counted
    by_user = limits.per_user is not None or limits.open_holds is not None
    wanted = sorted(set(owners))
    events = sorted({event_id for event_id, _ in wanted})
    guards = [*wanted] if by_user else []
    if limits.per_event is not None:
        guards = sorted([*guards, *((event_id, _EVERYBODY) for event_id in events)])
    yield _lock(guards)
    if by_user:
        answer: Answer = yield _count_users(wanted)
        for event_id, user_id, seats, holds in answer.rows:
            counted.seats[int(event_id), str(user_id)] = int(seats)
            counted.holds[int(event_id), str(user_id)] = int(holds)
    if limits.per_event is not None:
        answer = yield _count_events(events)
        counted.events.update((int(event_id), int(seats)) for event_id, seats in answer.rows)
    return counted


def _lock(guards: Sequence[Owner]) -> Statement:
    return Statement(
        "INSERT INTO reservation_guards (event_id, user_id) VALUES "
        + ", ".join(["(%s, %s)"] * len(guards))
        + " ON DUPLICATE KEY UPDATE event_id = reservation_guards.event_id",
        tuple(value for guard in guards for value in guard),
    )


def _count_users(owners: Sequence[Owner]) -> Statement:
    return Statement(
        "SELECT event_id, user_id, COUNT(*), COUNT(DISTINCT IF(status = 'ACTIVE', hold_id, NULL))"
        " FROM reservations FORCE INDEX (idx_event_user)"
        f" WHERE (event_id, user_id) IN ({', '.join(['(%s, %s)'] * len(owners))})"
        " AND (status = 'CONFIRMED' OR (status = 'ACTIVE' AND expires_at > UTC_TIMESTAMP(6)))"
        " GROUP BY event_id, user_id",
        tuple(value for owner in owners for value in owner),
        reads=True,
    )


def _count_events(events: Sequence[int]) -> Statement:
    return Statement(
        "SELECT event_id, COUNT(*) FROM seats FORCE INDEX (idx_event_status)"
        f" WHERE event_id IN ({marks(len(events))})"
        " AND (status = 'BOOKED' OR (status = 'RESERVED' AND reserved_until > UTC_TIMESTAMP(6)))"
        " GROUP BY event_id",
        tuple(events),
        reads=True,
    )
