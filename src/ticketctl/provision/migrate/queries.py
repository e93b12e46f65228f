"""The SQL that ticketctl itself sends, each statement in its own file beside the code that uses it."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def query(package: str, name: str) -> str:
    """Return a statement of `<package>/sql/`.

    Args:
        package: `record` or `execution`.
        name: File name without `.sql`.
    """
    # Not by importlib.resources, whose import takes as long as everything else that a plan needs.
    return Path(__file__).with_name(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
