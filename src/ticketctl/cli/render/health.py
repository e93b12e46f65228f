"""A health report as text: what needs somebody stands first, with what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ticketctl.cli.render.plain import to_plain
from ticketctl.provision.health.model import CheckResult, HealthReport, Level, worst

if TYPE_CHECKING:
    from rich.text import Text

_MARKS: dict[Level, str] = {"fail": "FAIL", "warn": "WARN", "skipped": "--", "ok": "ok"}
_STYLES: dict[Level, str] = {"fail": "bold red", "warn": "yellow", "skipped": "dim", "ok": "green"}
_COUNTED: dict[Level, str] = {"fail": "failed", "warn": "to look at", "skipped": "not checked", "ok": "ok"}
Row = tuple[Level, str, str, str, str]
"""Level, target, check, latency, detail."""


def report_text(report: HealthReport, *, brief: bool = False) -> Text:
    """Return the report: one line in sum, then the checks, the worst first.

    Args:
        report: The report.
        brief: Show each target that is well in one line.
    """
    from rich.text import Text

    text = Text()
    text.append(f"{headline(report)}\n", style=_STYLES[report.level] if report.results else "")
    rows = list(_rows(report, brief=brief))
    widths = [max((len(row[column]) for row in rows), default=0) for column in (1, 2, 3)]
    for level, target, check, latency, detail in rows:
        start = f"{_MARKS[level]:<4}  {target:<{widths[0]}}  {check:<{widths[1]}}  {latency:>{widths[2]}}  "
        text.append(start, style=_STYLES[level])
        text.append(detail.replace("\n", f"\n{' ' * len(start)}") + "\n")
    text.rstrip()
    return text


def headline(report: HealthReport) -> str:
    """Return the report in one line."""
    counts = [f"{report.count(level)} {word}" for level, word in _COUNTED.items() if report.count(level)]
    verdict = {"fail": "NOT HEALTHY", "warn": "healthy, with warnings", "ok": "healthy"}.get(report.level, "healthy")
    return f"{verdict}: {', '.join(counts) or 'nothing was checked'} ({report.seconds:.1f} s)"


def changes(before: HealthReport | None, now: HealthReport) -> list[str]:
    """Return a line for each check whose level is another one than in the round before.

    Args:
        before: The round before, None for the first: then what is not well counts as a change.
        now: This round.
    """
    levels = {(result.target, result.name): result.level for result in before.results} if before else {}
    return [
        f"{_MARKS[result.level]:<4}  {result.target}  {result.name}  {_with_advice(result)}"
        for result in now.worst_first
        if _told(result.level) != _told(levels.get((result.target, result.name), "ok"))
    ]


def json_line(report: HealthReport) -> str:
    """Return the report as one line of JSON."""
    return json.dumps(to_plain(report), ensure_ascii=False)


def _rows(report: HealthReport, *, brief: bool) -> Iterator[Row]:
    yield from _problems([result for result in report.worst_first if result.level in ("fail", "warn")])
    by_target = _by_target(report.results)
    for target, results in by_target.items():
        yield from _skipped_rows(target, results)
    for target, results in by_target.items():
        shown = _merged([result for result in results if result.level == "ok"])
        if brief and shown:
            yield _sum(target, shown)
        else:
            yield from map(_row, shown)


def _told(level: Level) -> Level:
    """What was not checked is no news: the line that is the reason for it is."""
    return "ok" if level == "skipped" else level


def _problems(results: Iterable[CheckResult]) -> Iterator[Row]:
    """Services that suffer from the same thing are one line."""
    alike: dict[tuple[str, ...], list[CheckResult]] = {}
    for result in results:
        own = "" if result.backend == "service" else result.target
        alike.setdefault((result.level, own, result.name, result.detail, result.next_step), []).append(result)
    for group in alike.values():
        if len(group) == 1:
            yield _row(group[0])
        else:
            names = ", ".join(result.target for result in group)
            row = _row(replace(group[0], latency_ms=None))
            yield row[0], f"{len(group)} services", row[2], row[3], f"{names}\n{row[4]}"


def _skipped_rows(target: str, results: Iterable[CheckResult]) -> Iterator[Row]:
    """What was not checked for one reason is one line."""
    by_reason: dict[str, list[str]] = {}
    for result in results:
        if result.level == "skipped":
            by_reason.setdefault(result.detail, []).append(result.name)
    for reason, names in by_reason.items():
        yield "skipped", target, "not checked", "", f"{reason}: {', '.join(names)}"


def _merged(well: list[CheckResult]) -> list[CheckResult]:
    """That a service answers is said by its being ready: one line, with the time of both."""
    if [result.name for result in well] != ["reachable", "ready"]:
        return well
    taken = sum(result.latency_ms or 0.0 for result in well)
    return [replace(well[1], latency_ms=taken)]


def _row(result: CheckResult) -> Row:
    return result.level, result.target, result.name, _latency(result.latency_ms), _with_advice(result)


def _sum(target: str, results: Sequence[CheckResult]) -> Row:
    taken = sum(result.latency_ms or 0.0 for result in results)
    count = f"{len(results)} check{'s' if len(results) != 1 else ''}"
    return worst(result.level for result in results), target, count, _latency(taken), results[0].detail


def _with_advice(result: CheckResult) -> str:
    return f"{result.detail}\nnext: {result.next_step}" if result.next_step else result.detail


def _latency(milliseconds: float | None) -> str:
    # What was read along with something else took no time of its own.
    return f"{milliseconds:.1f} ms" if milliseconds and milliseconds >= 0.05 else ""


def _by_target(results: Iterable[CheckResult]) -> dict[str, list[CheckResult]]:
    grouped: dict[str, list[CheckResult]] = {}
    for result in results:
        grouped.setdefault(result.target, []).append(result)
    return grouped
