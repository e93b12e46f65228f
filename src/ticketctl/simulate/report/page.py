"""The report of a sale: one file that opens anywhere, asks nobody for anything, and is complete when printed. Pure."""

from __future__ import annotations

from importlib.resources import files

from ticketctl.simulate.record import Record
from ticketctl.simulate.report.film import film
from ticketctl.simulate.report.judged import verdict_part, wrong_part
from ticketctl.simulate.report.markup import Html, counted, element, joined
from ticketctl.simulate.report.parts import curves_part, faults_part, settings_part, totals_part
from ticketctl.simulate.report.seats import seats_part
from ticketctl.simulate.report.series import series

# Nothing but what the file itself holds: even if something from outside found its way into it.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:;"
    " base-uri 'none'; form-action 'none'"
)


def page(record: Record) -> str:
    """Return the report of a sale, as the text of one HTML file."""
    numbers = {seat_id: number for number, seat_id in enumerate(record.seat_ids)}

    def place_of(seat_id: int) -> str:
        return f"{record.place(seat_id)} (id {seat_id})" if seat_id in numbers else f"seat of id {seat_id}"

    verdict = record.verdict
    doubles = [numbers[double.seat_id] for double in verdict.doubles if double.seat_id in numbers]
    main = element(
        "main",
        verdict_part(verdict, _about(record)),
        wrong_part(verdict, place_of),
        seats_part(record, film(record.maps, len(record.places)), doubles),
        curves_part(series(record)),
        faults_part(record.outages),
        totals_part(record),
        settings_part(record),
    )
    body = element("body", main, element("script", _own("page.js")))
    return f"<!doctype html>\n{element('html', _head(record), body, lang='en')}\n"


def _head(record: Record) -> Html:
    state = "Right" if record.verdict.ok else "WRONG"
    return element(
        "head",
        element("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="description", content=record.verdict.sentence),
        element("title", f"{state}: flash sale of {counted(record.sale.seats, 'seat')}"),
        # an empty picture of its own: browsers ask a server for one that is not named
        element("link", rel="icon", href="data:,"),
        element("style", _own("page.css")),
    )


def _about(record: Record) -> Html:
    sale = record.sale
    buyers = counted(sale.buyers, "buyer")
    broken = f", with {counted(len(record.outages), 'fault')}" if record.outages else ""
    text = f"Flash sale of {counted(sale.seats, 'seat')} to {buyers}{broken}."
    return joined([text, " Opened ", element("time", _people(record.began), datetime=record.began), "."])


def _people(moment: str) -> str:
    return moment.replace("T", " ").replace("Z", " UTC")


def _own(name: str) -> Html:
    """Return a file that belongs to the page."""
    return Html("\n" + files(__package__).joinpath(name).read_text("utf-8"))
