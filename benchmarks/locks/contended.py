"""Several processes want one lock all the time."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Iterator, Mapping

from locks import contenders as who
from locks.bench import Bench
from locks.contenders import Contender
from locks.history import BrokenLockError, percentile
from report import Goal, Table

EIGHT = (
    *(who.SPIN, who.REDIS_PY, who.REDIS_PY_1MS, who.PYTHON_REDIS_LOCK, who.POTTERY, who.REDLOCK),
    *(who.GO_REDISLOCK, who.GO_REDSYNC, who.OURS),
)
MAYBE_FAIR = (who.REDIS_PY_1MS, who.PYTHON_REDIS_LOCK, who.POTTERY, who.REDLOCK, who.GO_REDISLOCK, who.GO_REDSYNC)
FAIR = 2.0
"""Largest max/min of a contender that counts as fair."""
CROWD = (who.SPIN, who.REDIS_PY_1MS, who.PYTHON_REDIS_LOCK, who.OURS)
CROWD_ROUNDS = 3


def measure_eight(bench: Bench) -> Iterator[Table]:
    """8 processes, 1 ms inside."""
    _require_that_it_sees(bench)
    table = Table("One lock, 8 processes, 1 ms inside", who.OURS.title, "acq/s")
    bench.interleave(
        table, EIGHT, lambda contender: _figures(bench, contender, processes=8, inside=0.001, lead_in=0.4, seconds=2.0)
    )
    table.against("acq/s", who.SPIN.title, at_least=0.8)
    for peer in MAYBE_FAIR:
        share = table.rounds("max/min", peer.title)
        if share and statistics.median(share) <= FAIR:
            table.against("acq/s", peer.title, at_least=1.0)
    table.against("p99 ms", who.SPIN.title, at_most=3.0)
    table.against("p99 ms", who.REDIS_PY_1MS.title, at_most=1.25)
    longest = (table.rounds("max ms", who.OURS.title), table.rounds("max ms", who.SPIN.title))
    table.goals.append(Goal("max ms", longest[0], 2.0, longest[1], or_at_most=10.0, name=who.SPIN.title))
    table.within("max/min", 1.1)
    commands = [round(value, 1) for value in table.rounds("commands", who.OURS.title)]
    table.goals.append(Goal("commands per acquisition, to a tenth", commands, 3.0))
    table.within("commands", 4.0)
    yield table


def measure_crowd(bench: Bench) -> Iterator[Table]:
    """48 processes, 10 ms inside, 10 s."""
    table = Table("One lock, 48 processes, 10 ms inside, 10 s", who.OURS.title, "acq/s")
    bench.interleave(
        table,
        CROWD,
        lambda contender: _figures(bench, contender, processes=48, inside=0.01, lead_in=1.5, seconds=10.0),
        most=CROWD_ROUNDS,
    )
    table.within("most - fewest", 2, worst=True)
    yield table


def _require_that_it_sees(bench: Bench) -> None:
    try:
        _figures(bench, who.NO_LOCK, processes=2, inside=0.001, lead_in=0.0, seconds=0.2)
    except BrokenLockError:
        return
    sys.exit("two processes without any lock were never seen inside together: the check of overlaps does not work")


def _figures(
    bench: Bench, contender: Contender, *, processes: int, inside: float, lead_in: float, seconds: float
) -> Mapping[str, float]:
    order = bench.runner.order(contender, "contend", inside=inside)
    with bench.runner.session(contender, order, processes) as session:
        window = session.window(lead_in=lead_in, seconds=seconds)
    whole = window.history()
    whole.check()
    seen = whole.within(window.start, window.stop)
    counts, gaps = seen.counts(processes), seen.hand_overs()
    number = max(1, len(seen.holds))
    return {
        "acq/s": len(seen.holds) / window.seconds,
        "p50 ms": percentile(gaps, 0.5) * 1000,
        "p99 ms": percentile(gaps, 0.99) * 1000,
        "max ms": percentile(gaps, 1) * 1000,
        "max/min": max(counts) / min(counts) if min(counts) else math.inf,
        "most - fewest": max(counts) - min(counts),
        "commands": contender.commands(window.added) / number,
        "reads": window.added.reads / number,
    }
