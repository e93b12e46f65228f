"""Acquire and release, again and again, while nobody else wants the lock."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext

from locks import contenders as who
from locks.bench import Bench
from locks.contenders import Contender, present
from locks.group import Session, WorkerFailedError
from locks.server import Server
from report import Table

SLICES, SECONDS = 10, 0.1
"""A round of a contender is many short turns: the machine's speed changes within a second."""
PATIENCE = 900.0
SYNC = (
    *(who.FLOOR, who.SPIN, who.REDIS_PY, who.PYTHON_REDIS_LOCK, who.POTTERY, who.REDLOCK),
    *(who.GO_REDISLOCK, who.GO_REDSYNC, who.OURS),
)
ASYNC = (who.ASYNC_REDIS_PY, who.ASYNC_POTTERY, who.ASYNC_REDLOCK, who.ASYNC_OURS)


def measure(bench: Bench) -> Iterator[Table]:
    """Measure threads and asyncio, where the kernel puts them, and with the server on another core and on the same."""
    for where, cores in _places(bench.runner.server):
        with cores:
            table = Table(f"Uncontended: acquire + release, one thread{where}", who.OURS.title, "pairs/s")
            _fill(bench, table, SYNC, "pairs")
            table.against("pairs/s", who.REDIS_PY.title, at_least=1.3)
            table.against("pairs/s", who.FLOOR.title, at_least=0.7)
            yield table
            table = Table(f"Uncontended: acquire + release, one task{where}", who.ASYNC_OURS.title, "pairs/s")
            _fill(bench, table, ASYNC, "async-pairs")
            yield table


def _places(server: Server) -> Sequence[tuple[str, AbstractContextManager[object]]]:
    """Return where the server and its client run."""
    first, *others = sorted(os.sched_getaffinity(0))
    if server.container is None or not others:
        return [("", nullcontext())]
    apart, together = server.cores(first, others[0]), server.cores(first, first)
    anywhere = (", server where the kernel puts it", nullcontext())
    return [anywhere, (", server on another core", apart), (", server on the same core", together)]


def _fill(bench: Bench, table: Table, contenders: Sequence[Contender], job: str) -> None:
    runner = bench.runner
    with ExitStack() as all_of_them:
        sessions: dict[Contender, Session] = {}
        for contender in present(contenders, runner.peers):
            started = runner.session(contender, runner.order(contender, job), 1, PATIENCE)
            try:
                sessions[contender] = all_of_them.enter_context(started)
            except WorkerFailedError as problem:
                table.fail(contender.title, f"failed: {problem}")
        for turn in range(bench.rounds):
            for contender, figures in _round(sessions, table, turn + 1).items():
                table.add(contender.title, figures)


def _round(sessions: dict[Contender, Session], table: Table, turn: int) -> Mapping[Contender, Mapping[str, float]]:
    """Measure all in short turns; one that fails is noted and left out from then on."""
    sums: dict[Contender, Counter[str]] = {contender: Counter() for contender in sessions}
    for _ in range(SLICES):
        for contender, session in list(sessions.items()):
            try:
                window = session.window(lead_in=0, seconds=SECONDS)
            except WorkerFailedError as problem:
                table.fail(contender.title, f"failed in round {turn}: {problem}")
                del sessions[contender], sums[contender]
                continue
            sums[contender].update(
                pairs=window.results[0]["pairs"],
                microseconds=window.results[0]["seconds"] * 1e6,
                commands=contender.commands(window.added),
                reads=window.added.reads,
            )
    return {contender: _figures(sum_of_all) for contender, sum_of_all in sums.items()}


def _figures(sums: Counter[str]) -> Mapping[str, float]:
    pairs = sums["pairs"]
    return {
        "pairs/s": pairs / sums["microseconds"] * 1e6,
        "us/pair": sums["microseconds"] / pairs,
        "commands/pair": sums["commands"] / pairs,
        "reads/pair": sums["reads"] / pairs,
    }
