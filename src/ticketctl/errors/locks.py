"""Locks (6xx)."""

from __future__ import annotations

from typing import Literal

from ticketctl.errors.tree import ExitCode, TicketctlError


class LockError(TicketctlError):
    """Root of what can go wrong with locks."""

    code = "TKT-600"


class LockNotAcquiredError(LockError):
    """The lock was held by others for the whole time that the caller was willing to wait.

    Attributes:
        name: The lock.
        waited: Seconds.
    """

    code = "TKT-601"
    exit_code = ExitCode.NEGATIVE

    def __init__(self, name: str, *, waited: float, why: str = "", next_step: str = "") -> None:
        self.name = name
        self.waited = waited
        super().__init__(f"the lock '{name}' was not free within {waited:.3g} s", why=why, next_step=next_step)


class LockNotOwnedError(LockError):
    """The handle holds nothing: it was released before, or lost.

    Attributes:
        name: The lock.
        fence: What its holder would write with.
    """

    code = "TKT-602"

    def __init__(self, what: str, *, name: str, fence: int, why: str = "", next_step: str = "") -> None:
        self.name = name
        self.fence = fence
        super().__init__(what, why=why, next_step=next_step)


class LockLostError(LockNotOwnedError):
    """The lock was held and is not any more, while its holder had not released it.

    Attributes:
        reason: `expired` (its time ran out), `taken` (the server knows another holder, or none), `max_hold` (it was
            renewed for as long as the caller allowed), or `forked` (the process that acquired it is another one).
    """

    code = "TKT-603"

    def __init__(self, name: str, *, fence: int, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the lock '{name}' was lost: {_LOSSES[reason]}",
            name=name,
            fence=fence,
            next_step="what was not finished must be taken up under a new lock; writes that check the fence are safe",
        )


class StaleHolderError(LockError):
    """A newer holder of the lock has written already; nothing was written.

    Attributes:
        fence: The fence of the holder that wanted to write.
        newer: The fence that was found, None where it could not be read any more.
    """

    code = "TKT-604"

    def __init__(self, what: str, *, fence: int, newer: int | None) -> None:
        self.fence = fence
        self.newer = newer
        super().__init__(
            what,
            why=f"its fence is {fence}, and one of {newer} has written" if newer else f"its fence is {fence}",
            next_step="give the work up: whoever holds the lock now does it",
        )


class LockBackendError(LockError):
    """Redis did not answer, or refused.

    Attributes:
        name: The lock, None where none is concerned.
        outcome: `unknown` when the command may have been carried out, `refused` when it was not.
    """

    code = "TKT-605"
    exit_code = ExitCode.UNREACHABLE

    def __init__(
        self,
        what: str,
        *,
        name: str | None,
        outcome: Literal["unknown", "refused"],
        why: str = "",
        next_step: str = "",
    ) -> None:
        self.name = name
        self.outcome: Literal["unknown", "refused"] = outcome
        super().__init__(what, why=why, next_step=next_step)


_LOSSES = {
    "expired": "its time ran out before it was renewed or released",
    "taken": "the server does not know this holder any more",
    "max_hold": "it was held for as long as `max_hold` allows",
    "forked": "it belongs to the process that this one was forked from",
}
