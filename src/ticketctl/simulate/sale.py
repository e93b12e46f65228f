"""What a sale is asked to be, and what follows from it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ticketctl.reservations import Limits

Unsafe = Literal["read-then-write", "redis-only", "no-predicate", "lock-then-plain-read"]
"""A classic wrong way to sell seats."""
Via = Literal["library", "http"]
"""How buyers reach the seats: by the library in their own process, or by the booking service."""

LIMITS = Limits(per_hold=4, per_user=6, open_holds=2)
"""What every buyer of a simulated sale may have; bots want more."""

_AT_THE_OPENING = 0.4  # of the seats are on sale when it opens; the rest follows in portions
_PORTIONS = 8
_LAST_PORTION = 0.8  # of the duration


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale.

    Attributes:
        seats: How many seats are sold.
        buyers: How many people and bots want some.
        processes: In how many processes they are.
        duration: Seconds from the opening to the end of the faults; what is left is sold after it.
        seed: Chooses what buyers do and when what breaks.
        faults: What breaks, by name.
        unsafe: The wrong way in which seats are sold, None for the library's.
        via: How buyers reach the seats.
    """

    seats: int = 500
    buyers: int = 1_000
    processes: int = 4
    duration: float = 30.0
    seed: int = 1
    faults: tuple[str, ...] = ()
    unsafe: Unsafe | None = None
    via: Via = "library"

    @property
    def ttl(self) -> float:
        """Seconds that a hold lives: as long beside the sale as ten minutes are beside a real one."""
        return min(30.0, max(4.0, self.duration / 12))

    @property
    def portions(self) -> tuple[tuple[float, int], ...]:
        """When how many seats go on sale: seconds from the opening, and seats, in the order of the house.

        As at a real opening, contingents that were kept back follow; so there is something to sell while things break.
        """
        first = round(self.seats * _AT_THE_OPENING) or self.seats
        left, count = self.seats - first, min(_PORTIONS, self.seats - first)
        ends = [left * number // count for number in range(count + 1)] if count else []
        step = self.duration * _LAST_PORTION / max(1, count)
        later = [(step * number, ends[number] - ends[number - 1]) for number in range(1, count + 1)]
        return ((0.0, first), *later)
