"""ticketctl's locks beside those of other libraries, on one Redis server. README.md says how to read it.

Usage: python benchmarks/locks/run.py [--rounds 7] [--only uncontended,contended,…] [--peers DIR] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# This folder's modules are known as `locks.…` only.
sys.path[0] = str(ROOT / "benchmarks")

import options  # noqa: E402  # after the path is set
from locks import contended, keepalive, memory, tasks, uncontended, waiters  # noqa: E402
from locks.bench import Bench  # noqa: E402
from locks.contenders import missing  # noqa: E402
from locks.group import Runner  # noqa: E402
from locks.server import Server, given_server, own_server  # noqa: E402
from report import Table  # noqa: E402
from ticketctl.errors import TicketctlError  # noqa: E402

SCENARIOS: Mapping[str, Callable[[Bench], Iterator[Table]]] = {
    "uncontended": uncontended.measure,
    "contended": contended.measure_eight,
    "crowd": contended.measure_crowd,
    "tasks": tasks.measure,
    "waiters": waiters.measure,
    "keepalive": keepalive.measure,
    "memory": memory.measure,
}


def main() -> int:
    """Measure and print; 1 when a lock let two in at once, or a library failed."""
    wanted = _options()
    for line in missing(wanted.peers):
        print(line)
    found: dict[str, list[Table]] = {}
    server_of = given_server(wanted.redis) if wanted.redis else own_server()
    with server_of as server:
        about = _about(server)
        print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n", flush=True)
        bench = Bench(Runner(server, wanted.peers), wanted.rounds)
        for name in wanted.only:
            for table in SCENARIOS[name](bench):
                found.setdefault(name, []).append(table)
                print(f"{table}\n", flush=True)
                server.clean()
                if wanted.json:
                    plain = {"about": about, "scenarios": _plain(found)}
                    wanted.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    tables = [table for of_one in found.values() for table in of_one]
    return _verdict(tables)


def _about(server: Server) -> dict[str, str]:
    return {
        "Redis": server.version(),
        "redis-py": version("redis"),
        "Python": platform.python_version(),
        "cores": str(os.cpu_count()),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _plain(found: Mapping[str, list[Table]]) -> dict[str, Any]:
    return {name: [table.as_json() for table in tables] for name, tables in found.items()}


def _verdict(tables: list[Table]) -> int:
    goals = [goal.reached for table in tables for goal in table.goals]
    broken = [f"{row} ({table.title})" for table in tables for row in table.broken]
    failed = [f"{row} ({table.title})" for table in tables for row in table.failed]
    print(f"goals: {goals.count(True)} reached, {goals.count(False)} not, {goals.count(None)} not measured")
    print(f"two at once, or a fence that did not grow: {'; '.join(broken) or 'never'}")
    if failed:
        print(f"ended with an error, so that rounds are missing: {'; '.join(failed)}")
    return 1 if broken or failed else 0


def _options() -> argparse.Namespace:
    parser = options.parser(__doc__, SCENARIOS)
    parser.add_argument("--rounds", type=int, default=7, help="fewer where a scenario takes long: README.md")
    parser.add_argument("--redis", metavar="HOST:PORT", help="a server on this machine instead of an own container")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TicketctlError as problem:
        sys.exit(str(problem))
