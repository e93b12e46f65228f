"""Check everything at once, or until it is well."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ticketctl.errors import UnknownNameError
from ticketctl.events import Emit, ignore, step
from ticketctl.provision.health.concurrent import STEP, run_targets
from ticketctl.provision.health.elasticsearch import elasticsearch_target
from ticketctl.provision.health.migrations import migrations_check
from ticketctl.provision.health.model import CheckResult, HealthReport, report, worst
from ticketctl.provision.health.mysql import mysql_targets
from ticketctl.provision.health.redis import redis_target
from ticketctl.provision.health.services import service_targets
from ticketctl.provision.health.target import Target
from ticketctl.provision.stack.env_file import read_env
from ticketctl.settings.endpoints import Endpoints
from ticketctl.settings.model import Project

SERVICES = "services"
PAUSE = 1.0
"""Seconds between two rounds of `wait`."""


def check(project: Project, endpoints: Endpoints, *, only: Collection[str] = (), emit: Emit = ignore) -> HealthReport:
    """Check the backends, and the services where the stack runs them.

    Args:
        project: The project.
        endpoints: Where the backends are.
        only: Names of targets or of their kinds (`mysql`, `services`); empty for all.
        emit: Told of each target when it is finished.

    Raises:
        UnknownNameError: `only` names something that there is not.
        EnvFileError: `compose/.env` lacks the port of a service.
    """
    targets = selected(find_targets(project, endpoints), only)
    with step(emit, STEP, f"checking {', '.join(_kinds(targets))}") as answer:
        started = time.monotonic()
        found = run_targets(targets, emit)
        results = _report(targets, found, started)
        answer.ok, answer.summary = results.ok, summary(results)
    return results


def wait(
    project: Project,
    endpoints: Endpoints,
    *,
    seconds: float,
    only: Collection[str] = (),
    emit: Emit = ignore,
    sleep: Callable[[float], None] = time.sleep,
) -> HealthReport:
    """Check again and again until nothing fails or the time is over.

    Args:
        project: The project.
        endpoints: Where the backends are.
        seconds: How long to wait at most; a round that has begun is finished.
        only: See `check`.
        emit: Told in each round what is still waited for.
        sleep: Waits between two rounds.

    Returns:
        The last round's report.
    """
    targets = selected(find_targets(project, endpoints), only)
    with step(emit, STEP, f"waiting up to {seconds:g} s for {', '.join(_kinds(targets))}") as answer:
        started = time.monotonic()
        found = run_targets(targets, emit)
        while not _all_well(found) and time.monotonic() - started + PAUSE <= seconds:
            sleep(PAUSE)
            found |= run_targets([target for target in targets if not _is_well(found[target.name])], emit)
            if _all_well(found):
                # What was well at first has not been looked at since.
                found = run_targets(targets, emit)
        results = _report(targets, found, started)
        answer.ok, answer.summary = results.ok, summary(results)
    return results


def find_targets(project: Project, endpoints: Endpoints) -> tuple[Target[Any], ...]:
    """Return everything that can be checked, backends first.

    Args:
        project: The project.
        endpoints: Where the backends are.

    Raises:
        EnvFileError: `compose/.env` lacks the port of a service.
    """
    migrations = {key: (migrations_check(project, key, endpoint),) for key, endpoint in endpoints.mysql.items()}
    env = read_env(project.env_file) if project.settings.runtime == "docker" else None
    return (
        *mysql_targets(endpoints.mysql, migrations),
        redis_target(endpoints.redis),
        elasticsearch_target(endpoints.elasticsearch, project.root, project.settings.search),
        *(service_targets(project, env) if env else ()),
    )


def selected(targets: Sequence[Target[Any]], only: Collection[str]) -> tuple[Target[Any], ...]:
    """Return the targets of these names or kinds, in their own order.

    Args:
        targets: All targets.
        only: Names and kinds; empty for all.

    Raises:
        UnknownNameError: A name is none of theirs.
    """
    if not only:
        return tuple(targets)
    known = [*dict.fromkeys((*_kinds(targets), *(target.name for target in targets)))]
    UnknownNameError.check("backend or service", only, known)
    return tuple(target for target in targets if target.name in only or _kind(target) in only)


def summary(results: HealthReport) -> str:
    """Return a report in one line.

    Args:
        results: The report.
    """
    failed = dict.fromkeys(result.target for result in results.results if result.level == "fail")
    if failed:
        return f"{results.count('fail')} failed: {', '.join(failed)}"
    warnings = results.count("warn")
    text = f"{results.count('ok')} checks ok"
    return f"{text}, {warnings} warning{'s' if warnings != 1 else ''}" if warnings else text


def _report(
    targets: Sequence[Target[Any]], found: Mapping[str, tuple[CheckResult, ...]], started: float
) -> HealthReport:
    return report((result for target in targets for result in found[target.name]), time.monotonic() - started)


def _is_well(results: Sequence[CheckResult]) -> bool:
    return worst(result.level for result in results) != "fail"


def _all_well(found: Mapping[str, Sequence[CheckResult]]) -> bool:
    return all(_is_well(results) for results in found.values())


def _kinds(targets: Sequence[Target[Any]]) -> list[str]:
    return list(dict.fromkeys(_kind(target) for target in targets))


def _kind(target: Target[Any]) -> str:
    return SERVICES if target.backend == "service" else target.backend
