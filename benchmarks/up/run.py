"""Claim: `ticketctl up` to healthy takes at most 1.05 x `docker compose up --wait` of the same Compose file.

Both start the same project, with the same `.env`, images present and volumes empty, in turn. `ticketctl up` also
chooses ports and images, reconciles accounts and rights, and asks every service from outside; Compose only starts.

Usage: python benchmarks/up/run.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from pairs import table  # noqa: E402  # after the path is set
from ticketctl.infra.compose import find_compose  # noqa: E402
from ticketctl.provision.scaffold import scaffold  # noqa: E402

LIMIT = 1.05
TICKETCTL = [sys.executable, "-m", "ticketctl.cli.entry"]
Action = Callable[[], int]


def run(command: list[str], folder: Path) -> int:
    """Run a command quietly and return its exit status."""
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode


def timed(action: Action, folder: Path) -> float:
    """Return the seconds that a start takes from empty volumes to its end."""
    run([*TICKETCTL, "reset", "--yes"], folder)
    began = time.perf_counter()
    status = action()
    seconds = time.perf_counter() - began
    if status:
        sys.exit(f"a start ended with {status} after {seconds:.1f} s")
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "ticketctl-test-benchmark"
        scaffold(folder)
        compose = [str(find_compose(os.environ).path), "-f", "compose/docker-compose.yml", "up", "--detach", "--wait"]
        actions: dict[str, Action] = {
            "docker compose up --wait": lambda: run(compose, folder),
            "ticketctl up": lambda: run([*TICKETCTL, "up"], folder),
        }
        try:
            if run([*TICKETCTL, "up"], folder):  # chooses ports and passwords, and warms the disk for both
                sys.exit("the first start failed; `ticketctl up` in a project of its own says why")
            seconds: dict[str, list[float]] = {name: [] for name in actions}
            for _ in range(rounds):
                for name, action in actions.items():
                    seconds[name].append(timed(action, folder))
        finally:
            run([*TICKETCTL, "reset", "--yes"], folder)
    print(f"{rounds} interleaved pairs, images present, volumes empty, 13 services\n")
    print(table(seconds, against="docker compose up --wait", limit=LIMIT))


if __name__ == "__main__":
    main()
