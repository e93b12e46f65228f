"""A writer that does everything right, in memory: what it writes is a history without a fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ticketctl.reservations.history import Change, History, ReservationRow, SeatRow

SECOND = 1_000_000
NOON = 1_780_000_000 * SECOND
EVENT = 7


@dataclass
class World:
    """Seats, and all that is written of them.

    Attributes:
        seats: The rows of seats.
        reservations: The rows of reservations, by hold and seat.
        changes: The rows of the audit.
        now: The clock, as a moment.
    """

    seats: dict[int, SeatRow]
    reservations: dict[tuple[str, int], ReservationRow] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    now: int = NOON

    @classmethod
    def of(cls, *seat_ids: int) -> World:
        return cls({seat_id: SeatRow(seat_id, EVENT, "AVAILABLE", 0) for seat_id in seat_ids})

    def history(self) -> History:
        return History(tuple(self.changes), tuple(self.seats.values()), tuple(self.reservations.values()))

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)

    # --- what callers ask for: each is one transaction, and False if it is refused ------------------------------------

    def hold(self, hold_id: str, user_id: str, seat_ids: Sequence[int], ttl: float = 600) -> bool:
        if any(key[0] == hold_id for key in self.reservations) or not all(map(self._is_free, seat_ids)):
            return False
        until = self.now + round(ttl * SECOND)
        for position, seat_id in enumerate(seat_ids):
            self.expire(seat_id)
            self.reservations[hold_id, seat_id] = ReservationRow(
                len(self.reservations) + 1, seat_id, EVENT, "ACTIVE", hold_id, position, user_id, until, until + until
            )
            self.write(seat_id, "held", "RESERVED", hold_id, user_id=user_id, until=until)
        self.wait(0.001)
        return True

    def extend(self, hold_id: str, ttl: float = 600) -> bool:
        rows = self._rows(hold_id)
        if not self._is_live(rows):
            return False
        until = max(rows[0].expires_at, self.now + round(ttl * SECOND))
        return self._all(rows, "extended", "RESERVED", "ACTIVE", user_id=rows[0].user_id, until=until)

    def transfer(self, hold_id: str, user_id: str) -> bool:
        rows = self._rows(hold_id)
        if rows and rows[0].user_id == user_id:
            return False
        if self._is_live(rows):
            return self._all(rows, "transferred", "RESERVED", "ACTIVE", user_id=user_id, until=rows[0].expires_at)
        if self._is_booked(rows):
            booking_id = rows[0].booking_id
            return self._all(rows, "transferred", "BOOKED", "CONFIRMED", user_id=user_id, booking_id=booking_id)
        return False

    def release(self, hold_id: str) -> bool:
        rows = self._rows(hold_id)
        return self._is_live(rows) and self._all(rows, "released", "AVAILABLE", "CANCELLED")

    def confirm(self, hold_id: str, booking_id: int = 1) -> bool:
        rows = self._rows(hold_id)
        own = [self.seats[row.seat_id].hold_id == hold_id or self._is_free(row.seat_id) for row in rows]
        if not rows or not all(own) or rows[0].status in ("CONFIRMED", "CANCELLED"):
            return False
        for row in rows:
            if self.seats[row.seat_id].hold_id != hold_id:
                self.expire(row.seat_id)
        return self._all(rows, "confirmed", "BOOKED", "CONFIRMED", user_id=rows[0].user_id, booking_id=booking_id)

    def cancel(self, hold_id: str) -> bool:
        rows = self._rows(hold_id)
        return self._is_booked(rows) and self._all(rows, "cancelled", "AVAILABLE", "CANCELLED")

    def expire(self, seat_id: int) -> bool:
        """What the sweeper does, and whoever takes the seat of a hold that is over."""
        seat = self.seats[seat_id]
        if seat.hold_id is None or seat.reserved_until is None or seat.reserved_until > self.now:
            return False
        key = (seat.hold_id, seat_id)
        self.reservations[key] = self.reservations[key]._replace(status="EXPIRED")
        self.write(seat_id, "expired", "AVAILABLE", seat.hold_id)
        return True

    def block(self, seat_id: int) -> bool:
        if self.seats[seat_id].status != "AVAILABLE":
            return False
        self.write(seat_id, "blocked", "BLOCKED")
        return True

    def unblock(self, seat_id: int) -> bool:
        if self.seats[seat_id].status != "BLOCKED":
            return False
        self.write(seat_id, "unblocked", "AVAILABLE")
        return True

    # --- how it is written --------------------------------------------------------------------------------------------

    def _all(
        self,
        rows: Iterable[ReservationRow],
        reason: str,
        seat: str,
        reservation: str,
        *,
        user_id: str | None = None,
        until: int | None = None,
        booking_id: int | None = None,
    ) -> bool:
        for row in rows:
            hold_id = row.hold_id or ""
            self.reservations[hold_id, row.seat_id] = row._replace(
                status=reservation,
                user_id=user_id or row.user_id,
                expires_at=until or row.expires_at,
                booking_id=booking_id,
            )
            claimed = reason == "confirmed" and self.seats[row.seat_id].status == "AVAILABLE"
            word = "reclaimed" if claimed else reason
            self.write(row.seat_id, word, seat, hold_id, user_id=user_id, until=until, booking_id=booking_id)
        self.wait(0.001)
        return True

    def write(
        self,
        seat_id: int,
        reason: str,
        status: str,
        hold_id: str | None = None,
        *,
        user_id: str | None = None,
        until: int | None = None,
        booking_id: int | None = None,
    ) -> None:
        had = self.seats[seat_id]
        version = (had.version or 0) + 1
        self.changes.append(
            Change(
                *(len(self.changes) + 1, seat_id, had.event_id, version, had.status, status, reason, user_id or "x"),
                *(hold_id, user_id, until, booking_id, self.now),
            )
        )
        keeps = hold_id if status in ("RESERVED", "BOOKED") else None
        self.seats[seat_id] = SeatRow(seat_id, had.event_id, status, version, keeps, user_id, until, booking_id)

    def _rows(self, hold_id: str) -> list[ReservationRow]:
        return [row for key, row in self.reservations.items() if key[0] == hold_id]

    def _is_free(self, seat_id: int) -> bool:
        seat = self.seats[seat_id]
        return seat.status == "AVAILABLE" or (seat.reserved_until is not None and seat.reserved_until <= self.now)

    def _is_live(self, rows: Sequence[ReservationRow]) -> bool:
        return bool(rows) and all(row.status == "ACTIVE" and row.expires_at > self.now for row in rows)

    def _is_booked(self, rows: Sequence[ReservationRow]) -> bool:
        return bool(rows) and all(row.status == "CONFIRMED" for row in rows)
