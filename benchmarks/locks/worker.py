"""One process of a contender. It runs in the contender's own environment: the standard library, and that library.

Usage: worker.py ORDER, a JSON object of `jobs.order.Order`. It prints a line when it is warm, reads one that says when
to begin, and prints one with what it measured; some jobs do so again and again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

# This folder's modules are known as `locks.…` only: their short names belong to the libraries that are measured.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from locks.jobs import holding, tasks, threads  # noqa: E402  # after the path is set
from locks.jobs.order import Order, Result, say  # noqa: E402

JOBS: Mapping[str, Callable[[Order], Result | None]] = {
    "pairs": threads.pairs,
    "contend": threads.contend,
    "thread-hand-over": threads.hand_over,
    "async-pairs": tasks.pairs,
    "one-lock": tasks.one_lock,
    "many-locks": tasks.many_locks,
    "task-hand-over": tasks.hand_over,
    "keep-alive": holding.keep_alive,
    "async-keep-alive": holding.async_keep_alive,
    "held-memory": holding.memory,
    "async-held-memory": holding.async_memory,
    "waiting-memory": holding.waiting_memory,
}


def main() -> None:
    """Do what the order says."""
    order = Order(**json.loads(sys.argv[1]))
    result = JOBS[order.job](order)
    if result is not None:
        say(result)


if __name__ == "__main__":
    main()
