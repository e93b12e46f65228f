"""The report in a real browser: it asks nobody, has all that it shows in sight, and everybody can read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from browser import Browser
from integration.eventually import eventually
from integration.simulate.report.opened import PHONE, WHOLE, move_to, show, text_of
from ticketctl.simulate.record import Record
from ticketctl.simulate.report.page import page
from unit.simulate.records import HOSTILE, record

pytestmark = pytest.mark.integration

RIGHT = record(500)
WRONG = record(500, doubles=4)

CONTRASTS = """
const light = (colour) => {
  const [r, g, b] = colour.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parts = (text) => text.match(/[\\d.]+/g).map(Number);
const behind = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const colour = parts(getComputedStyle(each).backgroundColor);
    if (colour.length < 4 || colour[3] === 1) return colour.slice(0, 3);
  }
  return [255, 255, 255];
};
const found = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || !element.getClientRects().length || element.closest("script, style, noscript")) continue;
  const style = getComputedStyle(element);
  const [one, other] = [parts(element.closest("svg") ? style.fill : style.color).slice(0, 3), behind(element)]
    .map(light);
  const [low, high] = one < other ? [one, other] : [other, one];
  const name = element.localName + "." + element.getAttribute("class");
  found.push([(high + 0.05) / (low + 0.05), name, element.textContent]);
}
return found;
"""
OUTSIDE = """
const found = [];
for (const element of document.querySelectorAll("body *")) {
  const box = element.getBoundingClientRect();
  if (box.width && !element.closest(".sideways table") && box.right > innerWidth + 0.5) found.push(element.outerHTML);
}
return found;
"""
PLOTS = """
return [...document.querySelectorAll(".plot")].filter((plot) => plot.getClientRects().length).map((plot) => {
  const box = (element) => { const { left, top, right, bottom } = element.getBoundingClientRect();
    return [left, top, right, bottom]; };
  return { plot: box(plot), curves: [...plot.querySelectorAll("polyline")].map(box),
    bands: [...plot.querySelectorAll(".fault")].map(box), words: [...plot.querySelectorAll("text")].map(box) };
});
"""


@pytest.mark.parametrize("size", [WHOLE, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("of", [RIGHT, WRONG, record(300, doubles=60, text=HOSTILE)], ids=["right", "wrong", "hostile"])
def test_it_says_nothing_asks_nobody_and_is_not_wider_than_the_window(
    seen: Browser, tmp_path: Path, of: Record, scheme: str, size: tuple[int, int]
) -> None:
    seen.resize(*size)
    seen.media(prefers_color_scheme=scheme)
    show(seen, of, tmp_path)
    move_to(seen, 5)
    assert seen.messages() == []
    assert seen.outside() == []
    assert seen.driver.title.startswith(("Right: flash sale", "WRONG: flash sale"))
    assert seen.js("return [innerWidth, document.documentElement.scrollWidth]") == [size[0], size[0]]
    assert seen.js(OUTSIDE) == []


def test_its_policy_forbids_what_somebody_brought_into_it(seen: Browser, tmp_path: Path) -> None:
    """The control of the test above, and of the policy: what is wanted from outside is seen, and is not fetched."""
    image = '<img src="https://example.org/a.png">'
    file = tmp_path / "plain.html"
    file.write_text(f"<!doctype html><title>plain</title>{image}", encoding="utf-8")
    seen.open(file)
    assert eventually(seen.outside, bool) == ["https://example.org/a.png"]
    assert eventually(lambda: seen.messages("SEVERE"), bool)

    file.write_text(page(RIGHT).replace("<main>", f"<main>{image}"), encoding="utf-8")
    seen.open(file)
    assert any("Content Security Policy" in each for each in eventually(lambda: seen.messages("SEVERE"), bool))


@pytest.mark.parametrize("of", [RIGHT, record(60_000, duration=20.0, looks=20)], ids=["small", "huge"])
@pytest.mark.parametrize(("size", "width"), [(WHOLE, 600), (PHONE, 300)])
def test_plots_are_there_with_their_curves_bands_and_words_inside(
    seen: Browser, tmp_path: Path, of: Record, size: tuple[int, int], width: int
) -> None:
    seen.resize(*size)
    show(seen, of, tmp_path)
    plots: list[dict[str, Any]] = seen.js(PLOTS)
    assert [len(each["words"]) > 10 for each in plots] == [True] * 3
    for each in plots:
        left, top, right, bottom = each["plot"]
        assert right - left >= width
        assert bottom - top >= 150
        assert len(each["bands"]) == len(of.outages)
        assert each["curves"]
        for of_part in (*each["curves"], *each["bands"], *each["words"]):
            assert of_part[0] >= left - 1
            assert of_part[1] >= top - 1
            assert of_part[2] <= right + 1
            assert of_part[3] <= bottom + 1
        assert all(after[2] > after[0] for after in each["curves"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_stand_out_from_what_is_behind_them(seen: Browser, tmp_path: Path, scheme: str) -> None:
    seen.media(prefers_color_scheme=scheme)
    show(seen, WRONG, tmp_path)
    move_to(seen, next(place for place, each in enumerate(WRONG.maps) if each.at > WRONG.outages[3].broken.began))
    assert text_of(seen, "broken"), "the words for faults are looked at as well"
    contrasts = seen.js(CONTRASTS)
    assert len(contrasts) > 150
    assert [each for each in contrasts if each[0] < 4.5] == []
    back = [int(part) for part in re.findall(r"\d+", seen.js("return getComputedStyle(document.body).backgroundColor"))]
    assert (sum(back[:3]) < 200) == (scheme == "dark")


def test_curves_stand_out_too_and_are_told_apart_without_colours(seen: Browser, tmp_path: Path) -> None:
    show(seen, RIGHT, tmp_path)
    for plot in seen.js(
        "return [...document.querySelectorAll('.plot.wide')].map((plot) => [...plot.querySelectorAll('.curve')]"
        ".map((curve) => getComputedStyle(curve)).map((style) => style.strokeDasharray + ' ' + style.strokeWidth))"
    ):
        assert len(set(plot)) == len(plot) >= 2


def test_on_paper_it_is_light_and_has_nothing_to_press(seen: Browser, tmp_path: Path) -> None:
    seen.media(prefers_color_scheme="dark")
    show(seen, RIGHT, tmp_path)
    seen.media("print")
    try:
        assert seen.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not seen.driver.find_element(By.ID, "play").is_displayed()
        assert not seen.driver.find_element(By.ID, "time").is_displayed()
        assert seen.driver.find_element(By.ID, "map").is_displayed()
        assert [each for each in seen.js(CONTRASTS) if each[0] < 4.5] == []
    finally:
        seen.media()
