"""The seats of a venue: sections, rows, seat types and prices for any number of seats. Pure.

A venue has levels, one behind the other. A level is divided into sections beside each other, all with equally many
rows; the rows of one distance make a ring around the stage, in which the middle section is the best. Going from the
stage outwards, ring by ring and in each from the middle to the sides, is the order of the house.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, count
from random import Random
from typing import Literal

SeatType = Literal["REGULAR", "VIP", "PREMIUM"]

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which look like digits
_WIDER_EVERY = 4  # rings after which a row has one seat more
_SIDE = 0.9  # of the way to the next ring is what the outermost section is worse than the middle one
_STEP = 50  # cents; prices are multiples of it
_REAR = 0.25  # of the price in front of the stage is paid in the last row
# Of the seats of the house, counted from the stage, up to where a type goes; and what it costs beside a regular seat.
_TYPES: tuple[tuple[SeatType, float, float], ...] = (("VIP", 0.05, 1.6), ("PREMIUM", 0.20, 1.25))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one section.

    Attributes:
        section: Name of the section: `Stalls 2`.
        name: Name of the row in its section: `C`.
        code: What the numbers of its seats begin with: `S2-C`.
        seats: How many there are, numbered from 1.
        seat_type: Type of each of them.
        price: Price of each of them.
    """

    section: str
    name: str
    code: str
    seats: int
    seat_type: SeatType
    price: Decimal


@dataclass(frozen=True, slots=True)
class Kind:
    """What venues of a size are like.

    Attributes:
        name: `club`, `theatre`, `arena` or `stadium`.
        most: Seats of the largest one; None is any number.
        levels: Name of each level from the stage outwards, and how many of a hundred seats are there.
        width: Seats of a front row.
        depth: Rows of a section.
        dearest: What a regular seat at the stage would cost, in whole units of money: from, to.
    """

    name: str
    most: int | None
    levels: tuple[tuple[str, int], ...]
    width: int
    depth: int
    dearest: tuple[int, int]


_KINDS = (
    Kind("club", 300, (("Floor", 100),), 12, 30, (30, 50)),
    Kind("theatre", 4_000, (("Stalls", 55), ("Circle", 28), ("Balcony", 17)), 14, 22, (70, 120)),
    Kind("arena", 25_000, (("Floor", 20), ("Lower Tier", 35), ("Upper Tier", 45)), 18, 26, (110, 180)),
    Kind(
        name="stadium",
        most=None,
        levels=(("Field", 15), ("Lower Tier", 30), ("Middle Tier", 25), ("Upper Tier", 30)),
        width=22,
        depth=36,
        dearest=(140, 240),
    ),
)


def kind_of(seats: int) -> Kind:
    """Return what a venue with so many seats is like.

    Args:
        seats: How many it has.
    """
    return next(kind for kind in _KINDS if kind.most is None or seats <= kind.most)


def house(seats: int, random: Random) -> tuple[Row, ...]:
    """Return the rows of a venue with exactly so many seats, in the order of the house.

    Prices never rise on the way from the first row to the last.

    Args:
        seats: How many it has, 1 or more.
        random: Chooses how wide its rows and how dear its seats are.
    """
    kind = kind_of(seats)
    dearest = random.randint(*kind.dearest) * 100
    places = list(_places(kind, seats, random))
    last = max(1.0, places[-1].distance)
    rows: list[Row] = []
    for place, end in zip(places, accumulate(place.seats for place in places), strict=True):
        seat_type, factor = _type(end, seats)
        cents = dearest * factor * (_REAR + (1 - _REAR) * (1 - place.distance / last) ** 1.5)
        price = Decimal(int(cents) // _STEP * _STEP).scaleb(-2)
        rows.append(Row(place.section, place.name, place.code, place.seats, seat_type, price))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class _Place:
    """A row before it has a price; its distance from the stage is counted in rings."""

    section: str
    name: str
    code: str
    seats: int
    distance: float


def _places(kind: Kind, seats: int, random: Random) -> Iterator[_Place]:
    ends = (seats * share // 100 for share in accumulate(share for _, share in kind.levels))
    dealt = behind = 0
    for (level, _), end in zip(kind.levels, ends, strict=True):
        width = kind.width + random.randint(-2, 2)
        ring = 0
        for ring, section, among, size in _deal(end - dealt, width, kind.depth):
            number = str(section + 1) if among > 1 else ""
            name = row_name(ring)
            yield _Place(
                section=f"{level} {number}".rstrip(),
                name=name,
                code=f"{level[0]}{number}-{name}",
                seats=size,
                distance=behind + ring + _SIDE * _aside(section, among),
            )
        dealt, behind = end, behind + ring + 1


def _deal(seats: int, width: int, depth: int) -> Iterator[tuple[int, int, int, int]]:
    """Deal the seats of a level to its rows: ring, section, number of sections, seats. Only the last may be shorter."""
    among = -(-seats // (width * depth))
    outwards = sorted(range(among), key=lambda section: _aside(section, among))
    for ring in count():
        for section in outwards:
            size = min(seats, width + ring // _WIDER_EVERY)
            if not size:
                return
            yield ring, section, among, size
            seats -= size


def _aside(section: int, among: int) -> float:
    """How far a section is from the middle: 0 in the middle, at most 1."""
    middle = (among - 1) / 2
    return abs(section - middle) / max(1.0, middle)


def _type(end: int, seats: int) -> tuple[SeatType, float]:
    """The type of a row by the seats of the house up to its end, and what it costs beside a regular one."""
    for seat_type, share, factor in _TYPES:
        if end <= seats * share:
            return seat_type, factor
    return "REGULAR", 1.0


def row_name(number: int) -> str:
    """Return the name of a row: A to Z without I and O, then AA, AB and so on.

    Args:
        number: Rows before it in its section.
    """
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, len(_LETTERS))
        name = _LETTERS[letter] + name
    return name
