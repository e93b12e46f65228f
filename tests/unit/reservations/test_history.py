"""The history checker: what is right passes, and each thing that must not be is found and told in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from ticketctl.reservations.history import Change, History, Kind, Limits, Report, SeatRow, Told, check
from unit.reservations.histories import EVENT, NOON, SECOND, World
from unit.reservations.history_faults import (
    CASES,
    cancelled,
    changed,
    expired,
    extended,
    held,
    live_hold_taken,
    released,
    sold,
    sold_seat_taken,
    without,
)


def kinds(report: Report) -> list[str]:
    return [violation.kind for violation in report.violations]


# --- what is right -------------------------------------------------------------------------------


def test_seats_of_which_nothing_is_written_are_right() -> None:
    report = check(World.of(1, 2).history(), told=[], unknown=set(), capacity={EVENT: 2})

    assert report.ok
    assert (report.changes, report.seats, report.holds) == (0, 2, 0)
    assert report.statuses == {EVENT: {"AVAILABLE": 2}}


def test_every_transition_is_right() -> None:
    world = World.of(1, 2, 3, 4)
    assert world.hold("A", "ann", [1, 2], ttl=60)
    assert world.extend("A", 120)
    assert world.transfer("A", "bob")
    assert world.confirm("A", 5)
    assert world.transfer("A", "eve")
    assert world.cancel("A")
    assert world.block(1)
    assert world.unblock(1)
    assert world.hold("B", "ann", [1, 3], ttl=60)
    assert world.release("B")
    assert world.hold("C", "ann", [2, 3], ttl=60)
    world.wait(60)
    assert world.hold("D", "bob", [3, 4], ttl=60)  # over an expired one
    assert world.expire(2)  # by the sweeper
    world.wait(60)
    assert world.expire(4)
    assert world.confirm("D", 6)  # late: seat 3 says RESERVED still, seat 4 is claimed again
    history = world.history()
    answers = [
        *(
            Told("A", (1, 2), "ann", "held"),
            Told("A", (1, 2), "ann", "confirmed"),
            Told("A", (1, 2), "eve", "cancelled"),
        ),
        *(Told("B", (1, 3), "ann", "held"), Told("B", (1, 3), "ann", "released")),
        *(Told("C", (2, 3), "ann", "held"), Told("C", (2, 3), "ann", "expired")),
        *(Told("D", (3, 4), "bob", "held"), Told("D", (3, 4), "bob", "confirmed"), Told("E", (), "bob", "refused")),
    ]

    report = check(
        history,
        told=answers,
        unknown=set(),
        limits=Limits(per_hold=2, per_user=4, open_holds=2, per_event=4),
        capacity={EVENT: 4},
    )

    words = {change.reason for change in history.changes}
    assert words == {
        *("held", "extended", "transferred", "released", "expired", "confirmed", "reclaimed", "cancelled"),
        *("blocked", "unblocked"),
    }
    assert report.text() == f"{len(history.changes)} changes of 4 seats by 4 holds: nothing wrong"
    assert report.statuses == {EVENT: {"AVAILABLE": 2, "BOOKED": 2}}


def test_the_order_of_the_rows_does_not_matter() -> None:
    world = World.of(1)
    world.hold("A", "ann", [1])
    world.confirm("A")
    history = world.history()

    assert check(History(history.changes[::-1], history.seats, history.reservations)).ok


def test_a_hold_that_is_over_and_that_nobody_has_noticed_is_right() -> None:
    world = World.of(1)
    world.hold("A", "ann", [1], ttl=1)
    world.wait(3600)

    assert check(world.history()).ok


def test_what_was_decided_in_time_and_written_late_is_right() -> None:
    """A statement's time is taken when it begins: a hold can end between the decision and the audit."""
    world = World.of(1)
    world.hold("A", "ann", [1], ttl=60)
    world.wait(30)
    world.confirm("A")
    late = NOON + 61 * SECOND

    assert check(changed(world.history(), 2, at=late)).ok


def test_a_seat_that_is_made_and_removed_with_an_audit_is_right() -> None:
    made = Change(1, 1, EVENT, 0, None, "AVAILABLE", None, "seed", None, None, None, None, NOON)
    removed = made._replace(audit_id=2, version=1, old_status="AVAILABLE", new_status=None, reason="removed")

    assert check(History([made], [SeatRow(1, EVENT, "AVAILABLE", 0)], [])).ok
    assert check(History([made, removed], [], [])).ok
    assert kinds(check(History([made, removed], [SeatRow(1, EVENT, "AVAILABLE", 1)], []))) == ["end"]


