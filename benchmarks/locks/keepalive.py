"""10,000 locks of 10 s held by one process that renews them and does nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from locks import contenders as who
from locks.adapters.contract import TTL
from locks.bench import Bench
from locks.contenders import Contender
from locks.history import percentile
from report import Table

LOCKS, SECONDS, ROUNDS = 10_000, 30.0, 3
# It renews each lock in a thread of its own: 10,000 are too many for it.
FEWER = {who.RENEWING.title: 1000}
OURS = (who.OURS_KEPT, who.ASYNC_OURS_KEPT)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure the processor time, how late renewals are, and that nothing is lost."""
    table = Table(f"{LOCKS:,} locks kept alive, ttl {TTL:g} s, {SECONDS:g} s", who.OURS_KEPT.title, "cores/1,000 locks")
    contenders = (who.FLOOR_RENEWING, who.RENEWING, *OURS)
    bench.interleave(table, contenders, lambda contender: _figures(bench, contender), most=ROUNDS)
    for row in (contender.title for contender in OURS):
        table.within("cores", 0.5, row=row)
        table.within("lag p99 ms", TTL * 100, row=row)
        table.within("lost", 0, row=row, worst=True)
    yield table


def _figures(bench: Bench, contender: Contender) -> Mapping[str, float]:
    job = "async-keep-alive" if contender is who.ASYNC_OURS_KEPT else "keep-alive"
    count = FEWER.get(contender.title, LOCKS)
    order = bench.runner.order(contender, job, count=count, seconds=SECONDS)
    found = bench.runner.once(contender, order, patience=SECONDS + 120)
    lags = found["lags"] or [math.nan]
    return {
        "locks": count,
        "cores": found["cpu"],
        "cores/1,000 locks": found["cpu"] / count * 1000,
        "lag p50 ms": percentile(lags, 0.5) * 1000,
        "lag p99 ms": percentile(lags, 0.99) * 1000,
        "lag max ms": lags[-1] * 1000,
        "shortest left s": found["left"],
        "lost": found["lost"],
    }
