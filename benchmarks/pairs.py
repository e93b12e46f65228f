"""Run commands in turn and compare them: A B C, A B C, …, so that a machine whose speed drifts treats all alike."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

Action = Callable[[], None]
Around = Callable[[str], AbstractContextManager[None]]


def command(arguments: Sequence[str]) -> Action:
    """Return an action that runs a command and fails when it does."""

    def act() -> None:
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return act


def interleave(
    actions: Mapping[str, Action], *, rounds: int, warm_up: int = 1, around: Around | None = None
) -> dict[str, list[float]]:
    """Run every action once a round and return the seconds of each.

    Args:
        actions: Name to action.
        rounds: How many counted rounds.
        warm_up: How many rounds before them are not counted.
        around: Entered with an action's name before it and left after it; not timed.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(-warm_up, rounds):
        for name, act in actions.items():
            with around(name) if around else nullcontext():
                began = time.perf_counter()
                act()
                taken = time.perf_counter() - began
            if turn >= 0:
                seconds[name].append(taken)
    return seconds


def table(seconds: Mapping[str, Sequence[float]], *, against: str, limit: float | None = None) -> str:
    """Return medians, ranges, and the median of the pairwise ratios.

    Args:
        seconds: Name to the seconds of each round.
        against: The name that the others are divided by.
        limit: Largest ratio that is claimed, shown beside it.
    """
    lines = [f"{'':<34}{'median':>10}{'min':>10}{'max':>10}{'ratio':>8}{'limit':>8}"]
    for name, values in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(values, seconds[against], strict=True))
        shown = f"{limit:.2f}" if limit and name != against else ""
        low, middle, high = min(values), statistics.median(values), max(values)
        lines.append(f"{name:<34}{middle:>9.3f}s{low:>9.3f}s{high:>9.3f}s{ratio:>8.2f}{shown:>8}")
    return "\n".join(lines)
