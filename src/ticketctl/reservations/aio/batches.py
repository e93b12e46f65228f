"""Requests of several tasks in one transaction, which one of them runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ticketctl.reservations import _batches
from ticketctl.reservations._outcomes import Outcome
from ticketctl.reservations._requests import Request


class _Member(_batches.Member):
    """A request and the task that waits for it.

    Attributes:
        outcome: What came of it; None if nobody knows.
        awake: Done when there is an outcome, or a batch to lead.
    """

    __slots__ = ("awake", "outcome")

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.outcome: Outcome | None = None
        self.awake: asyncio.Future[None] = asyncio.get_running_loop().create_future()


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
        grant: Callable[[Sequence[Request]], Awaitable[Sequence[Outcome]]],
        after: Callable[[Sequence[Outcome]], object],
        lanes: int,
    ) -> None:
        self._grant = grant
        self._after = after
        self._queue: _batches.Queue[_Member] = _batches.Queue(lanes)
        self.expect, self.miss = self._queue.expect, self._queue.miss

    async def submit(self, request: Request) -> Outcome | None:
        """Run a request, with others if others wait.

        Returns:
            What came of it; None if nobody knows, because whoever ran the transaction was interrupted.
        """
        member = _Member(request)
        self._queue.join(member)
        if not member.leads:
            await self._wait(member)
        if member.leads:
            await self._lead(member)
        return member.outcome

    async def _wait(self, member: _Member) -> None:
        try:
            await member.awake
        except asyncio.CancelledError:
            if not self._queue.leave(member) and member.leads:  # it was made a leader in this very moment
                self._hand_on()
            raise

    async def _lead(self, leader: _Member) -> None:
        batch = [leader]
        outcomes: Sequence[Outcome] = ()
        try:
            for _ in range(_batches.TURNS):
                await asyncio.sleep(0)
                if not self._queue.more_come:
                    break
            batch = self._queue.batch(leader)
            outcomes = await self._grant([member.request for member in batch])
        finally:
            for number, member in enumerate(batch):
                member.outcome = outcomes[number] if outcomes else None
                _wake(member)
            self._hand_on()
        self._after(outcomes)

    def _hand_on(self) -> None:
        heir = self._queue.hand_on()
        if heir is not None:
            _wake(heir)


def _wake(member: _Member) -> None:
    if not member.awake.done():
        member.awake.set_result(None)
