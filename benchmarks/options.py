"""The command line that the benchmarks have in common."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path


def parser(description: str | None, scenarios: Collection[str]) -> argparse.ArgumentParser:
    """Return a parser for what to measure, beside what, and where to write it.

    Args:
        description: What the benchmark measures.
        scenarios: What there is to measure.
    """

    def names(text: str) -> list[str]:
        if unknown := sorted(set(text.split(",")) - set(scenarios)):
            raise argparse.ArgumentTypeError(f"'{unknown[0]}' is none of {', '.join(scenarios)}")
        return text.split(",")

    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--only", type=names, default=list(scenarios), metavar="NAME,…", help=", ".join(scenarios))
    made.add_argument("--peers", type=Path, metavar="DIR", help="what peers.py has prepared")
    made.add_argument("--json", type=Path, metavar="FILE", help="write every round there")
    return made
