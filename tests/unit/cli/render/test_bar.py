"""The bar beside a count on a terminal."""

from __future__ import annotations

import io
import time

import pytest

from ticketctl.cli.render.events import LiveDisplay, PlainLines
from ticketctl.events import Event, Progress, StepStarted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")


def shown(event: Event) -> str:
    """What a terminal shows of the item of an event."""
    stream = Terminal()
    renderer = LiveDisplay(stream)
    renderer(StepStarted("seed", "one event"))
    renderer(event)
    deadline = time.monotonic() + 5
    while "seats" not in stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.02)  # it draws eight times a second
    renderer.close()
    (line, *_) = [line for line in stream.getvalue().splitlines() if "seats" in line]
    return line.partition("\x1b")[0].rstrip()


@pytest.mark.parametrize(
    ("done", "bar"), [(0, "░" * 20), (499, "█" * 9 + "░" * 11), (500, "█" * 10 + "░" * 10), (1_000, "█" * 20)]
)
def test_a_count_of_many_has_a_bar(done: int, bar: str) -> None:
    event = Progress("seed", "seats", "inserting", "fast", done, 1_000)

    assert shown(event) == f"  seats  inserting  {bar} {done}/1000 fast"


@pytest.mark.parametrize("event", [Progress("up", "seats", "on", "", 3, 12), Progress("up", "seats", "on", "", 300)])
def test_a_small_count_and_one_without_an_end_have_none(event: Progress) -> None:
    assert "░" not in shown(event)
    assert str(event.done) in shown(event)


def test_a_log_has_no_bars() -> None:
    stream = io.StringIO()

    PlainLines(stream)(Progress("seed", "seats", "inserting", "fast", 500, 1_000))

    assert stream.getvalue().endswith(" seed: seats inserting 500/1000 fast\n")
