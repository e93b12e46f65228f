"""The map of the seats in a real browser: it shows them as they stood, and moves as it is told to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Browser
from integration.eventually import eventually
from integration.simulate.report.opened import counted, drawn, looked_at, move_to, show, text_of
from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.record import Record, Seen
from ticketctl.simulate.report.house import SeatPlace, laid_out
from unit.simulate.records import record

pytestmark = pytest.mark.integration

RIGHT = record(500)
LARGE = record(5_000, duration=120.0)

PIXEL = """
const [column, row, columns, down] = arguments;
const canvas = document.getElementById("map");
const cell = canvas.width / columns;
const [x, y] = [(column + 0.5 - (down - 0.5)) * cell, (row + down) * cell];
return [...canvas.getContext("2d").getImageData(Math.floor(x), Math.floor(y), 1, 1).data];
"""


@pytest.mark.parametrize("of", [RIGHT, LARGE], ids=["small", "large"])
def test_the_slider_shows_the_seats_as_they_stood(seen: Browser, tmp_path: Path, of: Record) -> None:
    show(seen, of, tmp_path)
    pictures = set()
    last = len(of.maps) - 1
    for look in (last, 0, 7, last // 2, 3, last - 1):
        move_to(seen, look)
        stood = Counter(of.maps[look].letters)
        assert counted(seen) == {letter: stood[letter] for letter in "ARBX"}
        assert text_of(seen, "moment") == f"{round(of.maps[look].at, 2):.1f} s"
        pictures.add(drawn(seen))
    assert len(pictures) == 6


def test_each_seat_is_drawn_where_it_is_and_as_the_legend_says(seen: Browser, tmp_path: Path) -> None:
    of = replace(record(40, faults=()), maps=(Seen(0.0, "ARBX" * 10), Seen(1.0, "XBRA" * 10)))
    plan = laid_out([SeatPlace(*place) for place in of.places])
    names = {"A": "free", "R": "held", "B": "booked", "X": "off"}
    show(seen, of, tmp_path)
    colours = seen.js(
        "const style = getComputedStyle(document.documentElement);"
        "return Object.fromEntries(arguments[0].map((name) => [name, style.getPropertyValue('--seat-' + name)]))",
        list(names.values()),
    )
    for look in (0, 1):
        move_to(seen, look)
        for letter, (column, row) in zip(of.maps[look].letters, plan.places, strict=True):
            middle = seen.js(PIXEL, column, row, plan.columns, 0.5)
            low = seen.js(PIXEL, column, row, plan.columns, 0.72)
            own = [int(colours[names[letter]].strip()[place : place + 2], 16) for place in (1, 3, 5)]
            assert (middle[3] > 0) == (letter != "A"), "only a free seat is empty in its middle"
            assert (low[3] > 0) == (letter in "RB"), "what is not on sale is a dot"
            if letter in "BX":
                assert middle[:3] == own


def test_the_faults_of_the_moment_are_named_also_those_that_were_over_before_the_next_look(
    seen: Browser, tmp_path: Path
) -> None:
    show(seen, LARGE, tmp_path)
    named: set[str] = set()
    for look in range(0, len(LARGE.maps), 3):
        move_to(seen, look)
        before, now = (round(LARGE.maps[max(0, place)].at, 2) for place in (look - 1, look))
        expected = "; ".join(
            f"{number}. {each.broken.title}"
            for number, each in enumerate(LARGE.outages, 1)
            if round(each.broken.began, 2) <= now and before < round(each.broken.mended or 0.0, 2)
        )
        assert text_of(seen, "broken") == expected
        assert expected in seen.js("return document.getElementById('time').getAttribute('aria-valuetext')")
        named.add(expected)
    assert len(named) > 5, "that there were none is no test"

    short = replace(LARGE.outages[0], broken=Broken("redis-restarted", "Redis restarts", 1.01, 1.02))
    show(seen, replace(LARGE, outages=(short,)), tmp_path)
    move_to(seen, next(place for place, each in enumerate(LARGE.maps) if each.at > 1.02))
    assert text_of(seen, "broken") == "1. Redis restarts"


def test_the_keyboard_moves_the_slider(seen: Browser, tmp_path: Path) -> None:
    show(seen, RIGHT, tmp_path)
    slider = seen.driver.find_element(By.ID, "time")
    last = len(RIGHT.maps) - 1
    assert looked_at(seen) == last
    slider.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert text_of(seen, "moment") == f"{round(RIGHT.maps[last - 2].at, 2):.1f} s"
    slider.send_keys(Keys.HOME)
    assert text_of(seen, "moment") == "0.0 s"
    assert slider.accessible_name == "Time"


def test_playing_goes_through_all_and_stops_at_the_end(seen: Browser, tmp_path: Path) -> None:
    of = record(200, duration=20.0, looks=12)
    show(seen, of, tmp_path)
    button = seen.driver.find_element(By.ID, "play")
    seen.js(
        "const moment = document.getElementById('moment'); window.shown = [];"
        "new MutationObserver(() => window.shown.push(moment.textContent)).observe(moment, { childList: true })"
    )
    button.click()
    assert button.text == "Pause"
    eventually(lambda: button.text, lambda text: text == "Play")
    assert looked_at(seen) == 11
    assert seen.js("return window.shown") == [f"{round(each.at, 2):.1f} s" for each in of.maps]
    assert text_of(seen, "moment") == "20.0 s"


def test_a_second_click_pauses_and_the_slider_too(seen: Browser, tmp_path: Path) -> None:
    show(seen, LARGE, tmp_path)
    button = seen.driver.find_element(By.ID, "play")
    for pause in (button.click, lambda: move_to(seen, 50)):
        move_to(seen, 0)
        button.click()
        eventually(lambda: looked_at(seen), lambda look: look > 0)
        pause()
        assert button.text == "Play"
        stopped = looked_at(seen)
        # two pictures later, if it were playing
        seen.driver.execute_async_script("setTimeout(arguments[0], 300)")
        assert looked_at(seen) == stopped


def test_who_wants_little_motion_sees_a_few_pictures(seen: Browser, tmp_path: Path) -> None:
    seen.media(prefers_reduced_motion="reduce")
    show(seen, record(100, duration=20.0, looks=61), tmp_path)
    button = seen.driver.find_element(By.ID, "play")
    button.click()
    first = eventually(lambda: looked_at(seen), bool)
    second = eventually(lambda: looked_at(seen), lambda look: look != first)
    button.click()
    assert (first, second) == (4, 8)


def test_a_seat_that_is_pointed_at_tells_its_place(seen: Browser, tmp_path: Path) -> None:
    of = replace(record(40, faults=()), maps=(Seen(0.0, "R" * 40),))
    show(seen, of, tmp_path)
    plan = laid_out([SeatPlace(*place) for place in of.places])
    canvas = seen.driver.find_element(By.ID, "map")
    width, height = canvas.size["width"], canvas.size["height"]
    for number in (0, 17, 39):
        column, row = plan.places[number]
        x = round((column + 0.5) / plan.columns * width - width / 2)
        y = round((row + 0.5) / plan.rows * height - height / 2)
        ActionChains(seen.driver).move_to_element_with_offset(canvas, x, y).perform()
        section, name, position = of.places[number]
        assert text_of(seen, "pointed") == f"{section}, row {name}, seat {position}: held"
