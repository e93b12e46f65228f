"""What a run says while it works, as progress events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from ticketctl.events import Emit, Notice, Progress
from ticketctl.provision.migrate.execution.limits import News
from ticketctl.provision.migrate.planning.plan import Step
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.statements import excerpt

if TYPE_CHECKING:
    from ticketctl.provision.migrate.execution.lock import Holder
    from ticketctl.provision.migrate.execution.lock_wait import Blocked
    from ticketctl.provision.migrate.execution.stages import Stage
    from ticketctl.provision.migrate.syntax.lexer import Statement

STEP = "migrate"  # the step's name in progress events


def at_head(target: Target) -> Progress:
    """Return the event that says that everything is applied to a database.

    Args:
        target: It.
    """
    return Progress(STEP, target.key, "at head", f"{len(target.migrations)} applied")


def waiting_for_lock(key: str, emit: Emit) -> Callable[[Holder, float], None]:
    """Return what says who holds the lock of a database, while that is waited for.

    Args:
        key: Key of the database in the settings.
        emit: Takes the progress.
    """

    def waiting(holder: Holder, seconds: float) -> None:
        emit(Progress(STEP, key, "waiting", f"{seconds:.0f} s for the lock held by {holder}"))

    return waiting


def news_of(key: str, step: Step, state: Literal["applying", "rolling back"], emit: Emit) -> News:
    """Return where the statements of a file say what happens to them.

    Args:
        key: Key of the database in the settings.
        step: The execution of the file.
        state: What is done with it.
        emit: Takes the progress.
    """
    current = ""

    def began(position: int, statement: Statement) -> None:
        nonlocal current
        current = excerpt(statement)
        emit(Progress(STEP, key, state, f"{step.name}: {current}", position, step.total))

    def existed(statement: Statement, note: str) -> None:
        emit(Notice("info", f"{step.path}:{statement.line}: {note}; it is what the statement would have made"))

    def warn(text: str) -> None:
        emit(Notice("warn", f"{key}: {step.name}: {text}"))

    def blocked(found: Blocked) -> None:
        emit(Progress(STEP, key, "waiting", f"{step.name}: {found}"))

    def stage(found: Stage) -> None:
        emit(Progress(STEP, key, state, f"{step.name}: {found.name}: {current}", found.done, found.total))

    return News(began, existed, warn, blocked, stage)
