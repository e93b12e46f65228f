"""Many asyncio tasks at once: all want one lock, or each its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from locks import contenders as who
from locks.bench import Bench
from locks.contenders import Contender
from locks.history import History
from report import Goal, Table

ALL = (who.ASYNC_REDIS_PY, who.ASYNC_REDIS_PY_1MS, who.ASYNC_POTTERY, who.ASYNC_REDLOCK, who.ASYNC_OURS)
CONNECTIONS = 12


def measure(bench: Bench) -> Iterator[Table]:
    """Measure 100 tasks on one lock, in one process and in two, and 1,000 tasks on 1,000 locks."""
    ours = who.ASYNC_OURS.title
    table = Table("asyncio: 100 tasks, one lock, nothing inside", ours, "tasks/s")
    bench.interleave(table, ALL, lambda contender: _figures(bench, contender, "one-lock", 100))
    table.within("s for all", 0.05)
    table.against("tasks/s", who.ASYNC_REDIS_PY_1MS.title, at_least=5.0)
    yield table

    table = Table("asyncio: 100 tasks in two processes, one lock, nothing inside", ours, "tasks/s")
    yield bench.interleave(table, ALL, lambda contender: _figures(bench, contender, "one-lock", 50, processes=2))

    title = "asyncio: 1,000 tasks, 1,000 locks, nothing inside (a pool of 10 for ticketctl, of 50 for the others)"
    table = Table(title, ours, "tasks/s")
    bench.interleave(table, ALL, lambda contender: _figures(bench, contender, "many-locks", 1000))
    table.against("tasks/s", who.ASYNC_REDIS_PY.title, at_least=1.5)
    coalesced = (table.rounds("tasks/s", ours), table.rounds("tasks/s", who.ASYNC_REDIS_PY.title))
    table.goals.append(
        Goal("tasks/s, as it coalesces", coalesced[0], 3.0, coalesced[1], at_least=True, name=who.ASYNC_REDIS_PY.title)
    )
    table.within("connections", CONNECTIONS, worst=True)
    yield table


def _figures(bench: Bench, contender: Contender, job: str, count: int, *, processes: int = 1) -> Mapping[str, float]:
    order = bench.runner.order(contender, job, count=count)
    found = bench.runner.together(contender, order, processes)
    if job == "one-lock":
        History.of([notes for one in found for notes in one["notes"]]).check()
    seconds = max(one["seconds"] for one in found)
    return {
        "s for all": seconds,
        "tasks/s": count * processes / seconds,
        "connections": max(one["connections"] for one in found) / processes,
    }
