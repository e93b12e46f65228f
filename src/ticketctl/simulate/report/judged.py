"""The part of the report that says whether the sale was right, and what was not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ticketctl.simulate.report.markup import Html, counted, element, joined, table
from ticketctl.simulate.verdict import DoubleSale, Verdict

SHOWN = 50
"""Lines of one kind that are shown; the others are counted."""

_FOLDED = 6  # lines, from which on they are shown when asked for
_OPEN = 3  # seats whose stories are open at first

PlaceOf = Callable[[int], str]
"""Names a seat, by its id."""


def verdict_part(verdict: Verdict, about: str) -> Html:
    """Return the verdict: the first thing that is seen.

    Args:
        verdict: It.
        about: A line about the sale.
    """
    word, _, counts = verdict.sentence.partition(": ")
    mark = element("span", "\u2713" if verdict.ok else "\u2717", class_="mark", aria_hidden="true")
    return element(
        "header",
        element("p", about, class_="about"),
        element("h1", mark, " ", word),
        element("p", counts[:1].upper() + counts[1:], class_="counts"),
        class_="verdict right" if verdict.ok else "verdict wrong",
    )


def wrong_part(verdict: Verdict, place_of: PlaceOf) -> Html:
    """Return what is wrong, with the evidence; nothing if nothing is."""
    if verdict.ok:
        return Html()
    parts = [element("h2", "What is wrong"), element("ul", *(element("li", text) for text in verdict.wrong))]
    if verdict.doubles:
        parts.append(element("h3", "Seats that were sold more than once"))
        parts += [_double(double, place_of, number < _OPEN) for number, double in enumerate(verdict.doubles[:SHOWN])]
        parts += _more(len(verdict.doubles), "seat")
    if verdict.report.violations:
        parts.append(element("h3", "What the checker of the history found"))
        parts.append(_lines([f"{each.kind}: {each.message}" for each in verdict.report.violations], "violation"))
    return element("section", *parts, class_="wrong")


def _double(double: DoubleSale, place_of: PlaceOf, is_open: bool) -> Html:
    holds = table(
        "Holds that bought it",
        ("hold", "user"),
        ((element("code", hold), element("code", user)) for hold, user in double.holds[:SHOWN]),
    )
    return element(
        "details",
        element("summary", f"{place_of(double.seat_id)}: bought by {len(double.holds)} holds"),
        holds,
        *_more(len(double.holds), "hold"),
        element("h4", "What happened to it"),
        _lines(double.history, "change"),
        class_="seat",
        open=is_open,
    )


def _lines(lines: Sequence[str], what: str) -> Html:
    """Return lines in order, the later ones folded where there are many."""
    if not lines:
        return element("p", "Nothing is written of it.", class_="quiet")
    first = element("ol", *(element("li", line) for line in lines[:_FOLDED]), class_="lines")
    folded = lines[_FOLDED:SHOWN]
    if not folded:
        return first
    rest = element("ol", *(element("li", line) for line in folded), class_="lines", start=_FOLDED + 1)
    summary = element("summary", f"{len(folded):,} more")
    return joined([first, element("details", summary, rest, *_more(len(lines), what))])


def _more(count: int, what: str) -> Iterator[Html]:
    if count > SHOWN:
        yield element("p", f"And {counted(count - SHOWN, f'more {what}')}.", class_="quiet")
