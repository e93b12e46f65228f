"""The seat map over time, written so small that a page can hold it. Pure.

A look at the seats is written as what differs from the look before, as runs: `=` for seats that stand as they did, or
the letter that they have now, each with the number of seats to the base 36, which is left out if it is 1. `=1cB=3R` is:
after 48 seats one is booked, after 3 more one is held, and all others stand as before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ticketctl.simulate.record import Seen
from ticketctl.simulate.report.house import House, SeatPlace

BUDGET = 1_000_000
"""Characters that the looks of a page may have together."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CHANGED = re.compile(rb"[^\0]+")
_RUN = re.compile(r"(.)\1*")


@dataclass(frozen=True, slots=True)
class Film:
    """Looks at the seats, one after the other.

    Attributes:
        moments: When each was, in seconds after the opening.
        frames: Each as it differs from the one before; the first from nothing.
        seen: How many looks there were, of which these are left.
    """

    moments: tuple[float, ...]
    frames: tuple[str, ...]
    seen: int


def film(looks: Sequence[Seen], seats: int, budget: int = BUDGET) -> Film:
    """Return looks at the seats, every second, fourth, ... of them if they would be too long together.

    Args:
        looks: In order. Those of another number of seats are of nothing that can be drawn.
        seats: How many seats there are.
        budget: Characters that they may have together. The first and the last are kept even if that is too little.
    """
    whole = [look for look in looks if len(look.letters) == seats and seats]
    left = len(whole)
    while True:
        kept = _spread(whole, left)
        if left <= 2 or _estimated(kept) <= 2 * budget:
            frames = _frames([look.letters for look in kept])
            if left <= 2 or sum(map(len, frames)) <= budget:
                return Film(tuple(round(look.at, 2) for look in kept), frames, len(whole))
        left = max(2, left // 2)


def rows_of(seats: Sequence[SeatPlace], plan: House) -> tuple[list[str], list[tuple[int, int, int, int, str, int]]]:
    """Return the plan of a house for drawing: neighbours are told together.

    Args:
        seats: The seats, in house order.
        plan: Where they are.

    Returns:
        The names of the sections; and runs of neighbours in house order, each as column and row of the first, how many
        they are, the number of their section, the name of their row, and the position of the first.
    """
    sections = {name: number for number, name in enumerate(dict.fromkeys(seat.section for seat in seats))}
    runs: list[tuple[int, int, int, int, str, int]] = []
    for seat, (column, row) in zip(seats, plan.places, strict=True):
        number = sections[seat.section]
        if runs:
            left, top, count, *of_last, first = runs[-1]
            if (left + count, top, first + count, [number, seat.row]) == (column, row, seat.position, of_last):
                runs[-1] = (left, top, count + 1, number, seat.row, first)
                continue
        runs.append((column, row, 1, number, seat.row, seat.position))
    return list(sections), runs


def _spread(looks: Sequence[Seen], count: int) -> list[Seen]:
    """Return so many looks, evenly, with the first and the last."""
    if count >= len(looks):
        return list(looks)
    return [looks[round(number * (len(looks) - 1) / (count - 1))] for number in range(count)]


def _estimated(looks: Sequence[Seen]) -> float:
    """Return about how long looks are together, by a few of them: to write all takes long where it is too much."""
    firsts = range(0, len(looks) - 1, max(1, len(looks) // 8))
    lengths = [len(_frame(looks[first].letters, looks[first + 1].letters)) for first in firsts]
    return sum(lengths) / len(lengths) * len(looks)


def _frames(looks: Sequence[str]) -> tuple[str, ...]:
    before = "\0" * len(looks[0]) if looks else ""
    frames = []
    for letters in looks:
        frames.append(_frame(before, letters))
        before = letters
    return tuple(frames)


def _frame(before: str, after: str) -> str:
    """Return how a look differs. What is the same is found by machine words, as that is nearly all."""
    old, new = before.encode(), after.encode()
    differing = int.from_bytes(old, "big") ^ int.from_bytes(new, "big")
    parts, place = [], 0
    for found in _CHANGED.finditer(differing.to_bytes(len(new), "big")):
        if found.start() > place:
            parts.append("=" + _count(found.start() - place))
        parts += [run[1] + _count(len(run[0])) for run in _RUN.finditer(after[found.start() : found.end()])]
        place = found.end()
    return "".join(parts)


def _count(number: int) -> str:
    """Return a number to the base 36, nothing for 1."""
    digits = ""
    rest = number
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return "" if number == 1 else digits
