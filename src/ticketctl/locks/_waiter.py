"""Somebody who waits, what they have to do, and what they stand in the queue with (pure)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ticketctl.locks._lease import Lease
from ticketctl.locks._scripts import Release


class Listen(NamedTuple):
    """Listen for the message first: who does not listen is not handed the lock."""


class Wait(NamedTuple):
    """Wait to be woken.

    Attributes:
        until: When to come back without having been woken.
    """

    until: float


class Ticket:
    """What a room stands in the queue with.

    Attributes:
        token: The token that the lock will be granted to.
        taken: Whether somebody has the lease that it was granted.
    """

    __slots__ = ("taken", "token")

    def __init__(self, token: str) -> None:
        self.token = token
        self.taken = False


class Waiter:
    """Somebody who waits.

    Attributes:
        ttl: Seconds that the lock is wanted for.
        at_least: The least fence.
        wake: Ends the waiting of `Wait`; may be called at any time.
        lease: What was won.
        unanswered: Whether the last question was not answered.
        failure: Why, as far as the shell knows.
        contended: Whether somebody else had the lock.
    """

    __slots__ = ("at_least", "contended", "failure", "lease", "ttl", "unanswered", "wake")

    def __init__(self, ttl: float, at_least: int, wake: Callable[[], object]) -> None:
        self.ttl = ttl
        self.at_least = at_least
        self.wake = wake
        self.lease: Lease | None = None
        self.unanswered = False
        self.failure: BaseException | None = None
        self.contended = False


class Handing(NamedTuple):
    """A lock on its way to somebody else.

    Attributes:
        let: The command.
        ticket: The ticket of those who wait here.
        heir: The one of them whose terms the command carries.
    """

    let: Release
    ticket: Ticket | None
    heir: Waiter | None
