"""Requests of several threads in one transaction, which one of them runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import cast

from ticketctl.reservations import _batches
from ticketctl.reservations._outcomes import Outcome
from ticketctl.reservations._requests import Request


class _Member(_batches.Member):
    """A request and the thread that waits for it.

    Attributes:
        outcome: What came of it; None if it must be tried alone.
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
        self._mutex = threading.Lock()

    def submit(self, request: Request) -> Outcome | None:
        """Run a request, with others if others wait.

        Returns:
            What came of it; None if it must be tried alone, because the transaction failed.
        """
        member = _Member(request)
        with self._mutex:
            leads = self._queue.join(member)
        if not leads:
            self._wait(member)
        if member.batch is not None:
            self._lead(member)
        return member.outcome

    def _wait(self, member: _Member) -> None:
        try:
            member.awake.acquire()
        except BaseException:  # interrupted
            with self._mutex:
                waiting = self._queue.leave(member)
            if not waiting and member.batch is not None:
                # It was made a leader in this very moment: the others in its batch go on alone.
                self._finish(member, ())
            raise

    def _lead(self, leader: _Member) -> None:
        outcomes: Sequence[Outcome] = ()
        try:
            outcomes = self._grant([member.request for member in leader.batch or ()])
        finally:
            self._finish(leader, outcomes)
        self._after(outcomes)

    def _finish(self, leader: _Member, outcomes: Sequence[Outcome]) -> None:
        """Wake those who wait for these outcomes, and hand the lane on."""
        batch = cast("list[_Member]", leader.batch)
        for number, member in enumerate(batch):
            member.outcome = outcomes[number] if outcomes else None
            if member is not leader:
                member.awake.release()
        with self._mutex:
            heir = self._queue.hand_on()
        if heir is not None:
            heir.awake.release()
