"""Limits in histories: what was passed for certain is found, and what only may have been is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketctl.reservations.history import History, Limits, check
from unit.reservations.crossing import Server, played
from unit.reservations.histories import EVENT, SECOND, World


def excesses(history: World | History, limits: Limits, *, longest: float = 60.0) -> list[str]:
    """What is found, by the hold that was too much."""
    report = check(history if isinstance(history, History) else history.history(), limits=limits, longest=longest)
    assert {violation.kind for violation in report.violations} <= {"limit"}, report.text()
    return [str(violation.hold_id) for violation in report.violations]


def moved(world: World, hold_id: str, word: str, seconds: float) -> History:
    """The history with a hold's change written at another time."""
    history = world.history()
    changes = [
        change._replace(at=change.at + round(seconds * SECOND))
        if (change.hold_id, change.reason) == (hold_id, word)
        else change
        for change in history.changes
    ]
    assert changes != list(history.changes)
    return History(changes, history.seats, history.reservations)


# --- seats of a user -----------------------------------------------------------------------------


def test_one_seat_too_many_is_found_and_told() -> None:
    world = World.of(1, 2, 3, 4)
    world.hold("A", "ann", [1, 2])
    world.hold("B", "bob", [3])
    world.hold("C", "ann", [4])

    report = check(world.history(), limits=Limits(per_user=2))

    assert [violation.kind for violation in report.violations] == ["limit"]
    (violation,) = report.violations
    assert (violation.hold_id, violation.user_id, violation.seat_id, violation.event_id) == ("C", "ann", 4, EVENT)
    assert violation.message == (
        "user ann had 3 seats of event 7, but may have 2, when hold C was given seat 4 (version 1) at"
        " 2026-05-28 20:26:40.002000 UTC: 2 by hold A, 1 by hold C"
    )
    assert excesses(world, Limits(per_user=3)) == []


def test_seats_that_were_given_back_before_are_not_counted() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1])
    world.release("A")
    world.hold("B", "ann", [2])

    assert excesses(world, Limits(per_user=1)) == []


def test_seats_of_a_hold_that_is_over_are_not_counted() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1], ttl=10)
    world.wait(10)
    world.hold("B", "ann", [2])
    world.hold("C", "ann", [1])  # over the user's own expired hold

    assert excesses(world, Limits(per_user=1)) == ["C"]
    assert excesses(world, Limits(per_user=2)) == []


def test_an_end_that_is_written_after_the_grant_was_not_seen_by_it() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1])
    world.wait(1)
    world.release("A")
    world.hold("B", "ann", [2])

    assert excesses(moved(world, "A", "released", 0.002), Limits(per_user=1)) == ["B"]


def test_what_a_user_has_bought_counts_also_when_its_hold_would_be_over() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1], ttl=300)
    world.confirm("A")
    world.wait(400)
    world.hold("B", "ann", [2])

    assert excesses(world, Limits(per_user=1)) == ["B"]


def test_what_was_extended_counts_beyond_its_first_end() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1], ttl=300)
    world.extend("A", 900)
    world.wait(400)
    world.hold("B", "ann", [2])

    assert excesses(world, Limits(per_user=1)) == ["B"]


@pytest.mark.parametrize("word", ["confirm", "extend"])
def test_a_change_that_may_have_been_committed_after_the_count_is_in_doubt(word: str) -> None:
    """Written one second before the end. Nobody knows when it was committed; after `longest` it was."""
    world = World.of(1, 2)
    world.hold("A", "ann", [1], ttl=300)
    world.wait(299)
    getattr(world, word)("A")
    world.wait(60)
    world.hold("B", "ann", [2])

    assert excesses(world, Limits(per_user=1), longest=60) == []
    assert excesses(world, Limits(per_user=1), longest=10) == ["B"]


def test_the_next_change_of_a_seat_ends_the_doubt() -> None:
    """Its row was locked until the confirmation was committed."""
    world = World.of(1, 2, 3)
    world.hold("A", "ann", [1], ttl=300)
    world.wait(299)
    world.confirm("A")
    world.transfer("A", "bob")
    world.transfer("A", "ann")
    world.wait(90)
    world.hold("B", "ann", [2])

    assert excesses(world, Limits(per_user=1), longest=60) == ["B"]


def test_two_holds_of_one_transaction_are_counted_together() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1])
    world.hold("B", "ann", [2])

    assert excesses(moved(world, "B", "held", -0.001), Limits(per_user=1)) == ["B"]


def test_who_is_handed_a_hold_has_its_seats() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1])
    world.hold("B", "bob", [2])
    world.transfer("A", "bob")
    world.transfer("B", "ann")

    assert excesses(world, Limits(per_user=1)) == ["A"]


