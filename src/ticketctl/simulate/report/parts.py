"""The parts of the report about the sale as a whole: curves, faults, totals, settings. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.simulate.diary import What
from ticketctl.simulate.outages import Outage
from ticketctl.simulate.record import Record
from ticketctl.simulate.report.markup import Html, drawing, element, facts, seconds, table
from ticketctl.simulate.report.plots import Axis, Curve, counting, plot, plotting, waiting
from ticketctl.simulate.report.series import Series
from ticketctl.simulate.sale import Sale

_ANSWERS: dict[What, str] = {
    "held": "seats were held",
    "confirmed": "seats were booked",
    "released": "seats were given back",
    "over": "to be given back, but the hold was over",
    "refused": "others had the seats",
    "limited": "the buyer had enough",
    "expired": "to be booked, but the hold was over",
    "conflict": "the hold was not what it was taken for",
    "failed": "nothing was changed, for the servers failed",
    "unknown": "no answer: nobody knew what had come of it",
}


def curves_part(curves: Series) -> Html:
    """Return the curves, with what was broken beneath them."""
    many = max((value or 0.0 for curve in curves.rates for value in curve.values), default=0.0)
    seats = max((value or 0.0 for curve in curves.stock for value in curve.values), default=0.0)
    each = "second" if curves.every == 1 else f"{curves.every} seconds"
    faults = [
        element("li", f"{band.title}, at {seconds(band.began)} for {seconds(band.ended - band.began)}")
        for band in curves.bands
    ]
    beneath = element("ol", *faults, class_="faults") if faults else element("p", "Nothing was broken.", class_="quiet")
    return element(
        "section",
        element("h2", "What buyers met"),
        _figure("Requests in a second, by what came of them", curves, curves.rates, plotting(many)),
        _figure(f"How long answers took: half, and 99 of 100, of each {each}", curves, curves.waits, waiting()),
        _figure("Seats by their state", curves, curves.stock, counting(seats)),
        element("h3", "The shaded times"),
        beneath,
    )


def faults_part(outages: Sequence[Outage]) -> Html:
    """Return what was broken, and what buyers noticed of it."""
    if not outages:
        return Html()
    rows = []
    for number, outage in enumerate(outages, 1):
        broken = outage.broken
        lasted = "to the end" if broken.mended is None else seconds(broken.mended - broken.began)
        what = (str(number), broken.title, seconds(broken.began), lasted)
        rows.append((*what, f"{outage.failed:,}", seconds(outage.without)))
    heads = ("#no.", "what was broken", "#when", "#how long", "#requests failed", "#longest without a sale")
    note = "Without a sale: the longest time around the fault in which no seat was held or booked, anywhere."
    return element(
        "section",
        element("h2", "Faults"),
        table("What was broken, and what buyers noticed of it", heads, rows),
        element("p", note, class_="quiet"),
    )


def totals_part(record: Record) -> Html:
    """Return what it comes to in numbers."""
    verdict = record.verdict
    counts = record.counts()
    heads = ("came of it", "#requests")
    rows = [(text, f"{counts[what]:,}") for what, text in _ANSWERS.items() if counts[what]]
    wrongly = "refused while seats were free"
    if verdict.refusals.while_free:
        wrongly += f", for {seconds(verdict.refusals.longest)} at most"
    numbers = (
        ("seats", f"{verdict.seats:,}"),
        ("sold", f"{verdict.sold:,}"),
        ("wanted", f"{verdict.demand:,}"),
        ("buyers with seats", f"{verdict.buyers:,}"),
        ("holds granted", f"{verdict.holds:,}"),
        ("changes checked", f"{verdict.report.changes:,}"),
        ("requests", f"{counts.total():,}"),
        ("refused", f"{verdict.refusals.count:,}"),
        (wrongly, f"{verdict.refusals.while_free:,}"),
    )
    return element(
        "section",
        element("h2", "In numbers"),
        facts(numbers, "numbers"),
        table("What came of the requests", heads, rows),
    )


def settings_part(record: Record) -> Html:
    """Return what the sale was asked to be, what took part, and how to do it again."""
    return element(
        "section",
        element("h2", "The same again"),
        element("pre", element("code", record.command), tabindex=0, role="region", aria_label="Command"),
        element("h3", "Settings"),
        facts(_settings(record.sale)),
        element("h3", "Versions"),
        facts(record.versions.items()),
    )


def _settings(sale: Sale) -> tuple[tuple[str, str], ...]:
    return (
        ("seats", f"{sale.seats:,}"),
        ("buyers", f"{sale.buyers:,}"),
        ("processes", f"{sale.processes:,}"),
        ("duration", f"{sale.duration:g} s"),
        ("a hold lives", f"{sale.ttl:g} s"),
        ("seed", str(sale.seed)),
        ("faults", ", ".join(sale.faults) or "none"),
        ("buyers reach the seats by", "the library" if sale.via == "library" else "the booking service"),
        ("seats are sold", f"wrongly on purpose: {sale.unsafe}" if sale.unsafe else "by the library"),
    )


def _figure(title: str, curves: Series, drawn: Sequence[Curve], axis: Axis) -> Html:
    keys = [
        element("li", drawing(f"key curve {curve.name}", "0 0 28 10", element("path", d="M1 5h26")), curve.name)
        for curve in drawn
    ]
    return element(
        "figure",
        element("figcaption", title, element("ul", *keys, class_="keys")),
        plot(title, drawn, axis, curves.bands, curves.lasted),
    )
