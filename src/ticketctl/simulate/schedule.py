"""What breaks when, by the sale's seed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from ticketctl.simulate.sale import Sale

_FIRST, _LAST = 0.08, 0.8
"""Shares of the duration between which faults begin."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way in which something breaks.

    Attributes:
        title: What happens, for people.
        lasts: Seconds until it is mended, in a sale of two minutes.
    """

    title: str
    lasts: float


KINDS: Mapping[str, Kind] = {
    "buyers-killed": Kind("kill -9 of a process of buyers", 1.0),
    "buyers-stopped": Kind("SIGSTOP of a process of buyers", 6.0),
    "redis-flushed": Kind("Redis forgets everything", 0.0),
    "redis-restarted": Kind("Redis restarts", 0.0),
    "redis-paused": Kind("Redis stands still", 4.0),
    "redis-cut": Kind("the network to Redis is cut", 4.0),
    "mysql-restarted": Kind("MySQL restarts", 0.0),
    "mysql-paused": Kind("MySQL stands still", 3.0),
    "sweeper-killed": Kind("kill -9 of the sweeper", 2.0),
    "clocks-wrong": Kind("the clock of a process of buyers is an hour off", 8.0),
}
"""All that can break, by name."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault of a sale.

    Attributes:
        name: Which of `KINDS`.
        at: Seconds after the opening.
        lasts: Seconds until it is mended.
        target: Which process it is, of as many as there are: this number modulo theirs.
    """

    name: str
    at: float
    lasts: float
    target: int

    @property
    def title(self) -> str:
        """What happens, for people."""
        return KINDS[self.name].title


def planned(sale: Sale) -> tuple[Planned, ...]:
    """Return the faults of a sale, one after the other: no two begin in the same part of it."""
    random = Random(f"flash sale {sale.seed} faults")  # noqa: S311  # nothing is kept secret with it
    names = list(sale.faults)
    random.shuffle(names)
    part = sale.duration * (_LAST - _FIRST) / max(1, len(names))
    shrunk = min(1.0, sale.duration / 60)  # a sale of 20 s has no room for a fault of 8
    return tuple(
        Planned(
            name,
            sale.duration * _FIRST + part * (number + random.uniform(0, 0.4)),
            KINDS[name].lasts * shrunk,
            random.randrange(1 << 16),
        )
        for number, name in enumerate(names)
    )


def named(words: Iterable[str]) -> tuple[str, ...]:
    """Return the faults that a user names, in the order of `KINDS`; `all` is all of them.

    Raises:
        ValueError: There is none of that name.
    """
    wanted = {part.strip() for word in words for part in word.split(",") if part.strip()}
    if unknown := wanted - KINDS.keys() - {"all", "none"}:
        raise ValueError(f"no fault is called {', '.join(sorted(unknown))}; there are: all, {', '.join(KINDS)}")
    return tuple(KINDS) if "all" in wanted else tuple(name for name in KINDS if name in wanted)
