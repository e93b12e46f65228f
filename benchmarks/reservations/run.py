"""ticketctl's reservations beside the usual ways to hold seats, on durable servers. README.md says how to read it.

Usage: python benchmarks/reservations/run.py [--rounds 5] [--only cold,taken,…] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# This folder's modules are known as `reservations.…` only.
sys.path[0] = str(ROOT / "benchmarks")

import options  # noqa: E402  # after the path is set
from report import Table  # noqa: E402
from reservations import best, cold, contested, flat, seat_map, taken  # noqa: E402
from reservations.bench import DRIVERS, Bench  # noqa: E402
from reservations.servers import Servers, own_servers  # noqa: E402
from ticketctl.errors import TicketctlError  # noqa: E402

SCENARIOS: Mapping[str, Callable[[Bench], Iterator[Table]]] = {
    "cold": cold.measure,
    "alone": cold.measure_alone,
    "taken": taken.measure,
    "contested": contested.measure,
    "flat": flat.measure,
    "map": seat_map.measure,
    "best": best.measure,
}
COMMITS = 200


def main() -> int:
    """Measure and print; 1 when what was answered is not what was written, or a contender failed."""
    wanted = _options()
    found: dict[str, list[Table]] = {}
    with own_servers() as servers:
        about = {**_about(), **servers.settings()}
        if wanted.pin:
            servers.on_one_core()
            about["servers"] = "on one core, clients on the others"
        about["a durable commit takes"] = f"{_commit(servers) * 1000:.2f} ms"
        print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n", flush=True)
        bench = Bench(servers, wanted.rounds, wanted.seconds, wanted.workers, wanted.drivers)
        for name in wanted.only:
            for table in SCENARIOS[name](bench):
                found.setdefault(name, []).append(table)
                print(f"{table}\n", flush=True)
                if wanted.json:
                    plain = {"about": about, "scenarios": _plain(found)}
                    wanted.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    return _verdict([table for of_one in found.values() for table in of_one])


def _about() -> dict[str, str]:
    packages = {name: version(name) for name in ("PyMySQL", "asyncmy", "redis")}
    return {
        "Python": platform.python_version(),
        **packages,
        "cores": str(os.cpu_count()),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _commit(servers: Servers) -> float:
    """Return the seconds of one INSERT with its COMMIT on one connection; every contender pays that at least."""
    with closing(servers.mysql.connection()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE commits")
        cursor.execute("CREATE TABLE commits.one (number BIGINT PRIMARY KEY AUTO_INCREMENT)")
        began = time.perf_counter()
        for _ in range(COMMITS):
            cursor.execute("INSERT INTO commits.one () VALUES ()")
        taken_seconds = time.perf_counter() - began
        cursor.execute("DROP DATABASE commits")
    return taken_seconds / COMMITS


def _plain(found: Mapping[str, list[Table]]) -> dict[str, Any]:
    return {name: [table.as_json() for table in tables] for name, tables in found.items()}


def _verdict(tables: list[Table]) -> int:
    goals = [goal.reached for table in tables for goal in table.goals]
    broken = [f"{row} ({table.title})" for table in tables for row in table.broken]
    failed = [f"{row} ({table.title})" for table in tables for row in table.failed]
    print(f"goals: {goals.count(True)} reached, {goals.count(False)} not, {goals.count(None)} not measured")
    print(f"answers that are not what was written: {'; '.join(broken) or 'none'}")
    if failed:
        print(f"ended with an error, so that rounds are missing: {'; '.join(failed)}")
    return 1 if broken or failed else 0


def _options() -> argparse.Namespace:
    parser = options.parser(__doc__, SCENARIOS)
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender is measured")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each time; shorter where seats run out")
    parser.add_argument("--workers", type=_numbers, default=[16, 128], metavar="N,…", help="goals are for 16 and 128")
    parser.add_argument("--drivers", type=_drivers, default=list(DRIVERS), metavar="NAME,…", help=", ".join(DRIVERS))
    parser.add_argument("--pin", action="store_true", help="the servers on one core, the clients on the others")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _drivers(text: str) -> list[str]:
    if unknown := sorted(set(text.split(",")) - set(DRIVERS)):
        raise argparse.ArgumentTypeError(f"'{unknown[0]}' is none of {', '.join(DRIVERS)}")
    return text.split(",")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TicketctlError as problem:
        sys.exit(str(problem))
