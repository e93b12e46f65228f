"""What a statement may cost others, and where it is said what it does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ticketctl.provision.migrate.execution.lock_wait import Blocked
    from ticketctl.provision.migrate.execution.stages import Stage
    from ticketctl.provision.migrate.syntax.tokens import Statement

COPY_LIMIT = 64 * 1024 * 1024  # bytes; copying less takes about a second


@dataclass(frozen=True, slots=True)
class LockWait:
    """How patient a statement is. By default four tries in at most 34 s.

    Attributes:
        seconds: How long each try waits for a lock.
        tries: How often it is tried.
        pause: Seconds before the second try, doubled before each further one; a random part of up to
            half of it is left out, so that two runners do not meet again and again.
        worth_repeating: A try that took more seconds than this is the last. It had nearly done its work
            when it could not get the table at its end, and would do all of it again.
    """

    seconds: int = 5
    tries: int = 4
    pause: float = 2.0
    worth_repeating: float = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a statement may cost others.

    Attributes:
        copy_limit: Bytes of data and indexes up to which a table may be copied while nobody can write to it.
        allow_copy: Whether the file allows that for any table.
        wait: How long a statement waits for locks, and how often it comes again.
    """

    copy_limit: int = COPY_LIMIT
    allow_copy: bool = False
    wait: LockWait = field(default_factory=LockWait)


@dataclass(frozen=True, slots=True)
class News:
    """Where it is said what happens to the statements of a file.

    Attributes:
        began: Takes the position of a statement and the statement, before it is sent.
        existed: Takes a statement whose object was there already with the same definition, and the server's note.
        warn: Takes a sentence that a reader should see.
        blocked: Takes who holds what the statement waits for.
        stage: Takes how far a long statement is; called from another thread.
    """

    began: Callable[[int, Statement], None]
    existed: Callable[[Statement, str], None]
    warn: Callable[[str], None]
    blocked: Callable[[Blocked], None]
    stage: Callable[[Stage], None]
