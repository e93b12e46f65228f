"""Holds as their reservations tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from ticketctl.errors import HoldConflictError
from ticketctl.reservations._model import Hold, HoldStatus
from ticketctl.reservations._moments import NOW, as_datetime, as_number
from ticketctl.reservations._requests import Request
from ticketctl.reservations._statements import marks
from ticketctl.reservations._steps import Answer, Statement, Steps

_COLUMNS = (
    "reservation_id, seat_id, event_id, user_id, status, "
    f"{as_number('expires_at')}, {as_number('hold_deadline')}, LOWER(HEX(hold_request)), booking_id, {NOW}"
)


class Reserved(NamedTuple):
    """A reservation: one seat of a hold.

    Attributes:
        reservation_id: Its id.
        seat_id: The seat.
        event_id: The event.
        user_id: Whose it is.
        status: As it is written: `ACTIVE` also when its time is over.
        until: Until when, as a moment.
        deadline: Until when at most, as a moment.
        digest: What was asked for, in hexadecimal digits.
        booking_id: The booking.
        now: The database's clock.
    """

    reservation_id: int
    seat_id: int
    event_id: int
    user_id: str
    status: str
    until: int
    deadline: int | None
    digest: str | None
    booking_id: int | None
    now: int


class Record(NamedTuple):
    """A hold with all that is written of it.

    Attributes:
        hold_id: Its id.
        rows: Its reservations, in the order of its seats.
        sent: When they were asked for, by the monotonic clock.
    """

    hold_id: str
    rows: tuple[Reserved, ...]
    sent: float

    @property
    def seat_ids(self) -> tuple[int, ...]:
        """Its seats, ascending."""
        return tuple(row.seat_id for row in self.rows)

    @property
    def status(self) -> HoldStatus:
        """What it is by the database's clock; one that has lost a seat is over as a whole."""
        if any(row.status == "EXPIRED" or (row.status == "ACTIVE" and row.until <= row.now) for row in self.rows):
            return "EXPIRED"
        return cast("HoldStatus", self.rows[0].status)

    def hold(self) -> Hold:
        """Return it as callers get it."""
        first = self.rows[0]
        return made_hold(
            self.hold_id,
            first.event_id,
            first.user_id,
            self.seat_ids,
            until=first.until,
            deadline=first.deadline or first.until,
            now=first.now,
            sent=self.sent,
            status=self.status,
            booking_id=first.booking_id,
        )


def made_hold(
    hold_id: str,
    event_id: int,
    user_id: str,
    seat_ids: Sequence[int],
    *,
    until: int,
    deadline: int,
    now: int,
    sent: float,
    status: HoldStatus = "ACTIVE",
    booking_id: int | None = None,
) -> Hold:
    """Return a hold.

    Args:
        hold_id: Its id.
        event_id: Its event.
        user_id: Whose it is.
        seat_ids: Its seats.
        until: When it ends, as a moment.
        deadline: When it ends at most, as a moment.
        now: What the database's clock said.
        sent: When the database was asked for that, by the monotonic clock.
        status: What it is.
        booking_id: The booking.
    """
    return Hold(
        hold_id,
        event_id,
        user_id,
        tuple(seat_ids),
        as_datetime(until),
        as_datetime(deadline),
        status,
        booking_id,
        sent + (until - now) / 1_000_000,
    )


def read_hold(hold_id: str) -> Steps[Record | None]:
    """Read a hold; None if there is none with that id."""
    answer: Answer = yield Statement(
        f"SELECT {_COLUMNS} FROM reservations FORCE INDEX (uk_hold_position) WHERE hold_id = %s ORDER BY hold_position",
        (hold_id,),
        reads=True,
    )
    return _record(hold_id, answer)


def known_holds(hold_ids: Sequence[str]) -> Steps[set[str]]:
    """Return those of the ids that are a hold's."""
    answer: Answer = yield Statement(
        "SELECT DISTINCT hold_id FROM reservations FORCE INDEX (uk_hold_position)"
        f" WHERE hold_id IN ({marks(len(hold_ids))})",
        tuple(hold_ids),
        reads=True,
    )
    return {hold_id if isinstance(hold_id, str) else bytes(hold_id).decode() for (hold_id,) in answer.rows}


def lock_hold(record: Record) -> Steps[Record]:
    """Lock a hold's reservations, whose seats are locked already, and read them as they are now.

    By their primary keys: a search by the hold's id would lock the gap behind it as well, in which new holds are
    written.
    """
    ids = tuple(row.reservation_id for row in record.rows)
    answer: Answer = yield Statement(
        f"SELECT {_COLUMNS} FROM reservations FORCE INDEX (PRIMARY) WHERE reservation_id IN ({marks(len(ids))})"
        " ORDER BY hold_position FOR UPDATE",
        ids,
        reads=True,
    )
    return _record(record.hold_id, answer) or record


def check_same_request(record: Record, request: Request) -> None:
    """Refuse an id that was used for something else.

    Raises:
        HoldConflictError: It was.
    """
    if record.rows[0].digest != request.digest:
        raise HoldConflictError(
            f"the hold id '{request.hold_id}' was used for another request",
            hold_id=request.hold_id,
            why="seats, user or time differ from those of the first request",
            next_step="take a new id for a new request, or repeat the first one as it was",
        )


def _record(hold_id: str, answer: Answer) -> Record | None:
    rows = tuple(Reserved(*row) for row in answer.rows)
    return Record(hold_id, rows, answer.sent) if rows else None
