"""The thread that renews the leases of a process and tells of those that are lost."""

from __future__ import annotations

import logging
import math
import threading

from ticketctl.locks._clock import now
from ticketctl.locks._process import Process
from ticketctl.locks._renewal import Kept, Renewals
from ticketctl.locks._server import RedisError
from ticketctl.locks.sync.wire import Wire

_log = logging.getLogger("ticketctl.locks")


class Keeper:
    """Starts with the first lease that is kept, ends when it is closed.

    Args:
        wire: The way to the server.
        process: Makes the commands.
    """

    def __init__(self, wire: Wire, process: Process) -> None:
        self._wire = wire
        self._process = process
        self._renewals = Renewals()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._sleeps_until = 0.0

    def keep(self, kept: Kept) -> None:
        """Watch a lease until it is released or lost."""
        with self._changed:
            self._renewals.keep(kept)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ticketctl-locks-keeper", daemon=True)
                self._thread.start()
            elif self._renewals.next_at < self._sleeps_until:
                self._changed.notify()

    def close(self) -> None:
        """End the thread; what it kept runs out."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (at := self._renewals.next_at) > (moment := now()):
                    self._sleeps_until = at
                    self._changed.wait(None if at == math.inf else at - moment)
                if self._closed:
                    return
                self._sleeps_until = 0.0
                due = self._renewals.due(now())
            for kept in due.lost:
                kept.on_loss()
            if due.renew:
                self._renew(due.renew)

    def _renew(self, renew: list[tuple[Kept, float]]) -> None:
        commands = self._process.commands
        keys = self._process.keys
        packed = [commands.extend(keys(kept.lease.name), kept.lease.token, ttl) for kept, ttl in renew]
        sent = now()
        answers: list[bool | None]
        try:
            answers = [None if isinstance(answer, Exception) else answer == 1 for answer in self._wire.call_all(packed)]
        except (RedisError, OSError) as error:
            _log.warning("%d lock(s) not renewed in time, trying again: %s", len(packed), error)
            answers = [None] * len(packed)
        with self._changed:
            lags = [
                self._renewals.renewed(kept, ttl, held=held, sent=sent, now=now())
                for (kept, ttl), held in zip(renew, answers, strict=True)
            ]
        for (kept, _), lag in zip(renew, lags, strict=True):
            kept.on_renewed(lag)
