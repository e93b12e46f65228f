"""What a run says while it works, as progress events."""

from __future__ import annotations

from ticketctl.events import Emit, Notice, Progress
from ticketctl.provision.migrate.execution.lock_wait import Blocked
from ticketctl.provision.migrate.execution.send import News
from ticketctl.provision.migrate.execution.stages import Stage

STEP = "migrate"  # the step's name in progress events


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
