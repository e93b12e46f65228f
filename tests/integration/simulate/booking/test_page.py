"""The page on which people choose seats, in real browsers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from browser import Browser, browser
from integration.eventually import eventually
from integration.simulate.booking.box_office import SEATS, BoxOffice, World

pytestmark = pytest.mark.integration


class Visitor:
    """Somebody in front of the page."""

    def __init__(self, opened: Browser, office: BoxOffice) -> None:
        self.browser = opened
        opened.open(office.url)
        eventually(lambda: len(self.all("#house use[data-state=free]")), SEATS.__eq__)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.browser.driver.find_element(By.CSS_SELECTOR, selector)

    def seat(self, number: int) -> WebElement:
        return self.one(f"#house use[data-id='{number}']")

    def state(self, number: int) -> str | None:
        return self.seat(number).get_attribute("data-state")

    def says(self, words: str) -> None:
        """Wait for a message."""
        eventually(lambda: self.one("#message").text, lambda text: words in text)

    def click(self, selector: str) -> None:
        eventually(lambda: self.one(selector).is_enabled() and self.one(selector).is_displayed(), bool)
        self.one(selector).click()

    def js(self, script: str) -> Any:
        return self.browser.js(script)

    def was_good(self) -> None:
        """Nothing went wrong in the page, and it asked nobody else."""
        assert self.browser.outside() == []


@pytest.fixture(scope="module")
def _browsers() -> Iterator[tuple[Browser, Browser]]:
    with browser() as one, browser(390, 800, dark=True) as other:
        yield one, other


@pytest.fixture
def visitors(_browsers: tuple[Browser, Browser], office: BoxOffice) -> tuple[Visitor, Visitor]:
    """Two people: one at a desk, the other with a phone in the dark."""
    return Visitor(_browsers[0], office), Visitor(_browsers[1], office)


def test_of_two_who_want_one_seat_one_has_it_and_the_other_is_told_at_once(
    world: World, visitors: tuple[Visitor, Visitor]
) -> None:
    anna, bert = visitors
    for visitor in visitors:
        visitor.seat(3).click()
        assert visitor.state(3) == "chosen"
    # At the same moment, and not when the map is looked at next.
    for visitor in visitors:
        visitor.js("document.getElementById('hold').click()")
    eventually(lambda: {each.one("#message").text[:20] for each in visitors}, lambda seen: "" not in seen)
    winner, loser = (anna, bert) if "held for you" in anna.one("#message").text else (bert, anna)
    loser.says("Stalls, row A, seat 3")
    assert "lost" in str(loser.one("#message").get_attribute("class"))
    eventually(lambda: (winner.state(3), loser.state(3)), ("chosen", "held").__eq__)
    assert loser.one("#none").is_displayed()

    winner.click("#pay")
    winner.says("Paid and booked")
    ((_, _, status),) = world.bookings()
    assert status == "CONFIRMED"
    (reference,) = world.ask("bookings", "SELECT booking_reference FROM bookings")[0]
    assert winner.one("#reference").text == reference
    eventually(lambda: loser.state(3), "sold".__eq__)
    for visitor in visitors:
        # The browser itself writes down that the loser was answered 409, which is no fault of the page.
        assert [line for line in visitor.browser.messages("SEVERE") if "409" not in line] == []
        visitor.was_good()


BLIND = """
const real = window.fetch;
const never = () => new Promise(() => { window.isBlind = true; });
window.fetch = (path, ...rest) => (path.endsWith("/map") ? never() : real(path, ...rest));
"""


def test_who_is_refused_is_told_by_the_refusal_which_seat_it_is(
    office: BoxOffice, visitors: tuple[Visitor, Visitor]
) -> None:
    """Their map is never refreshed again, so nothing else can have told them."""
    bert = visitors[1]
    bert.js(BLIND)
    eventually(lambda: bert.js("return window.isBlind"), bool)
    office.held("carl", [4])
    for number in (4, 5):
        bert.seat(number).click()
    bert.click("#hold")
    bert.says("Somebody else was faster: Stalls, row A, seat 4.")
    assert len(bert.all("#flashes rect")) == 1
    assert [item.text for item in bert.all("#chosen-seats li span")] == ["Stalls, row A, seat 5"]


def test_who_has_chosen_a_seat_is_told_when_somebody_else_takes_it(
    office: BoxOffice, visitors: tuple[Visitor, Visitor]
) -> None:
    anna = visitors[0]
    anna.seat(5).click()
    office.held("carl", [5])
    anna.says("Somebody else has just taken Stalls, row A, seat 5")
    eventually(lambda: len(anna.all("#flashes rect")), (1).__eq__)
    assert anna.state(5) == "held"
    anna.seat(5).click()
    anna.says("is not to be had")
    assert not anna.one("#hold").is_enabled()


def test_seats_are_chosen_held_and_given_back_with_the_keyboard_alone(
    world: World, visitors: tuple[Visitor, Visitor]
) -> None:
    anna = visitors[0]
    anna.browser.driver.execute_script("document.querySelector('#house use[tabindex=\"0\"]').focus()")

    def press(*keys: str) -> None:
        for key in keys:
            anna.browser.driver.switch_to.active_element.send_keys(key)

    press(Keys.ARROW_RIGHT, Keys.ENTER, Keys.ARROW_DOWN, Keys.SPACE)
    assert [anna.state(number) for number in (1, 2, 8)] == ["free", "chosen", "chosen"]
    focused = anna.browser.driver.switch_to.active_element
    assert focused.get_attribute("aria-label") == "Stalls, row B, seat 8, 25.00, chosen"
    assert focused.get_attribute("aria-checked") == "true"
    anna.one("#hold").send_keys(Keys.ENTER)
    anna.says("held for you")
    assert world.seat(2)[0] == world.seat(8)[0] == "RESERVED"
    anna.click("#back")
    eventually(lambda: world.seat(2)[0], "AVAILABLE".__eq__)


def test_a_hold_outlives_the_page_and_a_card_that_is_declined(
    world: World, office: BoxOffice, visitors: tuple[Visitor, Visitor]
) -> None:
    bert = visitors[1]
    bert.click("#best")
    bert.says("held for you")
    bert.browser.open(office.url)
    eventually(lambda: bert.one("#clock").is_displayed(), bool)
    assert bert.one("#left").text.startswith(("9:", "10:"))
    bert.js("document.getElementById('card').value = 'declined'")
    bert.click("#pay")
    bert.says("the card was declined")
    bert.js("document.getElementById('card').value = 'good'")
    bert.click("#pay")
    bert.says("Paid and booked")
    assert [status for _, _, status in world.bookings()] == ["CONFIRMED"]
    bert.click("#again")


def test_a_hold_that_runs_out_is_told(office: BoxOffice, visitors: tuple[Visitor, Visitor]) -> None:
    anna = visitors[0]
    anna.js("sessionStorage.setItem('ticketctl-example-hold', 'short')")
    office.held("anna", [1], seconds=2, key="short")
    anna.browser.open(office.url)
    anna.says("Your time is over")
    assert anna.one("#choosing").is_displayed()


def test_nothing_is_wider_than_a_phone(world: World, office: BoxOffice, visitors: tuple[Visitor, Visitor]) -> None:
    bert = visitors[1]
    world.ask(
        "events",
        "INSERT INTO events (event_name, event_date, total_seats, available_seats, status)"
        " VALUES (%s, '2031-01-01', 1, 1, 'ON_SALE')",
        "The Long Way Home and the Copper Street Band: The Farewell Concert",
    )
    eventually(lambda: len(office.get("/events").json()["events"]), (2).__eq__)
    bert.browser.open(office.url)
    eventually(lambda: bert.one("#other").is_displayed() and bert.state(1), bool)
    assert bert.js("return document.documentElement.scrollWidth") <= 390
    size = bert.seat(1).size
    assert min(size["width"], size["height"]) >= 24
    hold = bert.one("#hold").rect
    assert hold["y"] + hold["height"] <= 800


def test_the_page_may_load_nothing_from_elsewhere(office: BoxOffice) -> None:
    policy = office.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    for path in ("/page/style.css", "/page/sale.js", "/page/house.js", "/page/icon.svg"):
        assert office.get(path).status_code == 200
