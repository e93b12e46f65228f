"""Random histories: a right one passes whatever happened, and one wrong value in it is always found."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ticketctl.reservations.history import Change, History, Limits, Told, check
from unit.reservations.histories import EVENT, World

SEATS = (1, 2, 3, 4)
HOLDS = st.sampled_from(["A", "B", "C", "D", "E", "F"])
USERS = st.sampled_from(["ann", "bob"])
SOME_SEATS = st.lists(st.sampled_from(SEATS), min_size=1, max_size=3, unique=True).map(sorted)
SECONDS = st.sampled_from([0.5, 30, 61, 200])
SEAT = st.sampled_from(SEATS)

Step = Callable[[World], object]


def _step(name: str, *strategies: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    return st.tuples(*strategies).map(lambda values: lambda world: getattr(world, name)(*values))


STEPS = st.lists(
    st.one_of(
        _step("hold", HOLDS, USERS, SOME_SEATS, st.sampled_from([60, 100])),
        _step("hold", HOLDS, USERS, SOME_SEATS, st.sampled_from([60, 100])),
        _step("confirm", HOLDS, st.sampled_from([1, 2])),
        _step("extend", HOLDS, st.sampled_from([60, 150])),
        _step("release", HOLDS),
        _step("transfer", HOLDS, USERS),
        _step("cancel", HOLDS),
        _step("expire", SEAT),
        _step("block", SEAT),
        _step("unblock", SEAT),
        _step("wait", SECONDS),
        _step("wait", SECONDS),
    ),
    max_size=25,
)


def played(steps: list[Step]) -> World:
    world = World.of(*SEATS)
    for step in steps:
        step(world)
    return world


def answers(world: World) -> list[Told]:
    """What callers of a right history were told."""
    held: dict[str, list[Change]] = {}
    for change in world.changes:
        if change.reason == "held":
            held.setdefault(change.hold_id or "", []).append(change)
    return [
        Told(hold_id, tuple(change.seat_id for change in own), own[0].user_id or "", "held")
        for hold_id, own in held.items()
    ]


@settings(deadline=None)
@given(STEPS)
def test_a_right_history_passes(steps: list[Step]) -> None:
    world = played(steps)
    report = check(
        world.history(),
        told=answers(world),
        unknown=(),
        capacity={EVENT: 4},
        limits=Limits(per_hold=3, per_user=4, per_event=4),
    )

    assert report.ok, report.text()


@settings(deadline=None)
@given(STEPS, st.integers(0, 100))
def test_a_right_history_passes_without_its_beginning(steps: list[Step], cut: int) -> None:
    history = played(steps).history()

    report = check(History(history.changes[cut:], history.seats, history.reservations), whole=False)

    assert report.ok, report.text()


def _dropped(changes: list[Change], index: int) -> list[Change]:
    return changes[:index] + changes[index + 1 :]


def _doubled(changes: list[Change], index: int) -> list[Change]:
    return [*changes, changes[index]._replace(audit_id=len(changes) + 1)]


def _of_another_hold(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, hold_id="Z")


def _of_an_earlier_hold(changes: list[Change], index: int) -> list[Change]:
    others = [each.hold_id for each in changes if each.hold_id not in (None, changes[index].hold_id)]
    return _with(changes, index, hold_id=others[0] if others else "Z")


def _of_another_user(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, user_id="eve" if changes[index].user_id else "ann")


def _later(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, version=changes[index].version + 1)


def _earlier(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, version=changes[index].version - 1)


def _much_later(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, version=changes[index].version + 100)


def _of_another_seat(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, seat_id=changes[index].seat_id % len(SEATS) + 1)


def _from_another_status(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, old_status="BOOKED" if changes[index].old_status != "BOOKED" else "AVAILABLE")


def _to_another_status(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, new_status="BOOKED" if changes[index].new_status != "BOOKED" else "AVAILABLE")


def _by_another_word(changes: list[Change], index: int) -> list[Change]:
    return _with(changes, index, reason="held" if changes[index].reason != "held" else "extended")


def _with(changes: list[Change], index: int, **values: object) -> list[Change]:
    return [*changes[:index], changes[index]._replace(**values), *changes[index + 1 :]]  # type: ignore[arg-type]


CORRUPTIONS = [
    _dropped,
    _doubled,
    _of_another_hold,
    _of_an_earlier_hold,
    _of_another_user,
    _later,
    _earlier,
    _much_later,
    _of_another_seat,
    _from_another_status,
    _to_another_status,
    _by_another_word,
]


def _is_handed_on_again(changes: list[Change], index: int) -> bool:
    """Who had a hold between two transfers is written nowhere else."""
    change = changes[index]
    later = [each for each in changes[index + 1 :] if each.seat_id == change.seat_id]
    return change.reason == "transferred" and any(
        each.reason == "transferred" and each.hold_id == change.hold_id for each in later
    )


@settings(max_examples=200, deadline=None)
@given(STEPS.map(played).filter(lambda world: bool(world.changes)), st.data())
def test_one_wrong_value_is_found(world: World, data: st.DataObject) -> None:
    history, changes = world.history(), list(world.changes)
    index = data.draw(st.integers(0, len(changes) - 1))
    corruption = data.draw(st.sampled_from(CORRUPTIONS))
    assume(corruption is not _of_another_user or not _is_handed_on_again(changes, index))

    wrong = History(corruption(changes, index), history.seats, history.reservations)

    assert not check(wrong, told=answers(world)).ok
