"""What renews the leases of an event loop and tells of those that are lost."""

from __future__ import annotations

import asyncio
import logging
import math

from ticketctl.locks._clock import now
from ticketctl.locks._process import Process
from ticketctl.locks._renewal import Kept, Renewals
from ticketctl.locks._server import RedisError
from ticketctl.locks.aio.wire import Answer, Wire

_log = logging.getLogger("ticketctl.locks")


class Keeper:
    """One timer for all leases; renewals that are due together leave in one write.

    Args:
        wire: The way to the server.
        process: Makes the commands.
    """

    def __init__(self, wire: Wire, process: Process) -> None:
        self._wire = wire
        self._process = process
        self._renewals = Renewals()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._closed = False

    def keep(self, kept: Kept) -> None:
        """Watch a lease until it is released or lost."""
        self._renewals.keep(kept)
        self._plan()

    def close(self) -> None:
        """Stop; what it kept runs out."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _plan(self) -> None:
        at = self._renewals.next_at
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
            self._timer = None
        if at < math.inf and not self._closed:
            self._timer_at = at
            self._timer = asyncio.get_running_loop().call_later(max(0.0, at - now()), self._run)

    def _run(self) -> None:
        self._timer = None
        due = self._renewals.due(now())
        for kept in due.lost:
            kept.on_loss()
        for kept, ttl in due.renew:
            self._renew(kept, ttl)
        self._plan()

    def _renew(self, kept: Kept, ttl: float) -> None:
        lease = kept.lease
        packed = self._process.commands.extend(self._process.keys(lease.name), lease.token, ttl)
        sent = now()

        def answered(answer: Answer) -> None:
            held = None
            try:
                held = answer.result() == 1
            except (RedisError, OSError, asyncio.CancelledError) as error:
                _log.warning("the lock %s was not renewed in time, trying again: %s", lease.name, error)
            kept.on_renewed(self._renewals.renewed(kept, ttl, held=held, sent=sent, now=now()))
            self._plan()

        self._wire.send(packed).add_done_callback(answered)
