"""The seat map over time is written small, and nothing of it is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

import pytest

from ticketctl.simulate.record import Seen
from ticketctl.simulate.report.film import Film, _frames, film, rows_of
from ticketctl.simulate.report.house import SeatPlace, laid_out
from unit.simulate.records import places, record


def shown(frames: tuple[str, ...], seats: int) -> list[str]:
    """Read the frames by what their format says."""
    states, found = [""] * seats, []
    for frame in frames:
        seat = 0
        for letter, digits in re.findall(r"([A-Z=])([0-9a-z]*)", frame):
            for _ in range(int(digits, 36) if digits else 1):
                if letter != "=":
                    states[seat] = letter
                seat += 1
        found.append("".join(states))
    return found


def looks(*letters: str) -> list[Seen]:
    return [Seen(number / 2, each) for number, each in enumerate(letters)]


def test_a_look_is_what_differs_from_the_one_before() -> None:
    of = film(looks("A" * 60, "A" * 48 + "BAAARRAAAAAA", "A" * 48 + "BAAARRAAAAAA"), 60)
    assert of == Film((0.0, 0.5, 1.0), ("A1o", "=1cB=3R2", ""), 3)


@pytest.mark.parametrize("seats", [1, 2, 35, 36, 37, 1295, 1296, 1297])
def test_what_is_written_can_be_read_back(seats: int) -> None:
    random = Random(seats)  # noqa: S311  # nothing is kept secret with it
    letters = ["".join(random.choices("ARBX", (50, 3, 10, 2), k=seats)) for _ in range(6)]
    letters += [letters[-1], "A" * seats, "B" * seats]
    assert shown(film(looks(*letters), seats).frames, seats) == letters


def test_looks_that_are_too_long_together_are_thinned_out_evenly_with_the_first_and_the_last() -> None:
    random = Random(7)  # noqa: S311  # nothing is kept secret with it
    letters = ["".join(random.choices("ARBX", k=400)) for _ in range(101)]
    of = film(looks(*letters), 400, budget=6_000)
    assert 2 < len(of.frames) < 101
    assert sum(map(len, of.frames)) <= 6_000
    assert of.seen == 101
    assert (of.moments[0], of.moments[-1]) == (0.0, 50.0)
    steps = [after - before for before, after in zip(of.moments, of.moments[1:], strict=False)]
    assert max(steps) - min(steps) <= 0.5
    assert shown(of.frames, 400) == [letters[round(moment * 2)] for moment in of.moments]


def test_looks_that_fit_are_all_kept() -> None:
    of = film(record(500).maps, 500)
    assert len(of.frames) == of.seen == 60


def test_the_first_and_the_last_look_are_kept_whatever_they_take() -> None:
    of = film(looks("ARBX" * 10, "XBRA" * 10, "ARAR" * 10), 40, budget=1)
    assert shown(of.frames, 40) == ["ARBX" * 10, "ARAR" * 10]


@pytest.mark.parametrize("letters", [(), ("",), ("AAA", "AAAAA")])
def test_looks_at_another_number_of_seats_are_not_shown(letters: tuple[str, ...]) -> None:
    assert film(looks(*letters), 4) == Film((), (), 0)


@pytest.mark.parametrize("count", [1, 300, 5_000])
def test_the_plan_names_each_seat_once_and_where_it_is(count: int) -> None:
    seats = [SeatPlace(*place) for place in places(count)]
    plan = laid_out(seats)
    sections, runs = rows_of(seats, plan)
    told = [
        (SeatPlace(sections[section], name, first + number), (column + number, row))
        for column, row, length, section, name, first in runs
        for number in range(length)
    ]
    assert told == list(zip(seats, plan.places, strict=True))
    assert len(runs) <= max(1, count // 5)


def test_looks_that_are_far_too_long_are_not_all_written_to_find_that_out(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(8)  # noqa: S311  # nothing is kept secret with it
    written: list[int] = []

    def counting(looks: Sequence[str]) -> tuple[str, ...]:
        written.append(len(looks))
        return _frames(looks)

    monkeypatch.setattr("ticketctl.simulate.report.film._frames", counting)
    letters = ["".join(random.choices("ARBX", k=400)) for _ in range(400)]
    of = film(looks(*letters), 400, budget=6_000)
    assert max(written) <= 4 * len(of.frames)
