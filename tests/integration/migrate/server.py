"""Long statements, and watching the server execute them."""

from __future__ import annotations

import time

from integration.migrate.conftest import Root

PATIENT = 300.0
ENOUGH = 0.2  # seconds that are measured, so that what surrounds them hardly counts
TAKES = 4.0  # seconds: well over those after which a runner says for whom it waits


def slow(root: Root) -> str:
    """Work of a few seconds on this machine, which the server does not interrupt when its client is gone."""
    count, took = 50_000, 0.0
    while took < ENOUGH:
        count *= 2
        began = time.monotonic()
        root(f"DO {_work(count)}")
        took = time.monotonic() - began
    return _work(round(count * TAKES / took))


def _work(count: int) -> str:
    return f"BENCHMARK({count}, SHA2('x', 512))"


def running(root: Root, beginning: str) -> bool:
    """Whether the server is executing a statement that begins like this (the journal's only contain it)."""
    found = root(
        "SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_INFO LIKE CONCAT(%s, '%%')", beginning
    )
    return bool(found[0][0])
