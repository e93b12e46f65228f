"""Whatever is not markup is escaped, wherever it is put."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from ticketctl.simulate.report.markup import Html, element, embedded, facts, joined, seconds, table
from unit.simulate.records import HOSTILE

ATTACK = f'{HOSTILE}"><b onclick=1>'


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("made", "names"),
    [
        (element("p", ATTACK), ["p"]),
        (element("p", joined([ATTACK])), ["p"]),
        (facts([("name", ATTACK)]), ["dl", "div", "dt", "dd"]),
        (table("table", ["head"], [[ATTACK]]), ["div", "table", "caption", "thead", "tr", "th", "tbody", "tr", "th"]),
        (element("p", element("b", ATTACK)), ["p", "b"]),
    ],
)
def test_text_stays_text(made: Html, names: list[str]) -> None:
    read = Reader(made)
    assert read.names == names
    assert ATTACK in read.text


def test_attributes_stay_attributes() -> None:
    read = Reader(element("p", title=ATTACK, aria_label="a", for_="b", hidden=True, open=False, start=None, tabindex=0))
    assert read.attributes == {"title": ATTACK, "aria-label": "a", "for": "b", "hidden": None, "tabindex": "0"}


def test_markup_is_not_escaped_twice() -> None:
    assert element("p", element("b", "1 < 2"), " & 3") == "<p><b>1 &lt; 2</b> &amp; 3</p>"


def test_data_for_scripts_cannot_end_its_element() -> None:
    value = {"name": ATTACK, "comment": "<!-- <script>", "line": "\u2028"}
    made = embedded("data", value)
    inner = made.removeprefix('<script type="application/json" id="data">').removesuffix("</script>")
    assert not set("<>&") & set(inner)
    assert json.loads(inner) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 ms"), (0.012, "12 ms"), (0.0994, "99 ms"), (0.0996, "0.1 s"), (12.34, "12.3 s"), (1234.5, "1,234 s")],
)
def test_seconds_are_told_as_people_do(value: float, text: str) -> None:
    assert seconds(value) == text
