"""Tasks that wait, and how they sleep."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from ticketctl.locks._waiter import Waiter

if TYPE_CHECKING:
    from ticketctl.locks._arguments import Terms


class Sleeper:
    """Somebody who waits, and how they sleep.

    Attributes:
        waiter: Who.
        deadline: Until when.
    """

    __slots__ = ("_woken", "deadline", "waiter")

    def __init__(self, terms: Terms, deadline: float) -> None:
        self.waiter = Waiter(terms.ttl, terms.min_fence, self.wake)
        self.deadline = deadline
        self._woken: asyncio.Future[None] | None = None

    async def sleep(self, seconds: float) -> None:
        """Sleep for so long, or until woken."""
        loop = asyncio.get_running_loop()
        self._woken = loop.create_future()
        timer = None if seconds == math.inf else loop.call_later(max(seconds, 0.0), self.wake)
        try:
            await self._woken
        finally:
            self._woken = None
            if timer is not None:
                timer.cancel()

    def wake(self) -> None:
        """End the sleep; who is awake looks again before sleeping."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)
