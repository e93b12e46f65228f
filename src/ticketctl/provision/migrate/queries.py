"""The SQL that ticketctl itself sends, each statement in its own file beside the code that uses it."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def query(package: str, name: str) -> str:
    """Return a statement of `<package>/sql/`.

    Args:
        package: `record` or `execution`.
        name: File name without `.sql`.
    """
    folder = resources.files("ticketctl.provision.migrate").joinpath(package, "sql")
    return folder.joinpath(f"{name}.sql").read_text(encoding="utf-8")
