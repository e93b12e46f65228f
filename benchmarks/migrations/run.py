"""ticketctl's migrations beside bare DDL and six other tools, on a durable MySQL server. README.md says how to read it.

Usage: python benchmarks/migrations/run.py [--rounds 5] [--only apply,noop,handover,costs] [--peers DIR] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import options  # noqa: E402  # after the path is set
from migrations import applying, costs, handover, noop  # noqa: E402
from migrations.bench import Bench, missing_peers  # noqa: E402
from migrations.costs import CountTable  # noqa: E402
from migrations.report import Table  # noqa: E402
from migrations.server import given_server, own_server  # noqa: E402
from ticketctl.errors import TicketctlError  # noqa: E402

Measure = Callable[[Bench], Sequence[Table | CountTable]]
MEASURES: Mapping[str, Measure] = {
    "apply": applying.measure,
    "noop": noop.measure,
    "handover": handover.measure,
    "costs": costs.measure,
}


def main() -> None:
    """Measure and print."""
    wanted = _options()
    for line in missing_peers(wanted.peers):
        print(line)
    found: dict[str, Sequence[Table | CountTable]] = {}
    server_of = given_server(wanted.mysql) if wanted.mysql else own_server()
    with tempfile.TemporaryDirectory() as work, server_of as server:
        print(f"MySQL {server.run('SELECT VERSION()')[0][0]}, Python {platform.python_version()}\n", flush=True)
        bench = Bench(server, Path(work), wanted.peers, wanted.rounds, wanted.count)
        for name in wanted.only:
            found[name] = MEASURES[name](bench)
            for table in found[name]:
                print(f"{table}\n", flush=True)
    if wanted.json:
        plain = {name: [table.as_json() for table in tables] for name, tables in found.items()}
        wanted.json.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = options.parser(__doc__, MEASURES)
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds; one more is run first")
    parser.add_argument(
        "--count", type=int, default=200, help="migrations of `apply` and `noop`; the claims are for 200"
    )
    parser.add_argument("--mysql", metavar="HOST:PORT", help="a server on this machine instead of an own container")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except TicketctlError as problem:
        sys.exit(str(problem))
