"""One process of workers.

Usage: worker.py. It reads a line, a JSON object of `order.Order`, as that names a password; says that it is warm,
reads a line that says when to begin, and prints one with what it measured.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

# This folder's modules are known as `reservations.…` only.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from reservations import tasks, threads  # noqa: E402  # after the path is set
from reservations.order import Order  # noqa: E402


def main() -> None:
    """Do what the order says."""
    order = Order.of(json.loads(sys.stdin.readline()))
    run = tasks.run if order.driver == "asyncio" else threads.run
    print(json.dumps(run(order, _ready).plain()), flush=True)


def _ready() -> None:
    print("{}", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
