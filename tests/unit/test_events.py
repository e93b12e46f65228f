"""The frame of a step: it is announced, and its end is told whichever way it comes."""

from __future__ import annotations

import pytest

from ticketctl.events import Event, StepFinished, StepStarted, ignore, step


def test_a_step_tells_its_beginning_and_its_end() -> None:
    events: list[Event] = []

    with step(events.append, "index", "create the index") as answer:
        answer.changed, answer.summary = True, "created events_v1"

    began, ended = events
    assert began == StepStarted("index", "create the index")
    assert isinstance(ended, StepFinished)
    assert (ended.outcome, ended.summary) == ("changed", "created events_v1")


@pytest.mark.parametrize(("ok", "outcome"), [(True, "unchanged"), (False, "failed")])
def test_a_step_that_changed_nothing_says_so_and_so_does_a_negative_answer(ok: bool, outcome: str) -> None:
    events: list[Event] = []

    with step(events.append, "health", "check") as answer:
        answer.ok = ok

    assert isinstance(events[1], StepFinished)
    assert events[1].outcome == outcome


def test_an_interrupted_step_has_failed() -> None:
    events: list[Event] = []

    with pytest.raises(KeyboardInterrupt), step(events.append, "up", "start"):
        raise KeyboardInterrupt

    assert isinstance(events[1], StepFinished)
    assert events[1].outcome == "failed"


def test_events_may_be_ignored() -> None:
    ignore(StepStarted("up", "start"))
