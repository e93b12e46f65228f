"""Seats that are locked are moved from one state to the next, with everything that has to be written of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from ticketctl.reservations._statements import (
    Change,
    News,
    SeatRow,
    Target,
    expire_reservations,
    write_seats,
)
from ticketctl.reservations._steps import Again, Answer, Steps


class Move(NamedTuple):
    """A seat that changes.

    Attributes:
        row: The seat as it was read under its lock.
        status: What it shall be.
        reason: What the audit calls that.
        actor: Who does it.
        hold_id: The hold that the change belongs to.
        user_id: Whose it is afterwards.
        until: Until when, as a moment.
        booking_id: The booking that it belongs to, or belonged to.
        keep: Whether it stays with the hold.
    """

    row: SeatRow
    status: str
    reason: str
    actor: str
    hold_id: str | None = None
    user_id: str | None = None
    until: int | None = None
    booking_id: int | None = None
    keep: bool = True

    @property
    def ends_another(self) -> bool:
        """Whether the seat is taken from a hold that is over: that is a change of its own, which comes before."""
        return bool(self.row.over) and self.row.hold_id != self.hold_id

    @property
    def version(self) -> int:
        """The seat's version afterwards."""
        return self.row.version + 1 + self.ends_another

    def target(self) -> Target:
        """Return what is written to the seat."""
        return Target(
            *(self.row.seat_id, self.row.version, self.version, self.status),
            hold_id=self.hold_id if self.keep else None,
            user_id=self.user_id,
            until=self.until,
            booking_id=self.booking_id if self.keep else None,
        )

    def changes(self) -> Iterable[Change]:
        """Return what the audit says of it."""
        seat_id, event_id, old = self.row.seat_id, self.row.event_id, self.row.status
        if self.ends_another:
            yield Change(
                *(seat_id, event_id, self.version - 1, old, "AVAILABLE", self.actor, "expired"),
                hold_id=self.row.hold_id,
            )
            old = "AVAILABLE"
        yield Change(
            *(seat_id, event_id, self.version, old, self.status, self.actor, self.reason),
            *(self.hold_id, self.user_id, self.until, self.booking_id),
        )


def move(moves: Sequence[Move], *, only: str) -> Steps[list[News]]:
    """Change seats, and end the reservations of other holds that are over and had them.

    Args:
        moves: The changes.
        only: In which states the seats may be: a key of `STATES`.

    Returns:
        What is to be told of the holds that were over.

    Raises:
        Again: A seat was not as it had been read.
    """
    over = [each.row for each in moves if each.ends_another]
    if over:
        yield expire_reservations(sorted(row.seat_id for row in over))
    answer: Answer = yield write_seats([each.target() for each in moves], only=only)
    if answer.rowcount != len(moves):
        raise Again
    return news_of_expired(over)


def news_of_expired(rows: Iterable[SeatRow]) -> list[News]:
    """Return what is told of holds that are over."""
    of_holds = groupby(sorted(rows, key=lambda row: (row.event_id, row.hold_id or "", row.seat_id)), key=_hold_of)
    return [
        News(event_id, "seats.expired", {"hold_id": hold_id, "seat_ids": [row.seat_id for row in group]})
        for (event_id, hold_id), group in of_holds
    ]


def _hold_of(row: SeatRow) -> tuple[int, str | None]:
    return row.event_id, row.hold_id
