"""Run the checks of one target, one after the other.

Reaching it and logging in are checks themselves. What depends on a failed one is reported as not
checked, so that a stopped server is one failure and not ten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Generic, TypeVar

from ticketctl.errors import BackendError, BackendLoginError, BackendUnreachableError, TicketctlError
from ticketctl.provision.health.model import Backend, CheckResult, Finding, fail, ok, skipped

Session = TypeVar("Session")

BUDGET = 20.0
"""Seconds after which no further check of a target is begun. Each is bounded by its own timeout."""


@dataclass(frozen=True, slots=True)
class Check(Generic[Session]):
    """One question to a target that is logged in to.

    Attributes:
        name: What is asked, as the report shows it.
        run: Asks; may raise any `TicketctlError`, which is a failure.
    """

    name: str
    run: Callable[[Session], Finding]


@dataclass(frozen=True, slots=True)
class Target(Generic[Session]):
    """Something that is checked on its own, beside the others.

    Attributes:
        backend: Its kind.
        name: Which one of that kind.
        address: Where it is, for the report.
        user: Account that logs in, empty when there is no login.
        open: Reaches it and logs in.
        checks: What to ask then, in order.
        driver: Module that talks to it, imported before anything is timed; empty for none.
    """

    backend: Backend
    name: str
    address: str
    user: str
    open: Callable[[], AbstractContextManager[Session]]
    checks: tuple[Check[Session], ...]
    driver: str = ""


def run_target(target: Target[Any], budget: float = BUDGET) -> tuple[CheckResult, ...]:
    """Ask everything.

    Args:
        target: What to check.
        budget: Seconds after which no further check is begun.
    """
    if target.driver:
        import_module(target.driver)
    return tuple(_results(target, budget))


def _results(target: Target[Any], budget: float) -> Iterator[CheckResult]:
    started = time.perf_counter()
    try:
        opened = target.open()
        session = opened.__enter__()
    except BackendError as error:
        yield from _not_opened(target, error, _milliseconds(started))
        return
    try:
        yield _result(target, "reachable", ok(target.address), _milliseconds(started))
        if target.user:
            yield _result(target, "login", ok(f"as {target.user}"))
        yield from _checked(target, session, started + budget)
    finally:
        opened.__exit__(None, None, None)


def _not_opened(target: Target[Any], error: BackendError, latency: float) -> Iterator[CheckResult]:
    if target.user and not isinstance(error, BackendUnreachableError):
        reason = "login was refused" if isinstance(error, BackendLoginError) else "its first answer was a refusal"
        yield _result(target, "reachable", ok(target.address), latency)
        yield _result(target, "login", _failed(error))
    else:
        reason = f"{target.name} is not reachable"
        yield _result(target, "reachable", _failed(error), latency)
        if target.user:
            yield _result(target, "login", skipped(reason))
    for check in target.checks:
        yield _result(target, check.name, skipped(reason))


def _checked(target: Target[Any], session: object, deadline: float) -> Iterator[CheckResult]:
    lost = ""
    for check in target.checks:
        if not lost and time.perf_counter() > deadline:
            lost = f"{target.name} answers too slowly"
        if lost:
            yield _result(target, check.name, skipped(lost))
            continue
        started = time.perf_counter()
        try:
            finding = check.run(session)
        except BackendUnreachableError as error:
            finding = _failed(error)
            lost = f"{target.name} stopped answering"
        except TicketctlError as error:
            finding = _failed(error)
        latency = None if finding.level == "skipped" else _milliseconds(started)
        yield _result(target, check.name, finding, latency)


def _failed(error: TicketctlError) -> Finding:
    return fail(": ".join(part for part in (error.what, error.why) if part), error.next_step)


def _result(target: Target[Any], name: str, finding: Finding, latency: float | None = None) -> CheckResult:
    bare = CheckResult(target.backend, target.name, name, finding.level, finding.detail, finding.next_step)
    return bare if latency is None else replace(bare, latency_ms=round(latency, 1))


def _milliseconds(started: float) -> float:
    return (time.perf_counter() - started) * 1000
