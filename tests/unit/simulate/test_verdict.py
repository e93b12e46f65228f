"""A sale is judged by what is written and what buyers were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ticketctl.reservations.history import Change, History, ReservationRow, SeatRow
from ticketctl.simulate.diary import Answered
from ticketctl.simulate.verdict import Evidence, double_sales, judge
from unit.simulate.answers import answered, changes

HELD_AND_SOLD = (("RESERVED", "held", "h1", "ann"), ("BOOKED", "confirmed", "h1", "ann"))
TOLD = (
    answered("held", "h1", (1,), user_id="ann", asked=(1,)),
    answered("confirmed", "h1", (1,), user_id="ann", doing="pay"),
)


def evidence(
    steps: Sequence[Change], answers: Sequence[Answered], *, keeps_books: bool = False, demand: int = 3
) -> Evidence:
    last = {change.seat_id: change for change in sorted(steps, key=lambda change: change.version)}
    seats = [
        SeatRow(number, 9, row.new_status, row.version)
        if row.new_status == "AVAILABLE"
        else SeatRow(number, 9, row.new_status, row.version, row.hold_id, row.user_id, None, row.booking_id)
        for number, row in last.items()
    ]
    reservations = [
        ReservationRow(1, row.seat_id, 9, "CONFIRMED", row.hold_id, 0, row.user_id or "", 10_000_000, None, 77)
        for row in seats
        if row.status == "BOOKED" and keeps_books
    ]
    return Evidence(History(steps, seats, reservations), 9, len(last), demand, answers, set(), 0, 0.0, (), keeps_books)


def test_a_sale_in_which_all_is_sold_once_is_right() -> None:
    verdict = judge(evidence(changes(1, *HELD_AND_SOLD), TOLD, keeps_books=True))
    assert verdict.ok, verdict.report.text()
    assert (verdict.sold, verdict.seats, verdict.holds, verdict.buyers) == (1, 1, 1, 1)
    assert verdict.sentence == (
        "Right: 1 of 1 seats sold to 1 buyers, none twice, no hold lost (2 changes of seats by 1 holds checked)."
    )


def test_a_seat_that_is_written_for_two_is_named_with_its_history() -> None:
    steps = changes(
        1,
        *HELD_AND_SOLD,
        ("BOOKED", "confirmed", "h2", "bob"),
    )
    verdict = judge(evidence(steps, TOLD))
    (double,) = verdict.doubles
    assert double.holds == (("h1", "ann"), ("h2", "bob"))
    assert double.history[0] == "00:00:01.000 v1 AVAILABLE -> RESERVED (held) by ann hold h1"
    assert len(double.history) == 3
    assert verdict.sentence.startswith("WRONG: 1 of 1 seats sold to 1 buyers; 1 seat sold twice; ")


def test_a_seat_that_two_were_told_they_have_is_sold_twice_whatever_is_written() -> None:
    also = answered("confirmed", "h2", (1,), user_id="bob", doing="pay")
    assert [double.seat_id for double in double_sales(changes(1, *HELD_AND_SOLD), [*TOLD, also])] == [1]
    assert double_sales(changes(1, *HELD_AND_SOLD), [*TOLD, *TOLD]) == ()


def test_a_hold_that_somebody_was_told_of_and_nobody_has_written_is_wrong() -> None:
    lost = answered("held", "h9", (1,), user_id="eve", asked=(1,))
    verdict = judge(evidence(changes(1, *HELD_AND_SOLD), [*TOLD, lost], keeps_books=True))
    assert not verdict.ok
    assert {each.kind for each in verdict.report.violations} == {"told"}


@pytest.mark.parametrize(("demand", "wrong"), [(2, True), (1, False)])
def test_a_seat_that_is_left_over_is_wrong_where_more_were_wanted(demand: int, wrong: bool) -> None:
    steps = [*changes(1, *HELD_AND_SOLD[:1], ("AVAILABLE", "released", "h1", "ann"))]
    steps[1] = steps[1]._replace(user_id=None)
    answers = [TOLD[0], answered("released", "h1", user_id="ann", doing="release")]
    verdict = judge(evidence(steps, answers, demand=demand))
    assert verdict.report.ok, verdict.report.text()
    assert verdict.wrong == (("1 seat left over of 2 that were wanted",) if wrong else ())


@pytest.mark.parametrize(("seconds", "wrong"), [(6.5, False), (7.5, True)])
def test_a_free_seat_is_refused_for_no_longer_than_is_allowed(seconds: float, wrong: bool) -> None:
    freed = ("RESERVED", "held", "h0", "joe"), ("AVAILABLE", "released", "h0", "joe")
    steps = [*changes(1, *HELD_AND_SOLD), *changes(2, *freed, ("BOOKED", "confirmed", "h3", "kim"))]
    sold = steps.pop()._replace(at=60_000_000)  # freed at 2 s, and sold at a minute
    refused = answered("refused", "h5", (2,), user_id="sam", asked=(2,), began=seconds, ended=seconds + 0.1)
    verdict = judge(replace(evidence([*steps, sold], [*TOLD, refused]), opened=0))
    assert verdict.refusals.while_free == 1
    assert [why for why in verdict.wrong if "refused" in why] == (
        ["a seat was refused that had been to be had for 5.5 s (at most 5 s)"] if wrong else []
    )


@pytest.mark.parametrize(
    ("lost", "longest"),
    [
        (answered("unknown", "h7", user_id="tom", doing="best", began=6.0, ended=14.0), 1.0),
        (answered("failed", "h7", user_id="tom", asked=(2,), began=6.0, ended=14.0), 1.0),
        (answered("unknown", "h7", user_id="tom", asked=(1,), began=6.0, ended=14.0), 18.0),  # of another seat
        (answered("refused", "h7", user_id="tom", doing="best", began=6.0, ended=14.0), 18.0),
    ],
)
def test_a_request_whose_answer_was_lost_is_at_work_for_a_while_longer(lost: Answered, longest: float) -> None:
    freed = ("RESERVED", "held", "h0", "joe"), ("AVAILABLE", "released", "h0", "joe")
    steps = [*changes(1, *HELD_AND_SOLD), *changes(2, *freed)]
    refused = answered("refused", "h5", (2,), user_id="sam", asked=(2,), began=20.0, ended=20.1)
    found = judge(replace(evidence(steps, [*TOLD, lost, refused]), unknown={"h7"}, opened=0)).refusals
    assert found.longest == pytest.approx(longest)
