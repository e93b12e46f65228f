"""Requests of several threads in one transaction, which one of them runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ticketctl.reservations import _batches
from ticketctl.reservations._outcomes import Outcome
from ticketctl.reservations._requests import Request

LONGEST_TURNS = 0.001
"""Seconds after which a leader begins, whoever is on the way."""


class _Member(_batches.Member):
    """A request and the thread that waits for it.

    Attributes:
        outcome: What came of it; None if nobody knows.
        awake: Released when there is an outcome, or a batch to lead.
    """

    __slots__ = ("awake", "outcome")

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.outcome: Outcome | None = None
        self.awake = threading.Lock()
        self.awake.acquire()


class Batches:
    """Runs requests together.

    Args:
        grant: Runs one transaction for requests, and returns an outcome for each, in their order.
        after: Called with outcomes when their callers have been told.
        lanes: How many transactions run at a time.

    Attributes:
        expect: Called when a request comes, before `submit` or `miss`.
        miss: Called when it does not come after all.
    """

    def __init__(
        self,
        grant: Callable[[Sequence[Request]], Sequence[Outcome]],
        after: Callable[[Sequence[Outcome]], object],
        lanes: int,
    ) -> None:
        self._grant = grant
        self._after = after
        self._queue: _batches.Queue[_Member] = _batches.Queue(lanes)
        self.expect, self.miss = self._queue.expect, self._queue.miss
        self._mutex = threading.Lock()

    def submit(self, request: Request) -> Outcome | None:
        """Run a request, with others if others wait.

        Returns:
            What came of it; None if nobody knows, because whoever ran the transaction was interrupted.
        """
        member = _Member(request)
        with self._mutex:
            self._queue.join(member)
        if not member.leads:
            self._wait(member)
        if member.leads:
            self._lead(member)
        return member.outcome

    def _wait(self, member: _Member) -> None:
        try:
            member.awake.acquire()
        except BaseException:  # interrupted
            with self._mutex:
                waiting = self._queue.leave(member)
            if not waiting and member.leads:  # it was made a leader in this very moment
                self._hand_on()
            raise

    def _lead(self, leader: _Member) -> None:
        batch = [leader]
        outcomes: Sequence[Outcome] = ()
        try:
            self._let_others_come()
            with self._mutex:
                batch = self._queue.batch(leader)
            outcomes = self._grant([member.request for member in batch])
        finally:
            for number, member in enumerate(batch):
                member.outcome = outcomes[number] if outcomes else None
                if member is not leader:
                    member.awake.release()
            self._hand_on()
        self._after(outcomes)

    def _let_others_come(self) -> None:
        # Beside threads that compute, a turn may take as long as the interpreter lets them: then one is enough.
        until = time.monotonic() + LONGEST_TURNS
        for _ in range(_batches.TURNS):
            if not self._queue.more_come or time.monotonic() > until:
                break
            time.sleep(0)

    def _hand_on(self) -> None:
        with self._mutex:
            heir = self._queue.hand_on()
        if heir is not None:
            heir.awake.release()
