"""How long a hand-over takes when 1, 10, … 10,000 wait in one process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from locks import contenders as who
from locks.bench import Bench
from locks.contenders import Contender
from locks.history import History
from report import Table

ROUNDS = 3
POLLED = 100
"""Most waiters of those that poll: with more, they keep the server busy with asking."""
TASKS = (1, 10, 100, 1000, 10_000)
THREADS = (1, 10, 100, 1000)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure tasks, then threads."""
    for count in TASKS:
        rivals = (who.IN_PROCESS, *([who.ASYNC_REDIS_PY_1MS] if count <= POLLED else []), who.ASYNC_OURS)
        yield _table(bench, f"Tasks that wait for one lock: {count:,}", rivals, "task-hand-over", count)
    for count in THREADS:
        rivals = (*([who.REDIS_PY_1MS] if count <= POLLED else []), who.PYTHON_REDIS_LOCK, who.OURS)
        yield _table(bench, f"Threads that wait for one lock: {count:,}", rivals, "thread-hand-over", count)


def _table(bench: Bench, title: str, contenders: Sequence[Contender], job: str, count: int) -> Table:
    table = Table(title, contenders[-1].title, "us/hand-over")
    bench.interleave(table, contenders, lambda contender: _figures(bench, contender, job, count), most=ROUNDS)
    table.within("connections", 12, worst=True)
    return table


def _figures(bench: Bench, contender: Contender, job: str, count: int) -> Mapping[str, float]:
    found = bench.runner.once(contender, bench.runner.order(contender, job, count=count))
    History.of(found["notes"]).check()
    return {
        "us/hand-over": found["seconds"] / count * 1e6,
        "s for all": found["seconds"],
        "connections": found["connections"],
    }