def test_where_the_beginning_was_removed_nothing_is_missed() -> None:
    world = World.of(1, 2, 3)
    world.hold("A", "ann", [1, 2, 3], ttl=60)
    world.extend("A", 90)
    world.wait(100)
    world.expire(1)
    world.expire(2)
    world.hold("B", "bob", [2], ttl=60)
    world.release("B")
    world.confirm("A")
    history = world.history()
    for cut in range(len(history.changes) + 1):
        rest = History(history.changes[cut:], history.seats, history.reservations)
        answers = [Told("A", (1, 2, 3), "ann", "held"), Told("A", (1, 2, 3), "ann", "confirmed")]
        assert check(rest, told=answers, whole=False).text().endswith("nothing wrong"), cut
        assert check(rest).ok is (cut == 0)


def test_what_is_left_of_a_cut_history_is_checked_as_before() -> None:
    world = World.of(1)
    world.hold("A", "ann", [1], ttl=60)
    world.release("A")
    world.hold("B", "bob", [1], ttl=60)
    world.release("B")
    rest = without(world.history(), 1)

    assert check(rest, whole=False).ok
    assert kinds(check(without(rest, 3), whole=False)) == ["gap"]
    assert kinds(check(changed(rest, 4, hold_id="A"), whole=False)) == ["wrong-hold"]


def test_of_a_hold_that_is_cut_the_seats_that_are_not_are_checked() -> None:
    world = sold()
    world.hold("B", "bob", [3])
    history = world.history()
    others = [
        row._replace(hold_id="A", position=2, status="EXPIRED") for row in history.reservations if row.seat_id == 3
    ]
    rest = without(History(history.changes, history.seats, (*history.reservations, *others)), 1)

    report = check(rest, whole=False)

    assert "hold A: it has reservations of seats 1, 2, 3, but never held seat 3" in report.text()


def test_a_booking_that_is_handed_on_stays_the_booking_also_where_that_is_not_repeated() -> None:
    world = sold()
    world.transfer("A", "bob")

    assert check(changed(world.history(), 3, booking_id=None)).ok


# --- what must not be ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_what_must_not_be_is_found_and_told(name: str) -> None:
    made, expected, words = CASES[name]

    report = check(made())

    assert kinds(report)[: len(expected)] == expected, report.text()
    assert not report.ok
    assert [word for word in words if word not in report.text()] == [], report.text()


def test_a_missing_change_is_told_once() -> None:
    """What its hold would have in it is not known, so it is not missed a second time."""
    assert kinds(check(without(sold().history(), 1))) == ["start"]
    assert kinds(check(without(extended().history(), 1))) == ["start"]
    assert kinds(check(without(expired().history(), 2))) == ["gap"]


def test_every_kind_has_a_case() -> None:
    found = {kind for made, _, _ in CASES.values() for kind in kinds(check(made()))}
    assert found | {"limit", "told", "untold"} == set(get_args(Kind))


def test_a_clock_that_goes_back_is_tolerated_as_far_as_is_said() -> None:
    early = changed(changed(expired().history(), 2, at=NOON + 59 * SECOND), 3, at=NOON + 59 * SECOND)
    back = changed(sold().history(), 2, at=NOON - SECOND)

    assert [check(history, tolerance=1).ok for history in (early, back)] == [True, True]
    assert [check(history, tolerance=0.9).ok for history in (early, back)] == [False, False]


@pytest.mark.parametrize(("tolerance", "longest"), [(-1.0, 60.0), (0.0, -1.0), (float("nan"), 60.0)])
def test_a_negative_time_is_refused(tolerance: float, longest: float) -> None:
    with pytest.raises(ValueError, match="seconds of 0 or more"):
        check(World.of(1).history(), tolerance=tolerance, longest=longest)


def test_seats_are_counted() -> None:
    history = held().history()

    assert check(history, capacity={EVENT: 3}).ok
    report = check(history, capacity={EVENT: 4, 8: 1})

    assert kinds(report) == ["count", "count"]
    assert "event 7 has 4 seats, but 3 rows: 1 AVAILABLE, 2 RESERVED" in report.text()
    assert "event 8 has 1 seats, but 0 rows: none" in report.text()


