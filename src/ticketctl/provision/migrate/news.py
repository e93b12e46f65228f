"""What a run says while it works, as progress events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketctl.events import Emit, Notice, Progress
from ticketctl.provision.migrate.execution.limits import News
from ticketctl.provision.migrate.source.targets import Target

if TYPE_CHECKING:
    from ticketctl.provision.migrate.execution.lock_wait import Blocked
    from ticketctl.provision.migrate.execution.stages import Stage

STEP = "migrate"  # the step's name in progress events


def at_head(target: Target) -> Progress:
    """Return the event that says that everything is applied to a database.

    Args:
        target: It.
    """
    return Progress(STEP, target.key, "at head", f"{len(target.migrations)} applied")


def news_of(key: str, migration: str, emit: Emit) -> News:
    """Return where the statements of a migration say what a reader should know.

    Args:
        key: Key of the database in the settings.
        migration: Name of the migration.
        emit: Takes the progress.
    """

    def warn(text: str) -> None:
        emit(Notice("warn", f"{key}: {migration}: {text}"))

    def blocked(found: Blocked) -> None:
        emit(Progress(STEP, key, "waiting", f"{migration}: {found}"))

    def stage(found: Stage) -> None:
        emit(Progress(STEP, key, "applying", f"{migration}: {found.name}", found.done, found.total))

    return News(warn, blocked, stage)
