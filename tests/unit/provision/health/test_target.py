"""Running the checks of one target, with targets that need no server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ticketctl.errors import (
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendUnreachableError,
    TicketctlError,
)
from ticketctl.events import Event, Progress
from ticketctl.provision.health.concurrent import run_targets
from ticketctl.provision.health.model import Finding, ok, skipped, warn
from ticketctl.provision.health.target import Check, Target, run_target

UNREACHABLE = BackendUnreachableError("nothing answers", backend="redis", why="refused", next_step="start it")
REFUSED = BackendLoginError("wrong password", backend="redis", next_step="correct it")
FORBIDDEN = BackendPermissionError("may not", backend="redis")


def target(
    *checks: Callable[[str], Finding],
    opening: TicketctlError | None = None,
    user: str = "somebody",
    closed: list[bool] | None = None,
    name: str = "redis",
) -> Target[str]:
    @contextmanager
    def opened() -> Iterator[str]:
        if opening:
            raise opening
        try:
            yield "session"
        finally:
            if closed is not None:
                closed.append(True)

    numbered = tuple(Check(f"check {number}", check) for number, check in enumerate(checks, start=1))
    return Target("redis", name, "127.0.0.1:1", user, opened, numbered)


def good(session: str) -> Finding:
    return ok(f"seen in the {session}")


def raising(error: Exception) -> Callable[[str], Finding]:
    def check(_: str) -> Finding:
        raise error

    return check


def levels(subject: Target[str], **options: float) -> list[tuple[str, str]]:
    return [(result.name, result.level) for result in run_target(subject, **options)]


def test_every_check_is_asked_and_timed_and_the_session_closed() -> None:
    closed: list[bool] = []
    results = run_target(target(good, lambda _: warn("look", "do"), closed=closed))
    assert [(result.name, result.level) for result in results] == [
        ("reachable", "ok"),
        ("login", "ok"),
        ("check 1", "ok"),
        ("check 2", "warn"),
    ]
    assert results[2].detail == "seen in the session"
    assert [result.latency_ms is not None for result in results] == [True, False, True, True]
    assert closed == [True]


def test_without_an_account_there_is_no_login() -> None:
    assert levels(target(good, user="")) == [("reachable", "ok"), ("check 1", "ok")]


def test_what_cannot_be_reached_is_one_failure() -> None:
    results = run_target(target(good, good, opening=UNREACHABLE))
    assert [(result.level, result.detail) for result in results] == [
        ("fail", "nothing answers: refused"),
        ("skipped", "redis is not reachable"),
        ("skipped", "redis is not reachable"),
        ("skipped", "redis is not reachable"),
    ]
    assert results[0].next_step == "start it"


@pytest.mark.parametrize("error", [REFUSED, FORBIDDEN])
def test_what_answers_and_lets_nobody_in_is_one_failure_of_the_login(error: TicketctlError) -> None:
    assert levels(target(good, opening=error)) == [("reachable", "ok"), ("login", "fail"), ("check 1", "skipped")]


def test_a_refusal_where_there_is_no_login_is_not_lost() -> None:
    subject = target(good, opening=BackendOperationError("refused", backend="redis"), user="")
    assert ("reachable", "fail") in levels(subject)


def test_a_check_that_raises_fails_and_the_next_is_asked() -> None:
    assert levels(target(raising(FORBIDDEN), good))[2:] == [("check 1", "fail"), ("check 2", "ok")]


def test_what_stops_answering_is_not_asked_again() -> None:
    assert levels(target(good, raising(UNREACHABLE), good))[2:] == [
        ("check 1", "ok"),
        ("check 2", "fail"),
        ("check 3", "skipped"),
    ]


def test_what_answers_too_slowly_is_not_asked_on() -> None:
    def slow(_: str) -> Finding:
        time.sleep(0.05)
        return ok("")

    assert levels(target(slow, good), budget=0.02)[2:] == [("check 1", "ok"), ("check 2", "skipped")]


def test_what_a_check_could_not_look_at_has_no_latency() -> None:
    assert run_target(target(lambda _: skipped("no database")))[-1].latency_ms is None


def test_a_bug_is_not_a_verdict() -> None:
    with pytest.raises(ZeroDivisionError):
        run_target(target(raising(ZeroDivisionError())))
    with pytest.raises(ZeroDivisionError):
        run_targets([target(raising(ZeroDivisionError()))], lambda _: None)


def test_targets_are_checked_at_once_and_told_by_the_calling_thread() -> None:
    both = threading.Barrier(2, timeout=5)

    def meets(_: str) -> Finding:
        both.wait()
        return ok("met")

    told: list[tuple[Event, threading.Thread]] = []
    found = run_targets(
        [target(meets, name="a"), target(meets, name="b")],
        lambda event: told.append((event, threading.current_thread())),
    )
    assert {name: results[-1].detail for name, results in found.items()} == {"a": "met", "b": "met"}
    assert {event.item for event, _ in told if isinstance(event, Progress)} == {"a", "b"}
    assert {thread for _, thread in told} == {threading.current_thread()}


def test_a_target_that_does_not_come_back_holds_up_nobody() -> None:
    released = threading.Event()

    def hangs(_: str) -> Finding:
        released.wait(10)
        return ok("late")

    found = run_targets([target(good, name="a"), target(hangs, name="b")], lambda _: None, patience=0.2)
    released.set()
    assert found["a"][-1].level == "ok"
    assert [(result.name, result.level) for result in found["b"]] == [("reachable", "fail")]
