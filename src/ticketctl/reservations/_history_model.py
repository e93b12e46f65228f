"""What a history is made of, and what callers were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Answer = Literal["held", "extended", "confirmed", "released", "cancelled", "transferred", "expired", "refused"]
"""What a caller can be told of a hold; `expired`: that it is over, and the money has to be given back."""


class Change(NamedTuple):
    """A row of `seat_audit`: one change of one seat.

    Moments are whole microseconds since 1970, UTC.

    Attributes:
        audit_id: Its number. Numbers are not in the order of commits.
        seat_id: The seat.
        event_id: Its event.
        version: The seat's version after the change.
        old_status: Its status before; None if the change made the seat.
        new_status: Its status after; None if the change removed the seat.
        reason: The word for it.
        changed_by: Who did it.
        hold_id: The hold that it belongs to.
        user_id: Whose the seat is after it.
        reserved_until: Until when, after it, as a moment.
        booking_id: The booking that it belongs to.
        at: The moment at which the statement that wrote the row began.
    """

    audit_id: int
    seat_id: int
    event_id: int
    version: int
    old_status: str | None
    new_status: str | None
    reason: str | None
    changed_by: str | None
    hold_id: str | None
    user_id: str | None
    reserved_until: int | None
    booking_id: int | None
    at: int


class SeatRow(NamedTuple):
    """A row of `seats`.

    Attributes:
        seat_id: The seat.
        event_id: Its event.
        status: Its status.
        version: Its version.
        hold_id: The hold that has it.
        user_id: Whose it is: `reserved_by`.
        reserved_until: Until when, as a moment.
        booking_id: The booking.
    """

    seat_id: int
    event_id: int
    status: str | None
    version: int | None
    hold_id: str | None = None
    user_id: str | None = None
    reserved_until: int | None = None
    booking_id: int | None = None


class ReservationRow(NamedTuple):
    """A row of `reservations`: one seat of a hold.

    Attributes:
        reservation_id: Its number.
        seat_id: The seat.
        event_id: The event.
        status: `ACTIVE`, `CONFIRMED`, `EXPIRED` or `CANCELLED`.
        hold_id: The hold.
        position: The seat's place in the hold, from 0.
        user_id: Whose it is.
        expires_at: Until when, as a moment.
        deadline: Until when at most, as a moment.
        booking_id: The booking.
    """

    reservation_id: int
    seat_id: int
    event_id: int
    status: str | None
    hold_id: str | None
    position: int | None
    user_id: str
    expires_at: int
    deadline: int | None = None
    booking_id: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All that is written of some seats, at one moment.

    Attributes:
        changes: What happened to them, in any order.
        seats: How they are.
        reservations: Their reservations, the ended ones as well.
    """

    changes: Sequence[Change]
    seats: Sequence[SeatRow]
    reservations: Sequence[ReservationRow]


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller was told.

    Attributes:
        hold_id: Of which hold.
        seat_ids: Of which seats; of none where seats were to be chosen and none were.
        user_id: For whom it was.
        what: The answer.
    """

    hold_id: str
    seat_ids: tuple[int, ...]
    user_id: str
    what: Answer
