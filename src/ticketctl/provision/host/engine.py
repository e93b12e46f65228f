"""Make sure that a Docker Engine answers on this machine, where that is ours to do."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import HostSetupError
from ticketctl.events import Emit, Notice, ignore, step
from ticketctl.provision.host.execute import STEP, Execution
from ticketctl.provision.host.model import SYSTEM_ENGINE, Answer, EngineFiles
from ticketctl.provision.host.observe import observe_host
from ticketctl.provision.host.plan import plan_engine, refused_error

LOCK_PATIENCE = 600.0
"""Seconds to wait for another command that installs or starts the engine."""


@dataclass(frozen=True, slots=True)
class EngineResult:
    """What `ensure_engine` did.

    Attributes:
        changed: Whether anything was done (or, of a dry run, would be).
        plan: The plan for people, a line each.
        address: Where the engine answers.
        version: Its version, empty after a dry run that would start one.
    """

    changed: bool
    plan: tuple[str, ...]
    address: str
    version: str


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The engine, seen from this user.

    Attributes:
        answer: `answers`, `refused` (this user may not use it) or `silent`.
        address: Where it was looked for.
        source: What said so: `DOCKER_HOST`, `context NAME`, `default`.
        detail: Its version, else why it does not answer.
    """

    answer: Answer
    address: str
    source: str
    detail: str

    @property
    def ok(self) -> bool:
        """Whether it can be used."""
        return self.answer == "answers"


def engine_status(environ: Mapping[str, str]) -> EngineStatus:
    """Look whether an engine answers.

    Args:
        environ: The environment.

    Raises:
        EngineUnavailableError: The docker context that is asked for does not exist.
    """
    state = observe_host(environ)
    return EngineStatus(state.answer, state.address, state.source, state.detail)


def ensure_engine(
    environ: Mapping[str, str],
    *,
    emit: Emit = ignore,
    dry_run: bool = False,
    authorise: Callable[[], bool] | None = None,
    files: EngineFiles = SYSTEM_ENGINE,
) -> EngineResult:
    """Install and start the distribution's engine where none answers; one that answers is never touched.

    Args:
        environ: The environment; DOCKER_HOST and docker contexts are honoured, and never started.
        emit: Where progress goes.
        dry_run: Return the plan, do nothing.
        authorise: Asks somebody for sudo's password; None where nobody can be asked.
        files: Where the machine's own engine keeps things.

    Raises:
        EngineUnavailableError: None answers, and it is not ours to start; or it was started in vain.
        EnginePermissionError: One answers, and this user may not use it.
        HostSetupError: None can be installed from here, or that failed.
        DiskFullError: There is no room for it.
    """
    state = observe_host(environ, can_ask=authorise is not None, files=files)
    plan = plan_engine(state)
    if dry_run or not plan.steps:
        version = state.detail if state.answer == "answers" else ""
        return EngineResult(bool(plan.steps), plan.lines(), state.address, version)
    if state.privilege == "ask" and authorise is not None and not authorise():
        raise HostSetupError(
            "sudo did not accept the password",
            why="installing or starting the engine needs root",
            next_step="run the same command again",
        )
    with _alone(emit):
        # Another command may have done it meanwhile; sudo may act from now on.
        return _ensure(environ, files, emit)


def _ensure(environ: Mapping[str, str], files: EngineFiles, emit: Emit) -> EngineResult:
    state = observe_host(environ, files=files)
    plan = plan_engine(state)
    if plan.steps:
        with step(emit, STEP, f"Docker Engine: {plan.reason}") as answer:
            Execution(state, environ=environ, emit=emit).run(plan)
            answer.changed, answer.summary = True, f"it answers at {state.address}"
    after = observe_host(environ, files=files) if plan.steps else state
    if after.answer == "refused" and not after.member:
        raise refused_error(after)
    if after.answer == "refused":
        emit(Notice("info", f"{state.user} may use the engine from the next login on, or after `newgrp docker`"))
    version = after.detail if after.answer == "answers" else ""
    return EngineResult(bool(plan.steps), plan.lines(), after.address, version)


@contextlib.contextmanager
def _alone(emit: Emit) -> Iterator[None]:
    """Keep a second command on this machine from installing or starting the engine at the same time."""
    path = Path(tempfile.gettempdir()) / "ticketctl-engine.lock"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except PermissionError:  # another user's: opening it with O_CREAT is refused in a sticky folder
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        _lock(descriptor, emit)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, emit: Emit) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise HostSetupError(
                    "another command is setting up the engine, for too long",
                    why=f"it has held its lock for more than {LOCK_PATIENCE:.0f} s",
                    next_step="see what that command waits for, then run this one again",
                ) from None
            if not told:
                emit(Notice("info", "another command is setting up the engine; waiting for it"))
                told = True
            time.sleep(0.5)
        else:
            return
