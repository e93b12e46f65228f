"""Tables of what was measured, each with the claims that stand or fall by it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Claim:
    """A limit on one row.

    Attributes:
        subject: The row.
        limit: The largest ratio, or the largest number of milliseconds.
        against: The row that it is divided by; None for milliseconds.
    """

    subject: str
    limit: float
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rounds of several things, taken in turn.

    Attributes:
        title: What was done.
        milliseconds: Row to its rounds; an empty row was not measured.
        bases: Rows that all are divided by, round by round.
        claims: What is promised of these rows.
        notes: What happened instead, by row.
    """

    title: str
    milliseconds: Mapping[str, Sequence[float]]
    bases: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    def ratios(self, subject: str, against: str) -> list[float]:
        """Return the ratio of each round; empty when one of the rows was not measured."""
        ours, theirs = self.milliseconds.get(subject, ()), self.milliseconds.get(against, ())
        return [a / b for a, b in zip(ours, theirs, strict=False)]

    def __str__(self) -> str:
        bases = [base for base in self.bases if self.milliseconds.get(base)]
        heads = "".join(f"  {'/ ' + base:>24}" for base in bases)
        lines = [self.title, f"{'':<34}{'median ms':>11}{'min':>10}{'max':>10}{heads}"]
        for name, values in self.milliseconds.items():
            lines.append(
                f"{name:<34}{_figures(values)}{self._against(name, bases)}  {self.notes.get(name, '')}".rstrip()
            )
        return "\n".join([*lines, *(self._judged(claim) for claim in self.claims)])

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "title": self.title,
            "milliseconds": {name: [round(value, 3) for value in values] for name, values in self.milliseconds.items()},
            "notes": dict(self.notes),
            "claims": [
                {
                    "subject": claim.subject,
                    "against": claim.against,
                    "limit": claim.limit,
                    "measured": self._value(claim),
                }
                for claim in self.claims
            ],
        }

    def _against(self, name: str, bases: Sequence[str]) -> str:
        shown = []
        for base in bases:
            ratios = self.ratios(name, base)
            shown.append(f"{_span(ratios):>24}" if ratios and name != base else " " * 24)
        return "".join(f"  {text}" for text in shown)

    def _values(self, claim: Claim) -> Sequence[float]:
        if claim.against is None:
            return self.milliseconds.get(claim.subject, ())
        return self.ratios(claim.subject, claim.against)

    def _value(self, claim: Claim) -> float | None:
        values = self._values(claim)
        return round(statistics.median(values), 3) if values else None

    def _judged(self, claim: Claim) -> str:
        values = self._values(claim)
        limit = f"{claim.limit:g} ms" if claim.against is None else f"{claim.limit:g} x {claim.against}"
        if not values:
            return f"  claim: {claim.subject} <= {limit}: not measured"
        verdict = "holds" if statistics.median(values) <= claim.limit else "DOES NOT HOLD"
        return f"  claim: {claim.subject} <= {limit}: {_span(values)}, {verdict}"


def _figures(values: Sequence[float]) -> str:
    if not values:
        return f"{'-':>11}{'':>10}{'':>10}"
    return f"{statistics.median(values):>11.1f}{min(values):>10.1f}{max(values):>10.1f}"


def _span(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"
