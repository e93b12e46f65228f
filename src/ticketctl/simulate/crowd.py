"""Who comes to a sale, when, and what each does there, by the sale's seed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from ticketctl.simulate.sale import Sale

Kind = Literal["picker", "best", "group", "bot"]
"""Points at seats on the map, at the front; takes what is best; comes with three friends; a program that hammers."""

# Shares of a crowd. Where figures of real sales are public they are of requests (bots: most of them), not of people.
_KINDS: tuple[tuple[Kind, float], ...] = (("picker", 0.57), ("best", 0.25), ("group", 0.17), ("bot", 0.01))
_WAITING = 0.3  # of all are there when it opens
_LAST_ARRIVAL = 0.85  # of the duration
_PARTIES: tuple[tuple[int, float], ...] = ((1, 0.35), (2, 0.5), (3, 0.15))
_ABANDONS = 0.35  # of holds are given up
_SAYS_SO = 0.3  # of those are given back, and not left to run out
_PAYS_LATE = 0.06  # of payments come when the hold has run out
_ASKS_TWICE = 0.15  # sends a request twice, with one id


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wants seats.

    Attributes:
        number: Which, from 0.
        user_id: As whom.
        kind: What kind of buyer.
        party: How many seats are wanted together.
        arrives: Seconds after the opening.
    """

    number: int
    user_id: str
    kind: Kind
    party: int
    arrives: float

    def chance(self, seed: int) -> Random:
        """Return what decides each of the person's steps; the same for the same seed."""
        return _random(seed, self.number, "steps")


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does with a hold.

    Attributes:
        thinks: Seconds until then.
        does: Pays, leaves it to run out, or gives it back.
    """

    thinks: float
    does: Literal["pay", "leave", "release"]


def person(sale: Sale, number: int) -> Person:
    """Return one of a sale's crowd.

    Args:
        sale: The sale.
        number: Which, from 0.
    """
    random = _random(sale.seed, number, "person")
    kinds, shares = zip(*_KINDS, strict=True)
    kind: Kind = random.choices(kinds, shares)[0]
    sizes, weights = zip(*_PARTIES, strict=True)
    party = random.choices(sizes, weights)[0]
    party = {"group": 4, "bot": 1}.get(kind, party)
    waits = kind == "bot" or random.random() < _WAITING
    arrives = random.uniform(0, 0.3) if waits else sale.duration * _LAST_ARRIVAL * random.random()
    return Person(number, f"buyer-{number}", kind, party, arrives)


def next_step(person: Person, sale: Sale, random: Random, *, is_closing: bool) -> Step:
    """Return what somebody does with the hold that was just got.

    Args:
        person: Who.
        sale: Where.
        random: Decides.
        is_closing: Whether the last seats are being sold: nobody hesitates then.
    """
    if is_closing:
        return Step(sale.ttl * random.uniform(0.05, 0.3), "pay")
    if person.kind == "bot":  # hoards for resale, and pays at the last moment or not at all
        return Step(sale.ttl * 0.8, "pay" if random.random() < 0.3 else "leave")
    thinks = min(random.lognormvariate(-1.5, 0.7), 0.95) * sale.ttl
    if random.random() >= _ABANDONS:
        return Step(random.uniform(1.0, 1.3) * sale.ttl if random.random() < _PAYS_LATE else thinks, "pay")
    return Step(thinks, "release" if random.random() < _SAYS_SO else "leave")


def asks_twice(random: Random) -> bool:
    """Tell whether a request is sent twice: an impatient finger, a proxy that repeats."""
    return random.random() < _ASKS_TWICE


def pause(person: Person, sale: Sale, refusals: int, random: Random) -> float:
    """Return the seconds until somebody tries again who was refused so many times in a row.

    Args:
        person: Who.
        sale: Where.
        refusals: How often, from 1.
        random: Decides.
    """
    if person.kind == "bot":
        return 0.4
    return random.uniform(0.3, 1.0) * min(2 * sale.ttl, 0.4 * 1.6 ** min(refusals, 12))


def _random(seed: int, number: int, part: str) -> Random:
    # A text is hashed in the same way by every version of Python.
    return Random(f"flash sale {seed} {number} {part}")  # noqa: S311  # nothing is kept secret with it
