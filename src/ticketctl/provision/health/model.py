"""What a health check can say, and the report of all of them. Pure values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail", "skipped"]
Backend = Literal["mysql", "redis", "elasticsearch", "service"]

# Worst first. What was not checked is no verdict, so it never makes a report better or worse.
_ORDER: dict[Level, int] = {"fail": 0, "warn": 1, "skipped": 2, "ok": 3}


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one check.

    Attributes:
        level: `ok`, `warn` (works, but somebody should look), `fail` (do not go on like this),
            `skipped` (could not be looked at, because of another finding).
        detail: What was seen.
        next_step: What to do about it, empty when nothing is to be done.
    """

    level: Level
    detail: str
    next_step: str = ""


def ok(detail: str) -> Finding:
    """Return a good verdict."""
    return Finding("ok", detail)


def warn(detail: str, next_step: str) -> Finding:
    """Return a verdict that somebody should look at."""
    return Finding("warn", detail, next_step)


def fail(detail: str, next_step: str) -> Finding:
    """Return a bad verdict."""
    return Finding("fail", detail, next_step)


def skipped(reason: str) -> Finding:
    """Return the absence of a verdict."""
    return Finding("skipped", reason)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the report.

    Attributes:
        backend: Kind of what was checked.
        target: Which one: `mysql`, `mysql-events`, `redis`, `booking`.
        name: Name of the check: `reachable`, `version`, `migrations events_db`.
        level: See `Finding`.
        detail: What was seen.
        next_step: What to do about it.
        latency_ms: How long the check took, None where it shares the time of the line above or did not run.
    """

    backend: Backend
    target: str
    name: str
    level: Level
    detail: str
    next_step: str = ""
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class HealthReport:
    """All results.

    Attributes:
        level: The worst level of all results; `ok` when there is none.
        results: The results, grouped by target.
        seconds: How long the whole check took.
    """

    level: Level
    results: tuple[CheckResult, ...]
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing failed; warnings are no failure."""
        return self.level != "fail"

    @property
    def worst_first(self) -> tuple[CheckResult, ...]:
        """The results, those that need somebody first; otherwise in their own order."""
        return tuple(sorted(self.results, key=lambda result: _ORDER[result.level]))

    def count(self, level: Level) -> int:
        """Return how many results have this level."""
        return sum(result.level == level for result in self.results)


def report(results: Iterable[CheckResult], seconds: float = 0.0) -> HealthReport:
    """Aggregate results.

    Args:
        results: The results of every target.
        seconds: How long it took.
    """
    collected = tuple(results)
    return HealthReport(worst(result.level for result in collected), collected, seconds)


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst verdict, `ok` when there is none."""
    verdicts = [level for level in levels if level != "skipped"]
    return min(verdicts, key=_ORDER.__getitem__, default="ok")
