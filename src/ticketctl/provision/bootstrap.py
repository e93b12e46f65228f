"""The main job: up, migrate, index, health, in this order, stopping at the first that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ticketctl.errors import TicketctlError
from ticketctl.events import Emit, Outcome, StepFinished, StepStarted

StepState = Literal["changed", "unchanged", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """What one step says of itself.

    Attributes:
        changed: Whether it changed anything.
        summary: One line: what was done.
        ok: False for a negative answer, such as an unhealthy backend.
    """

    changed: bool
    summary: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class StepReport:
    """How one step ended.

    Attributes:
        name: `up`, `migrate`, `index` or `health`.
        state: What came of it.
        summary: One line; for a failed step, what happened.
        seconds: How long it took.
        error: The error that ended it, as text; empty otherwise.
    """

    name: str
    state: StepState
    summary: str
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class BootstrapReport:
    """How the whole run ended.

    Attributes:
        steps: Every step in order, those that were not reached as `skipped`.
        seconds: How long it took.
        failure: The error that ended the run, None when there was none.
    """

    steps: tuple[StepReport, ...]
    seconds: float
    failure: TicketctlError | None = None

    @property
    def ok(self) -> bool:
        """Whether every step ended well."""
        return all(step.state in ("changed", "unchanged") for step in self.steps)

    @property
    def changed(self) -> bool:
        """Whether any step changed something."""
        return any(step.state == "changed" for step in self.steps)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run: its name, what it does, and the call that does it."""

    name: str
    title: str
    run: Callable[[], StepAnswer]


def run_steps(steps: Sequence[Step], emit: Emit) -> BootstrapReport:
    """Run steps in order and report each; what follows a failure is skipped.

    Args:
        steps: The steps.
        emit: Where progress goes.
    """
    began = time.monotonic()
    reports: list[StepReport] = []
    failure: TicketctlError | None = None
    stopped = False
    for step in steps:
        if stopped:
            reports.append(StepReport(step.name, "skipped", "not reached", 0.0))
            continue
        report, failure = _run_step(step, emit)
        reports.append(report)
        stopped = report.state == "failed"
    return BootstrapReport(tuple(reports), time.monotonic() - began, failure)


def _run_step(step: Step, emit: Emit) -> tuple[StepReport, TicketctlError | None]:
    began = time.monotonic()
    emit(StepStarted(step.name, step.title))
    failure: TicketctlError | None = None
    try:
        answer = step.run()
    except TicketctlError as error:
        failure = error
        answer = StepAnswer(changed=False, summary=error.what, ok=False)
    seconds = time.monotonic() - began
    outcome: Outcome = "failed" if not answer.ok else "changed" if answer.changed else "unchanged"
    emit(StepFinished(step.name, outcome, answer.summary, seconds))
    return StepReport(step.name, outcome, answer.summary, seconds, str(failure) if failure else ""), failure
