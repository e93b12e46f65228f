"""What a run may do, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass, field

from ticketctl.provision.migrate.execution.limits import Limits

LOCK_TIMEOUT = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Options:
    """What a run may do, and how long it waits.

    Attributes:
        lock_timeout: Seconds to wait for another runner in each database.
        allow_late: Whether a migration may run that belongs before an applied one.
        keep_going: Whether the other databases go on when one has failed; else each stops after the
            migration that it is at.
        limits: What statements may cost others.
    """

    lock_timeout: float = LOCK_TIMEOUT
    allow_late: bool = False
    keep_going: bool = False
    limits: Limits = field(default_factory=Limits)
