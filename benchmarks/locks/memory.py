"""What a held lock and a waiter take of the process's memory, and of the server's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from locks import contenders as who
from locks.bench import Bench
from locks.contenders import Contender
from report import Table

HELD, WAITING, ROUNDS = 5000, 2000, 3
SYNC = (who.REDIS_PY, who.OURS, who.OURS_KEPT)
ASYNC = (who.ASYNC_REDIS_PY, who.ASYNC_OURS, who.ASYNC_OURS_KEPT)
WAITERS = (who.IN_PROCESS, who.ASYNC_REDIS_PY, who.ASYNC_OURS)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure held locks and waiting tasks."""
    yield _table(bench, f"Memory of a held lock, of {HELD:,}", SYNC, "held-memory", HELD)
    yield _table(bench, f"Memory of a held lock in asyncio, of {HELD:,}", ASYNC, "async-held-memory", HELD)
    yield _table(bench, f"Memory of a waiting task and its call, of {WAITING:,}", WAITERS, "waiting-memory", WAITING)


def _table(bench: Bench, title: str, contenders: Sequence[Contender], job: str, count: int) -> Table:
    def figures(contender: Contender) -> Mapping[str, float]:
        found = bench.runner.once(contender, bench.runner.order(contender, job, count=count))
        return {"bytes": found["bytes"], "server's bytes": found["server_bytes"]}

    subject = who.OURS.title if who.OURS in contenders else who.ASYNC_OURS.title
    return bench.interleave(Table(title, subject, "bytes"), contenders, figures, most=ROUNDS)
