"""The report is one file, says the verdict first, and lets nothing of its data become markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from ticketctl.simulate.record import Record, Seen
from ticketctl.simulate.report.page import page
from unit.simulate.records import FIRST_ID, HOSTILE, record


class Read(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # nothing is in a script or a style
        self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += f"{data}\n"


def test_the_verdict_comes_first_with_its_word_and_its_counts() -> None:
    right, wrong = Read(page(record())).text, Read(page(record(doubles=2))).text
    assert re.search(r"Right\n500 of 500 seats sold to 250 buyers, none twice", right)
    assert re.search(r"WRONG\n500 of 500 seats sold to 250 buyers; 2 seats sold twice", wrong)
    assert right.index("none twice") < right.index("The seats, over time")
    assert "What is wrong" not in right


def test_what_is_wrong_is_told_with_seats_holds_users_and_history() -> None:
    of = record(doubles=1)
    (double,) = of.verdict.doubles
    section, row, position = of.places[double.seat_id - FIRST_ID]
    text = Read(page(of)).text
    assert f"{section}, row {row}, seat {position} (id {double.seat_id}): bought by 2 holds" in text
    for hold, user in double.holds:
        assert f"{hold}\n{user}\n" in text
    for line in (*double.history, *of.verdict.wrong, of.verdict.report.violations[0].message):
        assert line in text


def test_much_that_is_wrong_is_counted_instead_of_shown() -> None:
    of = record(doubles=120)
    long = replace(of.verdict.doubles[0], history=tuple(f"line {number}" for number in range(1, 401)))
    verdict = replace(of.verdict, doubles=(long, *of.verdict.doubles[1:]))
    text = Read(page(replace(of, verdict=verdict))).text
    assert text.count("bought by 2 holds") == 50
    assert "And 70 more seats." in text
    assert "And 70 more violations." in text
    assert "line 50\n" in text
    assert "line 51\n" not in text
    assert "And 350 more changes." in text


def test_a_seat_that_was_not_of_the_sale_is_named_by_its_id() -> None:
    of = record(doubles=1)
    (double,) = of.verdict.doubles
    verdict = replace(of.verdict, doubles=(replace(double, seat_id=9),))
    assert "seat of id 9: bought by 2 holds" in Read(page(replace(of, verdict=verdict))).text


def test_data_stays_text_wherever_it_is_shown() -> None:
    plain, hostile = Read(page(record(doubles=2))), Read(page(record(doubles=2, text=HOSTILE)))
    assert [name for name, _ in hostile.elements] == [name for name, _ in plain.elements]
    assert not any(key.startswith("on") for _, attributes in hostile.elements for key in attributes)
    assert hostile.text.count(HOSTILE) > 20


@pytest.mark.parametrize("doubles", [0, 3])
def test_the_page_names_no_address_and_forbids_all(doubles: int) -> None:
    html = page(record(doubles=doubles))
    read = Read(html)
    assert re.findall(r"(?:https?:)?//[a-z0-9]", html.replace('"//', "").replace("// ", "")) == []
    assert not re.search(r"\burl\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", html)
    linked = [value for _, each in read.elements for key, value in each.items() if key in ("src", "href")]
    assert linked == ["data:,"]
    (policy,) = [each["content"] for name, each in read.elements if name == "meta" and "http-equiv" in each]
    assert policy is not None
    assert policy.startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:;"
    )


def test_headings_go_down_one_step_at_a_time() -> None:
    levels = [int(name[1]) for name, _ in Read(page(record(doubles=5))).elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    "of",
    [
        record(1, duration=5.0, faults=()),
        replace(record(3), maps=()),
        replace(record(3), maps=(Seen(1.0, ""),)),
        replace(record(3), seconds={}, outages=(), versions={}),
        replace(record(3), maps=(), places=(), seat_ids=()),
    ],
)
def test_a_sale_of_which_little_is_known_has_a_report_too(of: Record) -> None:
    text = Read(page(of)).text
    assert "The same again" in text
    assert of.command in text


def test_every_fault_and_every_setting_is_told() -> None:
    of = record()
    text = Read(page(of)).text
    for outage in of.outages:
        assert f"{outage.broken.title}\n{outage.broken.began:.1f} s\n" in text
        assert f"\n{outage.failed:,}\n" in text
    for said in (*of.versions.items(), ("seed", "1"), ("duration", "30 s"), ("buyers", "2,000")):
        assert "{}\n{}\n".format(*said) in text


def test_the_report_of_a_large_sale_is_small() -> None:
    assert len(page(record(5_000, duration=120.0))) < 700_000


@pytest.mark.parametrize("seats", [5_000, 100_000])
def test_a_sale_in_which_everything_changes_all_the_time_has_no_monster_of_a_report(seats: int) -> None:
    of = record(seats, duration=120.0, faults=(), looks=1)
    here, there = "ARBX" * (seats // 4), "XBRA" * (seats // 4)
    looks = tuple(Seen(number / 2, there if number % 2 else here) for number in range(240))
    assert len(page(replace(of, maps=looks))) < 1_500_000
