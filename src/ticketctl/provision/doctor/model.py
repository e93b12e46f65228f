"""What the doctor can say. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one check.

    Attributes:
        name: Short stable name of the check.
        level: `ok`, `warn` (`up` works, but somebody should look), `fail`, or `skipped` (could not be looked at).
        detail: What was seen.
        fix: What to do about it, empty when nothing is to be done.
        blocks: `up` cannot succeed before this is mended.
    """

    name: str
    level: Level
    detail: str
    fix: str = ""
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings.

    Attributes:
        findings: In the order in which `up` would meet them.
        seconds: How long the examination took.
    """

    findings: tuple[Finding, ...]
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing blocks `up`."""
        return not any(finding.blocks for finding in self.findings)

    def count(self, level: Level) -> int:
        """Return how many findings have this level."""
        return sum(finding.level == level for finding in self.findings)


def ok(name: str, detail: str) -> Finding:
    """Return a good verdict."""
    return Finding(name, "ok", detail)


def warn(name: str, detail: str, fix: str) -> Finding:
    """Return a verdict that somebody should look at."""
    return Finding(name, "warn", detail, fix)


def blocked(name: str, detail: str, fix: str) -> Finding:
    """Return a verdict that keeps `up` from succeeding."""
    return Finding(name, "fail", detail, fix, blocks=True)


def skipped(name: str, reason: str) -> Finding:
    """Return the absence of a verdict."""
    return Finding(name, "skipped", reason)
