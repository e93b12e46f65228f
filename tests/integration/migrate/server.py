"""Long statements, and watching the server execute them."""

from __future__ import annotations

from integration.migrate.conftest import Root

# Work that the server does not interrupt when its client is gone.
SLOW = "BENCHMARK(4000000, SHA2('x', 512))"
PATIENT = 300.0


def running(root: Root, beginning: str) -> bool:
    """Whether the server is executing a statement that begins like this (the journal's only contain it)."""
    found = root(
        "SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_INFO LIKE CONCAT(%s, '%%')", beginning
    )
    return bool(found[0][0])
