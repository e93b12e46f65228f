"""How a simulated sale is told: what goes on in it as lines, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ticketctl.cli.render.columns import columns
from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.looks import Began, Look, Mended, News
from ticketctl.simulate.record import Record
from ticketctl.simulate.verdict import REFUSED_WHILE_FREE, DoubleSale

_SHOWN = 5
"""Seats that were sold twice, and violations, that are listed on the screen; the report and --json have all."""
_WORDS = {"A": "free", "R": "held", "B": "sold", "X": "not on sale"}


def line(news: News) -> str:
    """Return what happened as one line; empty for what needs none."""
    if isinstance(news, Look):
        return _looked(news)
    if isinstance(news, Broken):
        return _broken(news)
    if isinstance(news, Began):
        return news.text
    return f"mended what a sale that was killed had left: {news.text}" if isinstance(news, Mended) else ""


def news_plain(news: News) -> dict[str, Any]:
    """Return what happened as one plain document."""
    document: dict[str, Any] = {"event": type(news).__name__}
    if isinstance(news, Look):
        counts = {"requests": dict(news.counts), "seats": seat_counts(news.letters)}
        broken = [fault.name for fault in news.broken]
        return {
            **document,
            "second": round(news.at, 1),
            **counts,
            "rate": news.rate,
            "p50": news.p50,
            "p99": news.p99,
            "broken": broken,
        }
    if isinstance(news, Broken):
        return {**document, "name": news.name, "title": news.title, "began": news.began, "mended": news.mended}
    if isinstance(news, Began):
        return {**document, "phase": news.phase, "text": news.text}
    return {**document, "text": news.text} if isinstance(news, Mended) else {**document, "seats": len(news.places)}


def seat_counts(letters: str) -> Mapping[str, int]:
    """Return how many seats are how."""
    found = Counter(letters)
    return {word: found[letter] for letter, word in _WORDS.items()}


def milliseconds(seconds: float | None) -> str:
    """Return how long something took, for people."""
    if seconds is None:
        return "none"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def record_text(record: Record, report: Path | None) -> str:
    """Return what came of a sale, for people.

    Args:
        record: The sale.
        report: Where its report is, None if there is none.
    """
    return "\n".join(_told(record, report))


def record_plain(record: Record) -> dict[str, Any]:
    """Return what came of a sale as a plain document."""
    verdict = record.verdict
    return {
        "ok": verdict.ok,
        "verdict": verdict.sentence,
        "wrong": verdict.wrong,
        "seats": verdict.seats,
        "sold": verdict.sold,
        "demand": verdict.demand,
        "holds": verdict.holds,
        "buyers": verdict.buyers,
        "doubles": [_double_plain(record, double) for double in verdict.doubles],
        "violations": verdict.report.violations,
        "refusals": verdict.refusals,
        "requests": record.counts(),
        "p50": record.wait(0.5),
        "p99": record.wait(0.99),
        "seconds": max(record.seconds, default=0) + 1,
        "outages": record.outages,
        "settings": record.sale,
        "versions": record.versions,
        "command": record.command,
        "began": record.began,
    }


def _looked(look: Look) -> str:
    seats, counts = seat_counts(look.letters), look.counts
    failed = counts.get("failed", 0) + counts.get("unknown", 0)
    return (
        f"{max(0.0, look.at):.0f} s: {seats['sold']:,} sold, {seats['held']:,} held, {seats['free']:,} free;"
        f" {look.rate:,} requests/s, p50 {milliseconds(look.p50)}, p99 {milliseconds(look.p99)};"
        f" {counts.get('refused', 0):,} refused, {failed:,} failed"
    )


def _broken(broken: Broken) -> str:
    if broken.mended is None:
        return f"BROKEN at {broken.began:.1f} s: {broken.title}"
    return f"mended at {broken.mended:.1f} s: {broken.title}"


def _told(record: Record, report: Path | None) -> Iterator[str]:
    verdict, counts = record.verdict, record.counts()
    yield verdict.sentence
    refusals = verdict.refusals
    failed = counts["failed"] + counts["unknown"]
    yield from (
        f"  {line}"
        for line in columns(
            [
                (
                    "requests",
                    f"{counts.total():,} in {max(record.seconds, default=0) + 1} s,"
                    f" p50 {milliseconds(record.wait(0.5))}, p99 {milliseconds(record.wait(0.99))};"
                    f" {counts['confirmed']:,} bookings, {failed:,} without an answer",
                ),
                (
                    "refused",
                    f"{refusals.count:,}, of which {refusals.while_free:,} while free, for {refusals.longest:.1f} s at"
                    f" most ({REFUSED_WHILE_FREE:g} s are allowed)",
                ),
                *([("again", record.command)] if record.command else []),
                *([("report", str(report))] if report else []),
            ]
        )
    )
    if record.outages:
        yield ""
        rows = [("fault", "at", "for", "requests that failed", "longest without a hold or booking")]
        rows += [
            (
                outage.broken.title,
                f"{outage.broken.began:.1f} s",
                f"{(outage.broken.mended or outage.broken.began) - outage.broken.began:.1f} s",
                f"{outage.failed:,}",
                f"{outage.without:.1f} s",
            )
            for outage in record.outages
        ]
        yield from columns(rows)
    yield from _wrong(record)


def _wrong(record: Record) -> Iterator[str]:
    doubles, violations = record.verdict.doubles, record.verdict.report.violations
    for double in doubles[:_SHOWN]:
        yield ""
        buyers = " and ".join(f"{user} (hold {hold[:8]})" for hold, user in double.holds[:_SHOWN])
        buyers += f" and {len(double.holds) - _SHOWN} more" if len(double.holds) > _SHOWN else ""
        yield f"seat {double.seat_id}, {record.place(double.seat_id)}: bought by {buyers}"
        yield from (f"  {change}" for change in double.history)
    if len(doubles) > _SHOWN:
        yield f"and {len(doubles) - _SHOWN:,} more seats"
    if violations:
        yield ""
        yield from (f"{each.kind}: {each.message}" for each in violations[:_SHOWN])
    if len(violations) > _SHOWN:
        yield f"and {len(violations) - _SHOWN:,} more violations"


def _double_plain(record: Record, double: DoubleSale) -> dict[str, Any]:
    return {
        "seat_id": double.seat_id,
        "place": record.place(double.seat_id),
        "holds": [{"hold_id": hold, "user_id": user} for hold, user in double.holds],
        "history": double.history,
    }