@pytest.mark.parametrize("swept", [True, False])
def test_a_hold_that_is_booked_when_it_was_over_is_counted_like_a_new_one(swept: bool) -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1], ttl=60)
    world.wait(130)
    world.hold("B", "ann", [2])
    if swept:
        world.expire(1)
    world.confirm("A")

    assert excesses(world, Limits(per_user=1)) == ["A"]


def test_a_hold_that_may_have_been_confirmed_in_time_is_no_new_one() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1], ttl=60)
    world.wait(61)
    world.hold("B", "ann", [2])
    world.confirm("A")

    assert excesses(world, Limits(per_user=1)) == []


def test_users_and_events_are_counted_apart() -> None:
    world = World.of(1, 2)
    world.seats[2] = world.seats[2]._replace(event_id=8)
    world.hold("A", "ann", [1])
    world.hold("B", "ann", [2])
    world.reservations["B", 2] = world.reservations["B", 2]._replace(event_id=8)

    assert excesses(world, Limits(per_user=1)) == []


# --- open holds, events --------------------------------------------------------------------------


def test_one_open_hold_too_many_is_found() -> None:
    world = World.of(1, 2, 3, 4)
    world.hold("A", "ann", [1, 2])
    world.hold("B", "ann", [3])
    world.confirm("A")
    world.hold("C", "ann", [4])

    assert excesses(world, Limits(open_holds=1)) == ["B", "C"]
    assert excesses(world, Limits(open_holds=2)) == []
    report = check(world.history(), limits=Limits(open_holds=1))
    assert "user ann had 2 open holds in event 7, but may have 1, when hold B was given seat 3" in report.text()


def test_a_booking_that_is_handed_on_is_no_open_hold() -> None:
    world = World.of(1, 2)
    world.hold("A", "ann", [1])
    world.confirm("A")
    world.hold("B", "bob", [2])
    world.transfer("A", "bob")

    assert excesses(world, Limits(open_holds=1)) == []


def test_one_seat_of_an_event_too_many_is_found() -> None:
    world = World.of(1, 2, 3)
    world.hold("A", "ann", [1])
    world.hold("B", "bob", [2])
    world.transfer("A", "eve")
    world.confirm("A")
    world.hold("C", "bob", [3])

    assert excesses(world, Limits(per_event=2)) == ["C"]
    assert excesses(world, Limits(per_event=3)) == []
    assert (
        "event 7 had 3 seats held or sold, but may have 2" in check(world.history(), limits=Limits(per_event=2)).text()
    )


def test_many_holds_are_told_of_in_one_line() -> None:
    world = World.of(*range(1, 30))
    for seat_id in range(1, 30):
        world.hold(f"H{seat_id}", "ann", [seat_id])

    (violation,) = check(world.history(), limits=Limits(per_user=28)).violations
    assert violation.message.endswith("1 by hold H10, …")


# --- transactions that cross ---------------------------------------------------------------------

LIMITS = (Limits(per_user=1), Limits(per_user=2), Limits(open_holds=1), Limits(per_event=2), Limits(2, 3, 2, 3))


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(LIMITS))
def test_whoever_keeps_to_a_limit_is_not_blamed_however_transactions_cross(seed: int, limits: Limits) -> None:
    server = played(seed, Server(limits))

    for longest in (server.slowest / SECOND, 60.0):
        report = check(server.history(), limits=limits, longest=longest)
        # No reservations are written here.
        assert {violation.kind for violation in report.violations} <= {"reservation", "all-or-nothing"}, report.text()


@pytest.mark.parametrize("limits", LIMITS[:4], ids=repr)
def test_whoever_counts_without_the_guard_is_found(limits: Limits) -> None:
    found = 0
    for seed in range(80):
        server = played(seed, Server(limits, guards=False))
        report = check(server.history(), limits=limits, longest=server.slowest / SECOND)
        found += any(violation.kind == "limit" for violation in report.violations)

    assert found > 5


@pytest.mark.parametrize(
    ("kept", "checked"),
    [
        (Limits(per_user=2), Limits(per_user=1)),
        (Limits(open_holds=2), Limits(open_holds=1)),
        (Limits(per_event=3), Limits(per_event=2)),
    ],
)
def test_whoever_keeps_to_another_limit_is_found(kept: Limits, checked: Limits) -> None:
    found = 0
    for seed in range(50):
        server = played(seed, Server(kept))
        report = check(server.history(), limits=checked, longest=server.slowest / SECOND)
        found += any(violation.kind == "limit" for violation in report.violations)

    assert found > 25
