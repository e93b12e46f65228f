"""Curves over the time of a sale, as SVG; colours come from the page. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ticketctl.simulate.report.markup import Html, element, joined

_WIDTHS = (("wide", 720), ("narrow", 340))
_HEIGHT = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 20, 28
_TICK_WIDTH = 64
_NUMBER_WIDTH = 14
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200)


@dataclass(frozen=True, slots=True)
class Curve:
    """Something that was measured over time.

    Attributes:
        name: What it is called, and its class in the page's style.
        values: One after the other; None where there is none.
        every: Seconds that each stands for.
    """

    name: str
    values: Sequence[float | None]
    every: int = 1


@dataclass(frozen=True, slots=True)
class Band:
    """A time in which something was broken.

    Attributes:
        title: What.
        began: Seconds after the opening.
        ended: Seconds after the opening.
    """

    title: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Axis:
    """How values become heights.

    Attributes:
        low: What is at the bottom.
        high: What is at the top.
        marks: Values that are written beside it, with their texts.
        logarithmic: Whether equal heights are equal ratios.
    """

    low: float
    high: float
    marks: tuple[tuple[float, str], ...]
    logarithmic: bool = False

    def height(self, value: float) -> float:
        """Return where a value is, from 0 at the bottom to 1 at the top."""
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Times:
    """How seconds become places from left to right.

    Attributes:
        seconds: How many there are.
        name: What the width is called in the page's style.
        width: Of the picture.
    """

    seconds: int
    name: str
    width: int

    def x(self, second: float) -> float:
        """Return where a second is."""
        share = min(1.0, max(0.0, second / max(1, self.seconds)))
        return _LEFT + (self.width - _LEFT - _RIGHT) * share


def counting(most: float) -> Axis:
    """Return an axis from 0 to a round number above what occurs."""
    step = _round_up(max(1.0, most) / 4)
    high = step * math.ceil(max(1.0, most) / step)
    return Axis(0.0, high, tuple((step * number, _short(step * number)) for number in range(round(high / step) + 1)))


def waiting() -> Axis:
    """Return an axis of seconds, from a millisecond to half a minute."""
    marks = ((0.001, "1 ms"), (0.01, "10 ms"), (0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"))
    return Axis(0.001, 30.0, marks, logarithmic=True)


def plotting(most: float) -> Axis:
    """Return an axis for counts from none to many: equal heights are equal ratios, and its lower end is none."""
    decades = max(1, math.ceil(math.log10(max(1.0, most))))
    marks = tuple((10.0**power, _short(10.0**power)) for power in range(decades + 1))
    return Axis(0.4, 10.0**decades, ((0.4, "0"), *marks), logarithmic=True)


def plot(name: str, curves: Sequence[Curve], axis: Axis, bands: Sequence[Band], seconds: int) -> Html:
    """Return a picture of curves, in two widths; the page's style shows the one that there is room for.

    Args:
        name: What it shows, for those who cannot see it.
        curves: They, each over the same seconds.
        axis: Of the values.
        bands: When what was broken, numbered from 1.
        seconds: How many seconds there are.
    """
    return joined(
        picture(name, curves, axis, bands, Times(seconds, *size)) for size in (("wide", 720), ("narrow", 340))
    )


def picture(name: str, curves: Sequence[Curve], axis: Axis, bands: Sequence[Band], times: Times) -> Html:
    """Return a picture of curves in one width; otherwise as `plot`."""
    return element(
        "svg",
        *(_band(band, times) for band in bands),
        *(_mark(axis, value, text, times) for value, text in axis.marks),
        *(_second(second, times) for second in range(0, times.seconds + 1, _step(times))),
        *(_line(curve, axis, times) for curve in curves),
        *(_number(number, middle) for number, middle in enumerate(_apart(bands, times), 1)),
        class_=f"plot {times.name}",
        role="img",
        aria_label=name,
        viewBox=f"0 0 {times.width} {_HEIGHT}",
    )


def _band(band: Band, times: Times) -> Html:
    left, right = times.x(band.began), times.x(band.ended)
    return element(
        "rect",
        element("title", band.title),
        class_="fault",
        x=f"{left:.1f}",
        y=_TOP,
        width=f"{max(2.0, right - left):.1f}",
        height=_HEIGHT - _TOP - _BOTTOM,
    )


def _apart(bands: Sequence[Band], times: Times) -> list[float]:
    """Return where the numbers of faults are written: above their middles, and no two upon each other."""
    found: list[float] = []
    for band in bands:
        middle = (times.x(band.began) + times.x(band.ended)) / 2
        found.append(max(middle, found[-1] + _NUMBER_WIDTH) if found else middle)
    return found


def _number(number: int, middle: float) -> Html:
    return element("text", str(number), class_="number", x=f"{middle:.1f}", y=_TOP - 7, text_anchor="middle")


def _mark(axis: Axis, value: float, text: str, times: Times) -> Html:
    y = f"{_y(axis, value):.1f}"
    label = element("text", text, class_="tick", x=_LEFT - 6, y=f"{_y(axis, value) + 4:.1f}", text_anchor="end")
    return joined([element("line", class_="grid", x1=_LEFT, x2=times.width - _RIGHT, y1=y, y2=y), label])


def _second(second: int, times: Times) -> Html:
    x = f"{times.x(second):.1f}"
    return element("text", f"{second} s", class_="tick", x=x, y=_HEIGHT - 8, text_anchor="middle")


def _line(curve: Curve, axis: Axis, times: Times) -> Html:
    """Return a curve in pieces: it is broken where there are no values."""
    pieces: list[list[str]] = [[]]
    for number, value in enumerate(curve.values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{times.x((number + 0.5) * curve.every):.1f},{_y(axis, value):.1f}")
    lines = [element("polyline", points=" ".join(piece)) for piece in pieces if len(piece) > 1]
    alone = [piece[0].split(",") for piece in pieces if len(piece) == 1]
    dots = [element("circle", r="1.5", cx=x, cy=y) for x, y in alone]
    return element("g", *lines, *dots, class_=f"curve {curve.name}")


def _y(axis: Axis, value: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * axis.height(value)


def _step(times: Times) -> int:
    room = (times.width - _LEFT) // _TICK_WIDTH
    return next((step for step in _STEPS if times.seconds / step <= room), _STEPS[-1])


def _short(value: float) -> str:
    """Return a count so that it has room beside an axis."""
    return f"{value:,.0f}" if value < 10_000 else f"{value / 1_000:,g}k"


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value)