def test_a_report_lists_as_much_as_is_wanted() -> None:
    report = check(live_hold_taken(), capacity={1: 1, 2: 1, 3: 1})

    assert report.text(2).splitlines()[0].startswith("3 changes of 3 seats by 2 holds: 4 violations")
    assert report.text(2).splitlines()[-1] == "and 2 more"
    assert len(report.text().splitlines()) == 5


# --- what callers were told ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "answer", "words"),
    [
        (held, Told("B", (3,), "bob", "held"), "no change says that it got seat 3"),
        (held, Told("A", (1,), "ann", "held"), "it got seat 2 as well"),
        (held, Told("A", (1, 2, 3), "ann", "held"), "no change says that it got seat 3"),
        (held, Told("A", (1, 2), "bob", "held"), "but seat 1 went to user ann"),
        (held, Told("A", (1, 2), "ann", "confirmed"), "no change says that it booked seat 1"),
        (held, Told("A", (1, 2), "ann", "released"), "but it has seats 1, 2 still"),
        (held, Told("A", (1, 2), "ann", "refused"), "but it got seats 1, 2"),
        (sold, Told("A", (1, 2), "ann", "cancelled"), "but it has seats 1, 2 still"),
        (sold, Told("A", (1, 2), "ann", "expired"), "but it has booked seats 1, 2"),
    ],
)
def test_an_answer_that_is_not_true_is_found(world: Callable[[], World], answer: Told, words: str) -> None:
    report = check(world().history(), told=[answer])

    assert set(kinds(report)) == {"told"}
    assert f"hold {answer.hold_id}: its caller, for user {answer.user_id}, was told '{answer.what}'" in report.text()
    assert words in report.text()


@pytest.mark.parametrize(
    ("world", "answers"),
    [
        (held, [Told("A", (1, 2), "ann", "held"), Told("A", (1, 2), "ann", "held")]),  # asked twice
        (held, [Told("A", (1, 2), "ann", "refused"), Told("A", (1, 2), "ann", "held")]),  # and then there was room
        (sold, [Told("A", (1, 2), "ann", "expired"), Told("A", (1, 2), "ann", "confirmed")]),
        (cancelled, [Told("A", (1, 2), "ann", "confirmed"), Told("A", (1, 2), "ann", "cancelled")]),
        (released, [Told("A", (1, 2), "ann", "held"), Told("A", (1, 2), "ann", "released")]),
        (expired, [Told("A", (1,), "ann", "held"), Told("A", (1,), "ann", "expired"), Told("B", (1,), "bob", "held")]),
    ],
)
def test_answers_that_are_true_pass(world: Callable[[], World], answers: list[Told]) -> None:
    assert check(world().history(), told=answers, unknown=()).ok


def test_a_confirmed_seat_that_another_one_has_is_found() -> None:
    report = check(sold_seat_taken(), told=[Told("A", (1, 2), "ann", "confirmed")])

    assert kinds(report) == ["sold-seat-taken", "told"]
    assert "was told 'confirmed' of seats 1, 2, and never cancelled, but seat 1 is RESERVED by hold B" in report.text()


def test_a_hold_that_nobody_was_told_of_is_found_unless_its_answer_was_lost() -> None:
    history = expired().history()
    answers = [Told("A", (1,), "ann", "held")]

    assert check(history, told=answers).ok
    assert check(history, told=answers, unknown={"B"}).ok
    report = check(history, told=answers, unknown=())
    assert kinds(report) == ["untold"]
    assert "hold B got seat 1, but nobody was told" in report.text()


def test_of_a_hold_whose_answer_was_lost_a_refusal_proves_nothing() -> None:
    """The first try landed, its answer was lost, and the second one found the seats taken: by the first."""
    answers = [Told("A", (1, 2), "ann", "refused")]

    assert check(held().history(), told=answers, unknown={"A"}).ok
    assert kinds(check(held().history(), told=answers, unknown={"B"})) == ["told", "untold"]


def test_a_hold_of_too_many_seats_is_found() -> None:
    history = held().history()

    assert check(history, limits=Limits(per_hold=2)).ok
    report = check(history, limits=Limits(per_hold=1))
    assert kinds(report) == ["limit"]
    assert "hold A: it held 2 seats, but a hold may have 1" in report.text()
