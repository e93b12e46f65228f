"""Who holds and who waits for one lock in this process (pure: decides, does nothing).

All that wait in a process are one in the queue at Redis: they stand there by a ticket, the token that the
lock is granted to. The first of them speaks for the room: asks, asks again after a while, claims. A lock
that is let go passes to the next of its own process in the same command, unless another process waits.

A shell (`sync`, `aio`) calls `next`, does what it says, and reports the answer, until it has a lease.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, MutableMapping

from ticketctl.locks._lease import Lease
from ticketctl.locks._scripts import Acquire, Busy, Granted, Let, Release
from ticketctl.locks._waiter import Handing, Listen, Ticket, Wait, Waiter

POLL = 0.7
"""Seconds after which the first of a room asks again: shorter than a claim, so that a lost message costs no turn."""
RETRY = 0.1
"""Seconds after which a server is asked again that did not answer."""
MARGIN = 0.002
"""Seconds after the end of a lease at which it is surely over."""


class Room:
    """One lock in one process.

    Args:
        name: The lock.
        tickets: All rooms of the process by the token of their ticket; kept up to date here.
        new_token: Makes tokens.
        poll: Makes the seconds after which the first asks again.

    Attributes:
        holder: The lease of this process, as far as it is known.
        waiters: Those who wait, in order.
        ticket: What they stand in the queue with.
        poll_at: When the first asks.
        missed: Whether a grant was found that no message had told of.
    """

    def __init__(
        self,
        name: str,
        tickets: MutableMapping[str, Room],
        new_token: Callable[[], str],
        poll: Callable[[], float] = lambda: POLL,
    ) -> None:
        self.name = name
        self.holder: Lease | None = None
        self.waiters: deque[Waiter] = deque()
        self.ticket: Ticket | None = None
        self.poll_at = 0.0
        self.missed = False
        # 2: a message came since the last question was answered, 1: before it.
        self._told = 0
        self._listen_at = 0.0
        self._tickets = tickets
        self._new_token = new_token
        self._poll = poll

    @property
    def idle(self) -> bool:
        """Whether nobody holds the lock and nobody waits for it here."""
        return self.holder is None and not self.waiters and self.ticket is None

    # --- waiting ------------------------------------------------------------------------------

    def join(self, waiter: Waiter, now: float) -> None:
        """Let somebody wait."""
        if not self.waiters:
            held_here = self.holder is not None and self.holder.valid(now)
            # Whoever holds it here will pass it on; should they not, it is asked for.
            self.poll_at = now + self._poll() if held_here else now
            waiter.contended = held_here
        else:
            waiter.contended = True
        self.waiters.append(waiter)

    def next(self, waiter: Waiter, now: float, *, listening: bool) -> Acquire | Listen | Wait | Lease:
        """Return what a waiter has to do, or what it has won.

        Args:
            waiter: Who asks.
            now: The time.
            listening: Whether messages would be heard.
        """
        if waiter.lease is not None:
            return waiter.lease
        if self.waiters[0] is not waiter:
            return Wait(math.inf)
        if waiter.contended and not listening:
            # At once, not only when it is time to ask: whoever releases the lock may queue this room before that.
            return Listen() if now >= self._listen_at else Wait(self._listen_at)
        if now < self.poll_at:
            return Wait(self.poll_at)
        return Acquire(self._current_ticket().token, waiter.ttl, waiter.at_least, listening)

    def answered(self, waiter: Waiter, ask: Acquire, reply: Granted | Busy | None, *, sent: float, now: float) -> None:
        """Take note of an answer.

        Args:
            waiter: Who asked.
            ask: What was asked.
            reply: The answer, None when there was none: the lock may be ours.
            sent: When the question left.
            now: When the answer came.
        """
        if waiter.lease is not None:
            return  # passed on within the process while the question was under way
        waiter.unanswered = reply is None
        if isinstance(reply, Granted):
            lease = Lease(self.name, ask.token, reply.fence, waiter.ttl, sent)
            if lease.valid(now):
                self._note_missed(waiter)
                self._take(waiter, lease, now)
            else:
                waiter.unanswered, waiter.failure = True, None  # not in time
                self.poll_at = now
        elif isinstance(reply, Busy):
            self._busy(ask, reply, now)
            waiter.contended = True
        else:
            self.unanswered(waiter, now)

    def unanswered(self, waiter: Waiter, now: float) -> None:
        """Take note that the server did not answer, or could not be listened to."""
        waiter.unanswered = True
        self.poll_at = self._listen_at = now + RETRY

    def told(self, token: str) -> None:
        """Take note of a message: the lock was granted to a ticket."""
        if self.ticket is not None and self.ticket.token == token and self.waiters:
            self._told = 2
            self._ask_now(0.0)

    def leave(self, waiter: Waiter, now: float) -> Release | None:
        """Let a waiter go who has nothing.

        Returns:
            What must be sent so that nothing is left behind.
        """
        first = self.waiters[0]
        self.waiters.remove(waiter)
        if self.waiters:
            if waiter is not first:
                return None
            self._ask_now(now)
            if waiter.ttl >= self.waiters[0].ttl:
                return None
            # Not with the same ticket: what it was asked for less time with may arrive late, from a connection that was
            # lost, and would end the lease of those who asked for more before they know.
        ticket = self._drop_ticket()
        return None if ticket is None else Release(ticket.token, leave=True, heir=None)

    # --- holding ------------------------------------------------------------------------------

    def release(self, lease: Lease) -> Handing:
        """Return how a lease is let go; what comes back goes to `released`."""
        if self.holder is lease:
            self.holder = None
        # A question that came after the end of the lease has queued its token again.
        lost = lease.loss is not None
        if not self.waiters:
            return Handing(Release(lease.token, leave=lost, heir=None), None, None)
        heir, ticket = self.waiters[0], self._current_ticket()
        ask = Acquire(ticket.token, heir.ttl, heir.at_least, queue=True)
        return Handing(Release(lease.token, leave=lost, heir=ask), ticket, heir)

    def released(
        self, handing: Handing, reply: Let | None, *, sent: float, now: float, listening: bool = True
    ) -> Release | None:
        """Take note of how a release went.

        Args:
            handing: What was sent.
            reply: The answer, None when there was none.
            sent: When it left.
            now: When the answer came.
            listening: Whether messages are heard.

        Returns:
            What must be sent as well: nobody was left to take what was passed on.
        """
        ticket = handing.ticket
        if ticket is None or ticket.taken:
            return None
        if reply is not None and reply.fence is not None:
            return self._passed_on(handing, ticket, reply.fence, sent=sent, now=now)
        if self.ticket is ticket and self.waiters:
            # Another process that has it will hand it on: a message may have said so already, and is the newer news.
            if reply is None or not reply.held or not listening:
                self._ask_now(now)
        elif self.ticket is not ticket:
            # Those who waited have left, perhaps before this command put their ticket into the queue.
            return Release(ticket.token, leave=True, heir=None)
        return None

    def _passed_on(self, handing: Handing, ticket: Ticket, fence: int, *, sent: float, now: float) -> Release | None:
        if self.ticket is not ticket or not self.waiters:
            return Release(ticket.token, leave=True, heir=None)
        first = self.waiters[0]
        lease = Lease(self.name, ticket.token, fence, first.ttl, sent)
        if first is handing.heir and lease.valid(now):
            self._take(first, lease, now)
            first.wake()
        else:
            self._ask_now(now)
        return None

    # --- inside -------------------------------------------------------------------------------

    def _busy(self, ask: Acquire, reply: Busy, now: float) -> None:
        if not ask.queue or self._told == 2:
            self.poll_at = now  # the message may have overtaken this answer
        else:
            self.poll_at = now + (self._poll() if reply.left < 0 else min(self._poll(), reply.left + MARGIN))
        self._told = max(0, self._told - 1)

    def _current_ticket(self) -> Ticket:
        if self.ticket is None:
            self.ticket = Ticket(self._new_token())
            self._tickets[self.ticket.token] = self
        return self.ticket

    def _drop_ticket(self) -> Ticket | None:
        ticket, self.ticket = self.ticket, None
        self._told = 0
        if ticket is not None:
            self._tickets.pop(ticket.token, None)
        return ticket

    def _take(self, waiter: Waiter, lease: Lease, now: float) -> None:
        ticket = self._drop_ticket()
        if ticket is not None:
            ticket.taken = True
        self.waiters.remove(waiter)
        self.holder = waiter.lease = lease
        if self.waiters:
            # The next speaks for the room now.
            self.poll_at = now + self._poll()
            self.waiters[0].wake()

    def _ask_now(self, now: float) -> None:
        self.poll_at = now
        self.waiters[0].wake()

    def _note_missed(self, waiter: Waiter) -> None:
        if waiter.contended and not self._told:
            self.missed = True
