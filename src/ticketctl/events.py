"""Progress events: features emit them, the command renders them.

A feature takes an `Emit` and calls it; it never prints. The command shows the events as a live
display, as plain timestamped lines, or as JSON lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["changed", "unchanged", "failed"]
Level = Literal["info", "warn"]


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step of a command began (`images`, `up`, `migrate`, `index`, `health`).

    Attributes:
        step: Short stable name of the step.
        title: What it does, for people.
    """

    step: str
    title: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Something inside a step moved on.

    Attributes:
        step: Name of the step.
        item: What moved: a service, a database, an image. Its last event is its state.
        state: One or two words: `building`, `starting`, `healthy`, `applied`, `failed`.
        detail: What a reader wants to know beside it, may be empty.
        done: How many of `total` are finished, None when it is not counted.
        total: See `done`.
    """

    step: str
    item: str
    state: str
    detail: str = ""
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended.

    Attributes:
        step: Name of the step.
        outcome: `changed`, `unchanged`, or `failed`.
        summary: One line: what was done.
        seconds: How long the step took.
    """

    step: str
    outcome: Outcome
    summary: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know now: a replaced port, an override, a version that differs.

    Attributes:
        level: `info` or `warn`.
        text: The message, one or two sentences.
    """

    level: Level
    text: str


Event = StepStarted | Progress | StepFinished | Notice
Emit = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Drop the event: for callers that want the result alone."""


@dataclass(slots=True)
class StepAnswer:
    """What a step says of itself when it ends.

    Attributes:
        changed: Whether it changed anything.
        summary: One line: what was done.
        ok: False for a negative answer, such as an unhealthy backend.
    """

    changed: bool = False
    summary: str = ""
    ok: bool = True

    @property
    def outcome(self) -> Outcome:
        """The answer in one word."""
        if not self.ok:
            return "failed"
        return "changed" if self.changed else "unchanged"


@contextmanager
def step(emit: Emit, name: str, title: str) -> Iterator[StepAnswer]:
    """Announce a step, and how it ended, whichever way that is; the block fills in the answer.

    Args:
        emit: Where the events go.
        name: Short stable name of the step.
        title: What it does, for people.
    """
    began = time.monotonic()
    answer = StepAnswer()
    emit(StepStarted(name, title))
    try:
        yield answer
    except BaseException:
        emit(StepFinished(name, "failed", answer.summary, time.monotonic() - began))
        raise
    emit(StepFinished(name, answer.outcome, answer.summary, time.monotonic() - began))
