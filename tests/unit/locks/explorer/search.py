"""All interleavings, shortest first."""

from __future__ import annotations

import time
from dataclasses import dataclass

from unit.locks.explorer.invariants import InvariantError
from unit.locks.explorer.state import World
from unit.locks.explorer.world import Rules


@dataclass(frozen=True)
class Explored:
    """What was seen.

    Attributes:
        states: How many different states of the world.
        steps: How many ways from one to another.
        depth: How many steps the longest of the shortest ways to a state takes.
        whole: Whether there is nothing beyond.
        seconds: How long it took.
    """

    states: int
    steps: int
    depth: int
    whole: bool
    seconds: float


@dataclass(frozen=True)
class Trace:
    """The shortest way to something that must never be."""

    steps: tuple[str, ...]
    what: str

    def __str__(self) -> str:
        lines = [*self.steps, f"BROKEN: {self.what}"]
        return "\n".join(f"{number:3} {line}" for number, line in enumerate(lines, 1))


def explore(rules: Rules, *, depth: int) -> Explored | Trace:
    """Go through everything that can happen in so many steps."""
    began = time.monotonic()
    beginning = rules.beginning()
    parents: dict[World, tuple[World, str] | None] = {beginning: None}
    frontier, steps, reached = [beginning], 0, 0
    while frontier and reached < depth:
        found = []
        for world in frontier:
            for called, step in rules.steps(world):
                steps += 1
                try:
                    after = step()
                except InvariantError as broken:
                    return Trace((*_way(parents, world), called), str(broken))
                if after not in parents:
                    parents[after] = (world, called)
                    found.append(after)
        frontier = found
        reached += 1
    return Explored(len(parents), steps, reached, not frontier, time.monotonic() - began)


def _way(parents: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    steps: list[str] = []
    while (before := parents[world]) is not None:
        world, step = before
        steps.append(step)
    return steps[::-1]
