"""Where each seat is drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple


class SeatPlace(NamedTuple):
    """A seat, as it is drawn.

    Attributes:
        section: Its section: a level, and a number where the level has several.
        row: Its row.
        position: Its place in the row, from 1.
    """

    section: str
    row: str
    position: int


@dataclass(frozen=True, slots=True)
class House:
    """A plan of the house, in seats.

    Attributes:
        columns: How wide it is.
        rows: How high it is.
        places: Column and row of each seat, in the order in which the seats were given.
    """

    columns: int
    rows: int
    places: tuple[tuple[int, int], ...]


_AISLE = 2  # columns between two sections
_WIDEST = 2.0  # times the height, where a level can be drawn in several lines to have it so


def laid_out(seats: Sequence[SeatPlace]) -> House:
    """Lay a house out: levels from the stage backwards, the sections of a level beside each other, rows behind rows.

    The sections of a stadium's level go around it. Beside each other they would be a thin strip: they are laid in
    several lines, one behind the other.

    Args:
        seats: The seats, in house order.
    """
    sections: dict[str, dict[str, list[int]]] = {}
    for number, seat in enumerate(seats):
        sections.setdefault(seat.section, {}).setdefault(seat.row, []).append(number)
    places: list[tuple[int, int]] = [(0, 0)] * len(seats)
    widths = {name: max(map(len, rows.values())) for name, rows in sections.items()}
    lines = _lines(widths, {name: len(rows) for name, rows in sections.items()})
    wide = max((_width(line, widths) for line in lines), default=0)
    top = 0
    for level in lines:
        left = (wide - _width(level, widths)) // 2
        for name in level:
            for row, numbers in enumerate(sections[name].values()):
                indent = (widths[name] - len(numbers)) // 2
                for column, number in enumerate(numbers):
                    places[number] = (left + indent + column, top + row)
            left += widths[name] + _AISLE
        top += max(len(sections[name]) for name in level) + 1
    return House(wide, max(0, top - 1), tuple(places))


def _lines(widths: Mapping[str, int], heights: Mapping[str, int]) -> list[list[str]]:
    """Return the sections that stand beside each other, in as few lines as make a plan that is not flat."""
    levels = [list(names) for _, names in groupby(_from_the_stage(widths), key=_level)]
    for parts in range(1, max(map(len, levels), default=0) + 1):
        lines = [line for level in levels for line in _parted(level, parts)]
        high = sum(max(heights[name] for name in line) + 1 for line in lines) - 1
        if max(_width(line, widths) for line in lines) <= _WIDEST * high:
            return lines
    return levels


def _parted(level: list[str], parts: int) -> list[list[str]]:
    """Return the sections of a level in so many parts of about the same length, none of them empty."""
    ends = [len(level) * number // parts for number in range(parts + 1)]
    return [level[begin:end] for begin, end in pairwise(ends) if begin < end]


def _width(line: Sequence[str], widths: Mapping[str, int]) -> int:
    return sum(widths[name] for name in line) + _AISLE * (len(line) - 1)


def _level(section: str) -> str:
    name, _, number = section.rpartition(" ")
    return name if number.isdigit() else section


def _from_the_stage(sections: Iterable[str]) -> list[str]:
    """Return sections by level, in the order in which levels come, and in each by their numbers."""
    names = list(sections)
    levels = {level: place for place, level in enumerate(dict.fromkeys(map(_level, names)))}

    def place(section: str) -> tuple[int, int, str]:
        number = section.rpartition(" ")[2]
        return levels[_level(section)], int(number) if number.isdigit() else 0, section

    return sorted(names, key=place)
