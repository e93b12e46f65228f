"""The main job: up, migrate, index, health, in this order, stopping at the first that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ticketctl.errors import TicketctlError
from ticketctl.events import Emit, Notice, StepAnswer, step
from ticketctl.settings.endpoints import Endpoints, external_endpoints
from ticketctl.settings.model import Project

StepState = Literal["changed", "unchanged", "failed", "skipped"]


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
    """One step of a run: its name, and the call that does it and tells its progress."""

    name: str
    run: Callable[[], StepAnswer]


def bootstrap_steps(project: Project, environ: Mapping[str, str], emit: Emit) -> tuple[Step, ...]:
    """Return the steps of the main job.

    With `runtime: external` nothing is started: the other steps work on what the settings name.

    Args:
        project: The project.
        environ: The environment, for the engine and Compose.
        emit: Where progress goes.
    """
    steps = (
        Step("up", lambda: _up(project, environ, emit)),
        Step("migrate", lambda: _migrate(project, emit)),
        Step("index", lambda: _index(project, emit)),
        Step("health", lambda: _health(project, emit)),
    )
    return steps if project.settings.runtime == "docker" else steps[1:]


def run_steps(steps: Sequence[Step]) -> BootstrapReport:
    """Run steps in order and report each; what follows a failure is skipped.

    Args:
        steps: The steps.
    """
    began = time.monotonic()
    reports: list[StepReport] = []
    failure: TicketctlError | None = None
    for planned in steps:
        if reports and reports[-1].state in ("failed", "skipped"):
            reports.append(StepReport(planned.name, "skipped", "not reached", 0.0))
            continue
        report, failure = _run_step(planned)
        reports.append(report)
    return BootstrapReport(tuple(reports), time.monotonic() - began, failure)


def _run_step(planned: Step) -> tuple[StepReport, TicketctlError | None]:
    began = time.monotonic()
    try:
        answer = planned.run()
    except TicketctlError as error:
        return StepReport(planned.name, "failed", error.what, time.monotonic() - began, str(error)), error
    return StepReport(planned.name, answer.outcome, answer.summary, time.monotonic() - began), None


def _up(project: Project, environ: Mapping[str, str], emit: Emit) -> StepAnswer:
    from ticketctl.provision.stack.up import up

    result = up(project, environ=environ, emit=emit)
    return StepAnswer(result.changed, result.summary)


def _migrate(project: Project, emit: Emit) -> StepAnswer:
    from ticketctl.provision.migrate.runner import apply
    from ticketctl.provision.migrate.source.targets import find_targets

    targets = find_targets(project.root, project.settings.databases, endpoints_of(project).mysql)
    result = apply(targets, emit=emit).raise_failed()
    count = sum(len(database.applied) for database in result.databases)
    summary = f"{count} migrations applied" if result.changed else "every database is at head"
    return StepAnswer(result.changed, summary)


def _index(project: Project, emit: Emit) -> StepAnswer:
    from ticketctl.provision.search.create import create

    result = create(project.root, project.settings.search, endpoints_of(project).elasticsearch, emit=emit)
    summary = f"{result.alias} leads to {result.index}"
    return StepAnswer(result.changed, summary if result.ok else f"{summary}, which is not usable", result.ok)


def _health(project: Project, emit: Emit) -> StepAnswer:
    from ticketctl.provision.health.runner import check

    with step(emit, "health", "every backend and service, from outside") as answer:
        report = check(project, endpoints_of(project))
        answer.ok = report.ok
        answer.summary = f"{report.count('ok')} checks passed"
        for level in ("warn", "fail"):
            for result in report.worst_first:
                if result.level == level:
                    emit(Notice("warn", f"{result.target}: {result.name}: {result.detail}"))
        if report.count("fail"):
            answer.summary = f"{report.count('fail')} checks failed; `ticketctl health` shows all"
    return answer


def endpoints_of(project: Project) -> Endpoints:
    """Return where the project's backends are, by its runtime.

    Args:
        project: The project.

    Raises:
        EnvFileError: The stack was never started, or its `.env` is damaged.
    """
    if project.settings.runtime == "external":
        return external_endpoints(project.settings)
    from ticketctl.provision.stack.endpoints import stack_endpoints

    return stack_endpoints(project)
