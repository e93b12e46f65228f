"""How a sale stands while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.diary import What

Phase = Literal["preparing", "selling", "closing", "judging", "removing"]


@dataclass(frozen=True, slots=True)
class Began:
    """A part of a sale began.

    Attributes:
        phase: Which.
        text: What happens in it, for people.
    """

    phase: Phase
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a sale stands.

    Attributes:
        at: Seconds after the opening, negative before it.
        counts: How many requests have come to what so far.
        rate: Answers in the last second.
        p50: Seconds that half of them took at most; None without answers.
        p99: Seconds that 99 of 100 took at most.
        letters: How each seat stands, as `SeatMap.letters`; the last that was seen.
        broken: What is broken now.
    """

    at: float
    counts: Mapping[What, int]
    rate: int
    p50: float | None
    p99: float | None
    letters: str
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """Something was mended that a sale had left broken which was killed.

    Attributes:
        text: What it was, for people.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The house is there, and the doors are about to open.

    Attributes:
        places: Section, row, and place in the row from 1, of each seat, in house order.
    """

    places: tuple[tuple[str, str, int], ...]


News = Began | Opening | Look | Broken | Mended


class Maps:
    """How the seats stood, look by look; older ones are thinned out, so that a long sale needs no more room.

    Args:
        most: How many looks are kept at most.
    """

    def __init__(self, most: int = 480) -> None:
        self._most = most
        self._every = 1
        self._count = 0
        self._seen: list[tuple[float, str]] = []

    def add(self, at: float, letters: str) -> None:
        """Keep a look.

        Args:
            at: Seconds after the opening.
            letters: A letter for each seat.
        """
        if self._count % self._every == 0:
            self._seen.append((at, letters))
        self._count += 1
        if len(self._seen) > self._most:
            del self._seen[1::2]
            self._every *= 2

    def all(self) -> tuple[tuple[float, str], ...]:
        """Return the looks that were kept."""
        return tuple(self._seen)
