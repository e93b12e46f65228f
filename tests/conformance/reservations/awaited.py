"""Reservations of both kinds behind one awaitable face.

Each call of a synchronous `Reservations` runs in a thread of its own, so calls wait beside each other as tasks do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.locks.driver import in_thread
from ticketctl.reservations import AsyncReservations, Hold, Reservations, Seat, SeatMap

TTL = 120.0  # a hold that does not end while a test looks at it
SHORT = 0.1  # one that does


class Desk:
    """Reservations of either kind; what waits is awaited.

    Args:
        reservations: They.
    """

    def __init__(self, reservations: Reservations | AsyncReservations) -> None:
        self.reservations = reservations

    async def hold(self, event_id: int, seat_ids: Iterable[int], user_id: str = "anna", **options: Any) -> Hold:
        options.setdefault("ttl", TTL)
        held: Hold = await self.call("hold", event_id, seat_ids, user_id, **options)
        return held

    async def hold_best(self, event_id: int, count: int, user_id: str = "anna", **options: Any) -> Hold:
        options.setdefault("ttl", TTL)
        held: Hold = await self.call("hold_best", event_id, count, user_id, **options)
        return held

    async def extend(self, hold: Hold | str, ttl: float, **options: Any) -> Hold:
        extended: Hold = await self.call("extend", hold, ttl, **options)
        return extended

    async def release(self, hold: Hold | str, **options: Any) -> bool:
        released: bool = await self.call("release", hold, **options)
        return released

    async def confirm(self, hold: Hold | str, booking_id: int = 7, **options: Any) -> Hold:
        confirmed: Hold = await self.call("confirm", hold, booking_id, **options)
        return confirmed

    async def cancel(self, hold: Hold | str, **options: Any) -> Hold:
        cancelled: Hold = await self.call("cancel", hold, **options)
        return cancelled

    async def transfer(self, hold: Hold | str, user_id: str, **options: Any) -> Hold:
        transferred: Hold = await self.call("transfer", hold, user_id, **options)
        return transferred

    async def block(self, event_id: int, seat_ids: Iterable[int], *, actor: str = "office") -> int:
        blocked: int = await self.call("block", event_id, seat_ids, actor=actor)
        return blocked

    async def unblock(self, event_id: int, seat_ids: Iterable[int], *, actor: str = "office") -> int:
        unblocked: int = await self.call("unblock", event_id, seat_ids, actor=actor)
        return unblocked

    async def lookup(self, hold_id: str) -> Hold | None:
        found: Hold | None = await self.call("lookup", hold_id)
        return found

    async def seats(self, hold: Hold | str) -> tuple[Seat, ...]:
        seats: tuple[Seat, ...] = await self.call("seats", hold)
        return seats

    async def seat_map(self, event_id: int) -> SeatMap:
        seat_map: SeatMap = await self.call("seat_map", event_id)
        return seat_map

    async def sweep(self, *arguments: Any, **options: Any) -> int:
        swept: int = await self.call("sweep", *arguments, **options)
        return swept

    async def close(self) -> None:
        await self.call("close")

    async def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method by its name."""
        bound = getattr(self.reservations, method)
        if isinstance(self.reservations, AsyncReservations):
            return await bound(*arguments, **options)
        return await in_thread(bound, *arguments, **options)
