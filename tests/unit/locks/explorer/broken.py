"""Broken twins: what the locks would be without one of the things that make them safe."""

from __future__ import annotations

import math
from collections.abc import Callable, MutableMapping

from conformance.locks.model import Scripts
from ticketctl.locks._lease import Lease
from ticketctl.locks._room import Room
from ticketctl.locks._scripts import Let, Release
from ticketctl.locks._waiter import Handing, Waiter
from unit.locks.explorer.process import NOW, Process
from unit.locks.explorer.state import Command, Message

# --- the Redis side -------------------------------------------------------------------------------


class AnybodyReleases(Scripts):
    """Release without the owner check."""

    def may_release(self, token: str) -> bool:  # noqa: ARG002  # that is what is broken
        return self.store.get(self.keys.lease) is not None


class TheClockAlone(Scripts):
    """A fence that is not compared with the last one: the clock stands still, or was set back."""

    def next_fence(self, last: int, at_least: int) -> int:  # noqa: ARG002  # that is what is broken
        return max(self.store.now, at_least, 1)


class NobodyIsSkipped(Scripts):
    """A waiter is handed the lock though nobody heard the message."""

    def told(self, channel: str, token: str) -> bool:
        super().told(channel, token)
        return True


# --- the room -------------------------------------------------------------------------------------


class NoWatchdog(Room):
    """Nobody looks again by themselves; they wait for the message."""

    def __init__(self, name: str, tickets: MutableMapping[str, Room], new_token: Callable[[], str]) -> None:
        super().__init__(name, tickets, new_token, lambda: math.inf)


class ReleasesTakenTickets(Room):
    """The answer of a release gives a ticket back that has become somebody's lease."""

    def released(
        self, handing: Handing, reply: Let | None, *, sent: float, now: float, listening: bool = True
    ) -> Release | None:
        if handing.ticket is not None:
            handing.ticket.taken = False
        return super().released(handing, reply, sent=sent, now=now, listening=listening)


class ForgetsItsTicket(Room):
    """Who leaves does not take their ticket out of the queue."""

    def leave(self, waiter: Waiter, now: float) -> Release | None:
        super().leave(waiter, now)
        return None


class ForgetsTheNext(Room):
    """Who leaves does not wake the next, who sleeps until then."""

    def leave(self, waiter: Waiter, now: float) -> Release | None:
        for other in self.waiters:
            other.wake = lambda: None
        return super().leave(waiter, now)


class OneTicketForAll(Room):
    """The ticket of who leaves is used by those who ask for more time."""

    def leave(self, waiter: Waiter, now: float) -> Release | None:
        waiter.ttl = math.inf  # so that nobody asks for more
        return super().leave(waiter, now)


# --- the shell ------------------------------------------------------------------------------------


class EntersOnTheMessage(Process):
    """Who is told of the lock enters, without a claim."""

    def told(self, message: Message) -> None:
        room = self.room
        if room.ticket is not None and room.ticket.token == message.token:
            first = room.waiters[0]
            room._take(first, Lease("lock", message.token, message.fence, first.ttl, NOW), NOW)
            self._enter()


class CountsFromTheAnswer(Process):
    """A lease is counted from when the answer came."""

    def sent(self, command: Command) -> float:  # noqa: ARG002  # that is what is broken
        return NOW
