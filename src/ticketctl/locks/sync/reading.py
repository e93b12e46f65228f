"""Who reads the messages: one of those who sleep, in place of a thread that would have to wake the others."""

from __future__ import annotations

import threading

from ticketctl.locks._clock import now
from ticketctl.locks._process import Process
from ticketctl.locks._room import Room
from ticketctl.locks.sync.inbox import Inbox
from ticketctl.locks.sync.sleeper import Sleeper


class Reading:
    """The first of a room reads if nobody does; the others stand by, and one follows when the reader leaves.

    Args:
        inbox: Where the messages come in.
        process: Who is told of them.
        mutex: What guards the process; `lay_down` and `leave` are called with it held.
    """

    def __init__(self, inbox: Inbox, process: Process, mutex: threading.Lock) -> None:
        self._inbox = inbox
        self._process = process
        self._mutex = mutex
        self._reader: Sleeper | None = None
        self._standby: dict[Sleeper, None] = {}

    def lay_down(self, sleeper: Sleeper, *, first: bool) -> None:
        """Let somebody be asleep from here on; `sleep` follows."""
        self._standby.pop(sleeper, None)
        if first and self._reader is None and self._inbox.listening:
            self._reader = sleeper
            sleeper.lie_down(self._inbox.interrupt)
            return
        if first:
            self._standby[sleeper] = None
        sleeper.lie_down()

    def sleep(self, room: Room, sleeper: Sleeper, seconds: float) -> None:
        """Sleep until woken, at most so long; the reader reads meanwhile."""
        if self._reader is not sleeper:
            sleeper.sleep(seconds)
            return
        try:
            self._read(sleeper, now() + seconds)
        finally:
            with self._mutex:
                if not self._inbox.listening:
                    room.poll_at = now()  # its turn may have come and gone unheard
                self.leave(sleeper)

    def leave(self, sleeper: Sleeper) -> None:
        """Count on somebody no longer; another one reads if it was the reader."""
        self._standby.pop(sleeper, None)
        if self._reader is sleeper:
            self._reader = None
        if self._reader is None and self._standby:
            other = next(iter(self._standby))
            del self._standby[other]
            other.wake()

    def _read(self, sleeper: Sleeper, until: float) -> None:
        while sleeper.asleep and self._inbox.listening and (left := until - now()) > 0:
            tokens = self._inbox.read(left)
            if tokens:
                with self._mutex:
                    if sleeper.asleep:
                        sleeper.lie_down(_up_already)
                    for token in tokens:
                        self._process.told(token)
                    if sleeper.asleep:
                        sleeper.lie_down(self._inbox.interrupt)


def _up_already() -> None:
    """End the sleep of who is here to see it."""
