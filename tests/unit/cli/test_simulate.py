"""What a simulated sale looks like while it goes on, and what is told at its end."""

from __future__ import annotations

import io
import json
from collections import Counter

import pytest
from rich.console import Console
from rich.text import Text

from ticketctl.cli.render.simulate import line, milliseconds, news_plain, seat_counts
from ticketctl.cli.render.simulate_live import Lines, View, append_map
from ticketctl.cli.simulate import command_of
from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.looks import Began, Look, Mended, Opening
from ticketctl.simulate.report.house import SeatPlace, laid_out
from ticketctl.simulate.sale import Sale
from ticketctl.simulate.schedule import KINDS

BROKEN = Broken("redis-paused", "Redis stands still", 3.0)
MENDED = Broken("redis-paused", "Redis stands still", 3.0, 7.25)
COUNTS = Counter({"held": 20, "confirmed": 7, "refused": 1_500, "failed": 2, "unknown": 1})
LOOK = Look(12.4, COUNTS, 310, 0.0123, 1.27, "AARBBX", (BROKEN,))  # type: ignore[arg-type]  # words of a sale
PLACES = tuple(("Floor", row, position) for row in "AB" for position in (1, 2, 3))


def test_a_look_is_a_line() -> None:
    assert line(LOOK) == ("12 s: 2 sold, 1 held, 2 free; 310 requests/s, p50 12 ms, p99 1.3 s; 1,500 refused, 3 failed")


@pytest.mark.parametrize(
    ("news", "told"),
    [
        (BROKEN, "BROKEN at 3.0 s: Redis stands still"),
        (MENDED, "mended at 7.2 s: Redis stands still"),
        (Began("judging", "read the history, and judge"), "read the history, and judge"),
        (Mended("mysql stood still"), "mended what a sale that was killed had left: mysql stood still"),
        (Opening(PLACES), ""),
    ],
)
def test_what_happens_is_a_line(news: Broken | Began | Mended | Opening, told: str) -> None:
    assert line(news) == told


def test_lines_have_the_time_and_looks_come_every_few_seconds() -> None:
    stream = io.StringIO()
    show = Lines(stream)
    for second in range(12):
        show(Look(float(second), {}, 0, None, None, "A", ()))
    show(BROKEN)
    show(Opening(PLACES))
    said = [text.split(" ", 2)[2] for text in stream.getvalue().splitlines()]
    assert [text.partition(":")[0] for text in said] == ["0 s", "5 s", "10 s", "BROKEN at 3.0 s"]


@pytest.mark.parametrize("news", [LOOK, BROKEN, MENDED, Began("closing", "sell"), Mended("it"), Opening(PLACES)])
def test_what_happens_is_a_document(news: Look | Broken | Began | Mended | Opening) -> None:
    document = json.loads(json.dumps(news_plain(news)))
    assert document["event"] == type(news).__name__


def test_a_look_as_a_document_has_counts_and_no_map() -> None:
    document = news_plain(LOOK)
    assert document["seats"] == {"free": 2, "held": 1, "sold": 2, "not on sale": 1}
    assert (document["rate"], document["broken"]) == (310, ["redis-paused"])
    assert "AARBBX" not in json.dumps(document)


@pytest.mark.parametrize(("seconds", "told"), [(None, "none"), (0.0004, "0 ms"), (0.9994, "999 ms"), (12.34, "12.3 s")])
def test_times_are_told_in_the_unit_that_fits(seconds: float | None, told: str) -> None:
    assert milliseconds(seconds) == told


def test_seats_are_counted_by_words() -> None:
    assert seat_counts("AABX") == {"free": 2, "held": 0, "sold": 1, "not on sale": 1}


def drawn(letters: str, width: int, height: int) -> list[str]:
    text = Text()
    append_map(text, laid_out([SeatPlace(*place) for place in PLACES]), letters, width, height)
    return text.plain.splitlines()


def test_each_seat_has_its_place_on_the_map() -> None:
    assert drawn("AARBBX", 10, 10) == ["○○◐", "●●·"]


def test_where_there_is_no_room_one_mark_stands_for_several_seats() -> None:
    assert drawn("ABABBX", 2, 1) == ["●○"]
    assert max(map(len, drawn("AAABBX", 2, 10))) <= 2
    assert len(drawn("AAABBX", 10, 1)) == 1


def test_a_screen_shows_the_house_the_numbers_and_what_is_broken() -> None:
    view = View()
    for news in (Began("preparing", "make an event"), Opening(PLACES), BROKEN, LOOK):
        view.take(news)
    shown = view.screen(80, 40).plain
    for words in ("○○◐", "● 2 sold", "310 requests/s", "broken: Redis stands still, for 9 s", "BROKEN at 3.0 s"):
        assert words in shown
    view.take(MENDED)
    view.take(Look(13.0, COUNTS, 300, None, None, "BBBBBX", ()))  # type: ignore[arg-type]
    assert "broken:" not in view.screen(80, 40).plain


@pytest.mark.parametrize("height", [1, 5, 12, 24])
def test_a_small_screen_is_not_overrun(height: int) -> None:
    view = View()
    places = tuple(("Floor", f"{row}", position) for row in range(60) for position in range(1, 100))
    view.take(Opening(places))
    view.take(Look(1.0, {}, 0, None, None, "A" * len(places), ()))
    console = Console(file=io.StringIO(), width=60, height=height)
    shown = console.render_lines(view.screen(60, height))
    assert len(shown) <= max(height, 6)
    assert all(sum(segment.cell_length for segment in text) <= 60 for text in shown)


def test_before_the_doors_open_there_is_a_screen_as_well() -> None:
    view = View()
    view.take(Began("preparing", "make an event of 5 seats"))
    assert "make an event of 5 seats" in view.screen(80, 24).plain


@pytest.mark.parametrize(
    ("sale", "command"),
    [
        (Sale(), "--seats 500 --buyers 1000 --processes 4 --duration 30 --seed 1"),
        (
            Sale(5, 6, 7, 8.5, -2, ("redis-cut", "mysql-paused"), None, "http"),
            "--seats 5 --buyers 6 --processes 7 --duration 8.5 --seed -2 --faults redis-cut,mysql-paused --via http",
        ),
        (
            Sale(faults=tuple(KINDS)),
            "--seats 500 --buyers 1000 --processes 4 --duration 30 --seed 1 --faults all",
        ),
        (
            Sale(unsafe="redis-only"),
            "--seats 500 --buyers 1000 --processes 4 --duration 30 --seed 1 --unsafe redis-only",
        ),
    ],
)
def test_a_sale_has_a_command_that_holds_it_again(sale: Sale, command: str) -> None:
    assert command_of(sale) == f"ticketctl simulate flash-sale {command}"
