"""Curves are drawn where they are, and broken where there are no values."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from ticketctl.simulate.report.plots import Axis, Band, Curve, Times, counting, picture, plot, plotting, waiting


def drawn(curves: list[Curve], axis: Axis, bands: list[Band], seconds: int) -> ElementTree.Element:
    return ElementTree.fromstring(picture("answers <a second>", curves, axis, bands, Times(seconds, "wide", 720)))


def points(picture: ElementTree.Element, name: str) -> list[list[tuple[float, float]]]:
    (group,) = picture.findall(f"g[@class='curve {name}']")
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]
        for line in group.findall("polyline")
    ]


def test_a_curve_goes_from_left_to_right_and_what_is_more_is_higher() -> None:
    picture = drawn([Curve("held", [0.0, 10.0, 5.0])], counting(10.0), [], 3)
    ((first, second, third),) = points(picture, "held")
    assert first[0] < second[0] < third[0]
    assert second[1] < third[1] < first[1]


def test_a_curve_is_broken_where_nothing_was_measured() -> None:
    picture = drawn([Curve("p99", [0.1, 0.2, None, 0.2, 0.3, None, 0.5])], waiting(), [], 7)
    assert [len(piece) for piece in points(picture, "p99")] == [2, 2]
    assert len(picture.findall(".//circle")) == 1, "a value that stands alone is a dot"


def test_faults_are_bands_with_their_names() -> None:
    bands = [Band("Redis stands <still>", 1.0, 2.0), Band("kill -9", 2.5, 2.5)]
    picture = drawn([], counting(1.0), bands, 4)
    found = picture.findall("rect[@class='fault']")
    assert [rect.findtext("title") for rect in found] == ["Redis stands <still>", "kill -9"]
    assert all(float(rect.attrib["width"]) >= 2 for rect in found), "one that lasts no time is seen as well"


@pytest.mark.parametrize("most", [0.0, 1.0, 3.0, 19.0, 20.0, 21.0, 1234.0, 99999.0])
def test_an_axis_of_counts_ends_above_what_occurs_at_a_round_number(most: float) -> None:
    axis = counting(most)
    assert axis.high >= most
    assert 2 <= len(axis.marks) <= 6
    assert axis.marks[-1][0] == pytest.approx(axis.high)
    assert axis.height(0.0) == 0.0
    assert axis.height(axis.high) == 1.0


def test_large_counts_are_written_short() -> None:
    assert [text for _, text in counting(50_000.0).marks] == ["0", "20k", "40k", "60k"]
    assert [text for _, text in plotting(99_999.0).marks][-2:] == ["10k", "100k"]


def test_an_axis_of_waits_is_logarithmic_and_holds_what_is_outside_at_its_ends() -> None:
    axis = waiting()
    assert axis.height(0.01) - axis.height(0.001) == pytest.approx(axis.height(1.0) - axis.height(0.1))
    assert axis.height(0.0) == 0.0
    assert axis.height(1e9) == 1.0


def test_an_axis_of_rates_shows_none_beneath_one_and_holds_the_most() -> None:
    axis = plotting(1_200.0)
    assert [text for _, text in axis.marks] == ["0", "1", "10", "100", "1,000", "10k"]
    assert axis.height(0.0) == 0.0 < axis.height(1.0) < axis.height(1_200.0) < 1.0
    assert plotting(0.0).height(0.0) == 0.0


def test_a_value_for_several_seconds_is_in_their_middle() -> None:
    each = points(drawn([Curve("held", [1.0, 2.0, 3.0, 4.0])], counting(4.0), [], 4), "held")
    both = points(drawn([Curve("held", [1.5, 3.5], 2)], counting(4.0), [], 4), "held")
    assert both[0][0][0] == pytest.approx((each[0][0][0] + each[0][1][0]) / 2, abs=0.1)


def test_faults_are_numbered_above_and_their_numbers_stand_apart() -> None:
    bands = [Band("one", 10.0, 10.0), Band("two", 10.1, 10.1), Band("three", 50.0, 60.0)]
    numbers = drawn([], counting(1.0), bands, 120).findall("text[@class='number']")
    places = [float(number.attrib["x"]) for number in numbers]
    assert [number.text for number in numbers] == ["1", "2", "3"]
    assert places[1] - places[0] >= 12


@pytest.mark.parametrize("seconds", [1, 5, 30, 120, 3600])
def test_times_beneath_have_room(seconds: int) -> None:
    for width in (340, 720):
        picture_of = ElementTree.fromstring(picture("times", [], Axis(0, 1, ()), [], Times(seconds, "any", width)))
        places = [float(text.attrib["x"]) for text in picture_of.findall("text[@class='tick']")]
        assert len(places) >= 2
        assert all(after - before >= 40 for before, after in pairwise(places))


def test_a_plot_is_there_for_wide_and_for_narrow_windows() -> None:
    text = plot("answers", [], counting(1.0), [], 10)
    assert [each.split('"')[0] for each in text.split('class="plot ')[1:]] == ["wide", "narrow"]
