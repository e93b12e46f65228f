"""What a reconciliation did, or would do."""

from __future__ import annotations

from dataclasses import dataclass

STEP = "accounts"


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """Changes of one or more servers.

    Attributes:
        changes: One line for each change, in the order in which they were made; no secrets.
    """

    changes: tuple[str, ...] = ()

    def __add__(self, other: ReconcileResult) -> ReconcileResult:
        return ReconcileResult(self.changes + other.changes)
