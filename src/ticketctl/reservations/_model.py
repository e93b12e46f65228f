"""What callers are handed, and what they state once: holds, seats, limits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

HoldStatus = Literal["ACTIVE", "CONFIRMED", "EXPIRED", "CANCELLED"]
"""Of a hold: it holds its seats; they were booked; its time ran out; it was given back or its booking was."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Seats that a user has for a while, or has booked.

    Attributes:
        hold_id: Its id, by which it is extended, confirmed and given back.
        event_id: The event.
        user_id: Whose it is.
        seat_ids: The seats, ascending.
        expires_at: When it ends unless it is confirmed, by the database's clock, UTC.
        deadline: The last moment up to which it can be extended, UTC.
        status: What it is; `ACTIVE` when it was made, and until its end is noticed by somebody.
        booking_id: The booking, once it is confirmed.
    """

    hold_id: str
    event_id: int
    user_id: str
    seat_ids: tuple[int, ...]
    expires_at: datetime
    deadline: datetime
    status: HoldStatus = "ACTIVE"
    booking_id: int | None = None
    _ends: float = field(default=0.0, repr=False, compare=False)

    def remaining(self) -> float:
        """Return the seconds until it ends, never more than there are: they count from before the database was asked.

        A clock of this machine that is wrong makes no difference. 0 for a hold that is not `ACTIVE`.
        """
        return max(0.0, self._ends - time.monotonic()) if self.status == "ACTIVE" else 0.0


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat as people know it.

    Attributes:
        seat_id: Its number in the database.
        seat_number: What stands on it; unique in its event.
        section: Its section.
        row: Its row.
        seat_type: `REGULAR`, `VIP` or `PREMIUM`.
        price: Its own price, before pricing rules.
    """

    seat_id: int
    seat_number: str
    section: str | None
    row: str | None
    seat_type: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one may have; None is no limit.

    They are counted in the transaction that grants seats, behind a row that all who use limits lock first. Every
    service that grants seats of an event must be given the same.

    Attributes:
        per_hold: Seats in one hold.
        per_user: Seats that a user holds or has booked in an event, in all holds together.
        open_holds: Holds of a user in an event that are live and not confirmed.
        per_event: Seats of an event that are held or booked at one time. All holds of the event come one after the
            other where this is set: leave it out unless fewer seats are sold than there are.
    """

    per_hold: int | None = None
    per_user: int | None = None
    open_holds: int | None = None
    per_event: int | None = None

    def __post_init__(self) -> None:
        for name in ("per_hold", "per_user", "open_holds", "per_event"):
            most = getattr(self, name)
            if most is not None and (type(most) is not int or most < 1):
                raise ValueError(f"{name} is a number of 1 or more, or None, not {most!r}")

    @property
    def counted(self) -> bool:
        """Whether rows must be counted."""
        return self.per_user is not None or self.open_holds is not None or self.per_event is not None
