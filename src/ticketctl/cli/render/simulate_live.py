"""A sale as it goes on: on a terminal as a screen with the house, elsewhere as lines, on request as JSON lines."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from ticketctl.cli.invocation import Invocation
from ticketctl.cli.render.events import LiveDisplay, renderer_for
from ticketctl.cli.render.simulate import line, milliseconds, news_plain, seat_counts
from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.looks import Look, News, Opening
from ticketctl.simulate.report.house import House, SeatPlace, laid_out

if TYPE_CHECKING:
    from rich.text import Text

_LINE_EVERY = 5.0  # seconds
_RECENT = 6  # things that happened which stand below the numbers
_BAR = 30  # characters
_MARKS = {"X": ("·", "bright_black"), "A": ("○", "green"), "R": ("◐", "yellow"), "B": ("●", "red")}
"""What a seat looks like; of several in one place, the most frequent is shown."""


@contextmanager
def audience(run: Invocation) -> Iterator[Callable[[News], None]]:
    """Give what shows a sale on standard error, in the way that fits there.

    Args:
        run: The invocation.
    """
    run.close()
    if run.json:
        yield _in_turn(lambda news: _write_json(sys.stderr, news))
        return
    renderer = renderer_for(sys.stderr, json=False, plain=run.plain, environ=run.environ)
    renderer.close()
    if not isinstance(renderer, LiveDisplay):
        yield _in_turn(Lines(sys.stderr))
        return
    from rich.console import Console
    from rich.live import Live

    console, view = Console(file=sys.stderr, highlight=False), View()
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(news: News) -> None:
            view.take(news)
            live.update(view.screen(console.width, console.height), refresh=True)

        yield _in_turn(show)


def _in_turn(show: Callable[[News], None]) -> Callable[[News], None]:
    turn = threading.Lock()

    def one(news: News) -> None:
        with turn:
            show(news)

    return one


def _write_json(stream: TextIO, news: News) -> None:
    stream.write(json.dumps({"at": round(time.time(), 3), **news_plain(news)}) + "\n")
    stream.flush()


class Lines:
    """Lines with the time, for logs; how the sale stands every few seconds.

    Args:
        stream: Where they go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next_look = 0.0

    def __call__(self, news: News) -> None:
        """Write a line, if there is something to say."""
        if isinstance(news, Look):
            if news.at < self._next_look:
                return
            self._next_look = news.at + _LINE_EVERY
        if text := line(news):
            self._stream.write(f"{time.strftime('%H:%M:%S')} simulate: {text}\n")
            self._stream.flush()


class View:
    """What a terminal shows."""

    def __init__(self) -> None:
        self._house: House | None = None
        self._look: Look | None = None
        self._recent: deque[tuple[str, str]] = deque(maxlen=_RECENT)

    def take(self, news: News) -> None:
        """Take in what happened."""
        if isinstance(news, Look):
            self._look = news
        elif isinstance(news, Opening):
            self._house = laid_out([SeatPlace(*place) for place in news.places])
        else:
            style = "" if not isinstance(news, Broken) else "red" if news.mended is None else "green"
            self._recent.append((line(news), style))

    def screen(self, width: int, height: int) -> Text:
        """Return the screen.

        Args:
            width: Characters of a line.
            height: Lines.
        """
        from rich.text import Text

        text = Text(no_wrap=True, overflow="ellipsis")
        if self._look is not None and self._house is not None:
            room = height - _RECENT - 8
            if room >= 3:
                append_map(text, self._house, self._look.letters, width, room)
            self._append_numbers(text, self._look)
        text.append("\n")
        for words, style in self._recent:
            text.append(f"{words}\n", style=style)
        text.append("Ctrl-C ends the sale, and removes it", style="dim")
        return text

    def _append_numbers(self, text: Text, look: Look) -> None:
        seats, counts, total = seat_counts(look.letters), look.counts, max(1, len(look.letters))
        for letter, words in (("B", "sold"), ("R", "held"), ("A", "free"), ("X", "not on sale")):
            mark, style = _MARKS[letter]
            text.append(f"{mark} {seats[words]:,} {words}   ", style=style)
        full = _BAR * seats["sold"] // total
        text.append(f"\n{'█' * full}{'░' * (_BAR - full)}   {max(0.0, look.at):.0f} s\n")
        failed = counts.get("failed", 0) + counts.get("unknown", 0)
        text.append(
            f"{look.rate:,} requests/s   p50 {milliseconds(look.p50)}   p99 {milliseconds(look.p99)}   "
            f"{counts.get('held', 0):,} held   {counts.get('confirmed', 0):,} booked   "
            f"{counts.get('refused', 0):,} refused   {failed:,} failed\n"
        )
        for broken in look.broken:
            text.append(f"broken: {broken.title}, for {look.at - broken.began:.0f} s\n", style="bold red")


def append_map(text: Text, house: House, letters: str, width: int, height: int) -> None:
    """Draw a house, several seats in one place where there is no room for each.

    Args:
        text: What is drawn on.
        house: Where the seats are.
        letters: How they are.
        width: Characters of a line.
        height: Lines.
    """
    across = max(1, -(-house.columns // width))
    down = max(1, -(-house.rows // height))
    cells: dict[tuple[int, int], dict[str, int]] = {}
    for (column, row), letter in zip(house.places, letters, strict=False):
        cell = cells.setdefault((row // down, column // across), {})
        cell[letter] = cell.get(letter, 0) + 1
    for row in range(-(-house.rows // down)):
        for mark, style in _runs([_mark(cells.get((row, column))) for column in range(-(-house.columns // across))]):
            text.append(mark, style=style)
        text.append("\n")


def _mark(cell: dict[str, int] | None) -> tuple[str, str]:
    if not cell:
        return " ", ""
    return _MARKS[max(cell, key=lambda letter: cell[letter])]


def _runs(marks: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join neighbours of one style: a terminal is written to less then."""
    together, last = "", ""
    for mark, style in marks:
        if style != last and together:
            yield together, last
            together = ""
        together, last = together + mark, style
    yield together, last
