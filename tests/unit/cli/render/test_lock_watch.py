"""What happened to locks between two looks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from ticketctl.cli.render.lock_watch import change_json, change_line, changes, screen
from ticketctl.locks.inspection import HeldLock, Owner

AT = datetime(2026, 12, 1, 20, 0, 1, tzinfo=UTC)
A, B = Owner("web-1", 1, "booking"), Owner("web-2", 2, "booking")


def held(name: str, owner: Owner, fence: int, *waiting: Owner) -> HeldLock:
    return HeldLock(
        name=name,
        namespace="lock",
        value=b"",
        foreign=False,
        token=f"{fence:032x}",
        fence=fence,
        owner=owner,
        since=AT,
        held=3.0,
        left=9.0,
        waiting=waiting,
    )


def lines(before: list[HeldLock] | None, now: list[HeldLock], *named: str) -> list[str]:
    seen = None if before is None else {lock.name: lock for lock in before}
    return [change_line(change, AT)[10:] for change in changes(seen, {lock.name: lock for lock in now}, named)]


def test_the_first_look_tells_what_is_held_and_which_named_ones_are_free() -> None:
    assert lines(None, [held("b", A, 7, B)], "a") == [
        "a  free",
        "b  held by booking on web-1, process 1 for 3.0 s, fence 7, 1 process waits",
    ]
    assert lines(None, []) == []


def test_winning_a_free_lock_and_letting_it_go_are_told() -> None:
    assert lines([], [held("a", A, 7)]) == ["a  acquired by booking on web-1, process 1, fence 7"]
    assert lines([held("a", A, 7)], []) == ["a  free again, was held by booking on web-1, process 1"]


def test_a_lock_that_went_on_is_told_with_both_sides() -> None:
    assert lines([held("a", A, 7, B)], [held("a", B, 8, A, A)]) == [
        "a  handed over from booking on web-1, process 1 to booking on web-2, process 2, fence 8, 2 processes wait"
    ]


def test_the_same_process_winning_it_again_is_told() -> None:
    (line,) = lines([held("a", A, 7)], [held("a", A, 8)])
    assert line.startswith("a  handed over from booking on web-1, process 1 to booking on web-1, process 1, fence 8")


def test_more_and_fewer_waiting_is_told() -> None:
    assert lines([held("a", A, 7)], [held("a", A, 7, B)]) == ["a  1 process waits, 0 before"]
    assert lines([held("a", A, 7, B)], [held("a", A, 7)]) == ["a  nobody waits, 1 before"]


def test_renewing_is_no_news() -> None:
    assert lines([held("a", A, 7, B)], [replace(held("a", A, 7, B), left=10.0, held=4.0)]) == []


def test_a_foreign_value_that_becomes_another_is_another_holder() -> None:
    foreign = replace(held("a", A, 7), foreign=True, owner=None, token="", fence=None, held=None, value=b"one")

    assert lines([foreign], [foreign]) == []
    assert len(lines([foreign], [replace(foreign, value=b"two")])) == 1
    assert len(lines([foreign], [held("a", A, 7)])) == 1


def test_json_has_both_looks() -> None:
    (change,) = changes({"a": held("a", A, 7)}, {"a": held("a", B, 8)})
    document = json.loads(change_json(change, AT))

    assert (document["at"], document["change"], document["name"]) == ("2026-12-01T20:00:01+00:00", "handed over", "a")
    assert (document["before"]["fence"], document["now"]["fence"]) == (7, 8)
    assert (document["now"]["owner"]["host"], document["error"]) == ("web-2", None)


def test_the_screen_shows_as_many_as_fit_the_most_waited_for_first() -> None:
    locks = [held(f"lock-{number:02}", A, number) for number in range(20)] + [held("wanted", A, 99, B, B)]

    text = screen(locks, ["12:00:00  a  free"], "12:00:01; Ctrl-C ends", 12).plain.splitlines()

    assert len(text) == 12
    assert text[0] == "21 locks held, 2 waiting"
    assert text[2].startswith("wanted ")
    assert text[-3:] == ["and 14 more", "12:00:00  a  free", "12:00:01; Ctrl-C ends"]


def test_an_empty_screen_says_so() -> None:
    assert screen([], [], "12:00:01", 24).plain.splitlines() == ["0 locks held, 0 waiting", "12:00:01"]
