"""Tables of what was measured, and the goals that are reached or not."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Rounds = Sequence[float]


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit on what was measured, judged by the median of the rounds.

    Attributes:
        what: What is promised, with its unit.
        ours: The value of each round.
        limit: The number that it may not pass.
        peer: What each round is divided by; None when the limit is on the value itself.
        at_least: Whether the limit is the smallest or the largest allowed.
        or_at_most: A limit on the value itself that is enough as well.
        name: Of the peer.
        worst: Whether the worst round is judged instead of the median.
    """

    what: str
    ours: Rounds
    limit: float
    peer: Rounds | None = None
    at_least: bool = False
    or_at_most: float | None = None
    name: str = ""
    worst: bool = False

    @property
    def values(self) -> list[float]:
        """What is compared with the limit; empty when something was not measured."""
        if self.peer is None:
            return list(self.ours)
        return ratios(self.ours, self.peer)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None when it was not measured."""
        if not self.values:
            return None
        if self.or_at_most is not None and statistics.median(self.ours) <= self.or_at_most:
            return True
        middle = (min if self.at_least else max)(self.values) if self.worst else statistics.median(self.values)
        return middle >= self.limit if self.at_least else middle <= self.limit

    def __str__(self) -> str:
        verdict = {True: "PASS", False: "FAIL", None: "----"}[self.reached]
        sign = ">=" if self.at_least else "<="
        every = "every round " if self.worst else ""
        limit = f"{every}{sign} {self.limit:g}{' x ' + self.name if self.peer is not None else ''}"
        enough = f" or <= {self.or_at_most:g}" if self.or_at_most is not None else ""
        if not self.values:
            return f"  {verdict}  {self.what} {limit}{enough}: not measured"
        sides = f"  ({_short(self.ours)} : {_short(self.peer)})" if self.peer is not None else ""
        return f"  {verdict}  {self.what} {limit}{enough}: {span(self.values)}{sides}"

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "what": self.what,
            "against": self.name or None,
            "limit": self.limit,
            "at_least": self.at_least,
            "or_at_most": self.or_at_most,
            "measured": _plain(self.values),
            "worst_round": self.worst,
            "reached": self.reached,
        }


@dataclass(slots=True)
class Table:
    """Rounds of several contenders, taken in turn.

    Attributes:
        title: What was done.
        subject: The row that the others are compared with.
        ratio_of: The figure whose ratio, the subject's divided by the row's in the same round, is the last column.
        figures: Figure, with its unit, to row to its rounds.
        goals: What is promised.
        notes: What happened instead, by row.
        broken: Rows that let two in at once.
        failed: Rows that ended with an error.
    """

    title: str
    subject: str
    ratio_of: str
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def add(self, row: str, figures: Mapping[str, float]) -> None:
        """Note one round of a row."""
        for figure, value in figures.items():
            self.figures.setdefault(figure, {}).setdefault(row, []).append(value)

    def fail(self, row: str, what: str) -> None:
        """Note that a row ended with an error; what it did before stays."""
        self.failed.append(row)
        self.notes[row] = what

    def rounds(self, figure: str, row: str) -> Rounds:
        """Return the rounds of a row; empty when it was not measured."""
        return self.figures.get(figure, {}).get(row, ())

    def against(self, figure: str, peer: str, *, at_least: float = 0, at_most: float = 0) -> None:
        """Promise a ratio of the subject to a peer, round by round."""
        ours, theirs = self.rounds(figure, self.subject), self.rounds(figure, peer)
        self.goals.append(Goal(figure, ours, at_least or at_most, theirs, at_least=bool(at_least), name=peer))

    def within(self, figure: str, at_most: float, *, row: str = "", worst: bool = False) -> None:
        """Promise that a figure of the subject, or of another row, is not larger than a number."""
        what = f"{figure} of {row}" if row else figure
        self.goals.append(Goal(what, self.rounds(figure, row or self.subject), at_most, worst=worst))

    def rows(self) -> list[str]:
        """Return the rows in the order in which they came."""
        return list(dict.fromkeys([row for values in self.figures.values() for row in values] + list(self.notes)))

    def __str__(self) -> str:
        head = ["", *self.figures, f"{self.ratio_of}: {self.subject} / row", ""]
        lines = [head, *(self._cells(row) for row in self.rows())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [f"{first:<{widths[0]}}" + "".join(map(_padded, rest, widths[1:])) for first, *rest in lines]
        return "\n".join([self.title, *(line.rstrip() for line in text), *map(str, self.goals)])

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "title": self.title,
            "figures": {
                figure: {row: _plain(values) for row, values in rows.items()} for figure, rows in self.figures.items()
            },
            "notes": dict(self.notes),
            "broken": list(self.broken),
            "failed": list(self.failed),
            "goals": [goal.as_json() for goal in self.goals],
        }

    def _cells(self, row: str) -> list[str]:
        compared = ratios(self.rounds(self.ratio_of, self.subject), self.rounds(self.ratio_of, row))
        shown = _cell(compared) if row != self.subject else "1"
        return [row, *(_cell(values.get(row, ())) for values in self.figures.values()), shown, self.notes.get(row, "")]


def ratios(ours: Rounds, theirs: Rounds) -> list[float]:
    """Return the ratio of each round; of those that both have."""
    return [a / b for a, b in zip(ours, theirs, strict=False) if b]


def span(values: Rounds) -> str:
    """Return the median, and the range if there is one."""
    if len(values) == 1:
        return _figure(values[0])
    return f"{_figure(statistics.median(values))} ({_figure(min(values))}-{_figure(max(values))})"


def _plain(values: Rounds) -> list[float | None]:
    """Return what JSON can say: nothing where a ratio has no end."""
    return [round(value, 6) if math.isfinite(value) else None for value in values]


def _cell(values: Rounds) -> str:
    return span(values) if values else "-"


def _padded(cell: str, width: int) -> str:
    return f"  {cell:>{width}}"


def _short(values: Rounds | None) -> str:
    return _figure(statistics.median(values)) if values else "-"


def _figure(value: float) -> str:
    """Return three digits or all before the point."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3g}"
