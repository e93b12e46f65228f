"""Threads that wait, and how they sleep."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ticketctl.locks._waiter import Waiter

if TYPE_CHECKING:
    from ticketctl.locks._arguments import Terms


class Sleeper:
    """Somebody who waits, and how they sleep. All but `sleep` is done under the hub's mutex.

    Attributes:
        waiter: Who.
        deadline: Until when.
    """

    __slots__ = ("_end", "_shut", "deadline", "waiter")

    def __init__(self, terms: Terms, deadline: float) -> None:
        self.waiter = Waiter(terms.ttl, terms.min_fence, self.wake)
        self.deadline = deadline
        self._shut = threading.Lock()
        self._end: Callable[[], object] | None = None

    @property
    def asleep(self) -> bool:
        """Whether it was laid down and not woken since."""
        return self._end is not None

    def lie_down(self, end: Callable[[], object] | None = None) -> None:
        """Be asleep from now on.

        Args:
            end: Called when it is woken; ends `sleep` if not given.
        """
        self._shut.acquire(blocking=False)
        self._end = end or self._shut.release

    def sleep(self, seconds: float) -> None:
        """Sleep for so long, or until woken; not at all if that has happened already."""
        self._shut.acquire(timeout=min(max(seconds, 0.0), threading.TIMEOUT_MAX))

    def wake(self) -> None:
        """Be awake; who is awake already looks again before lying down."""
        end, self._end = self._end, None
        if end is not None:
            end()

    def get_up(self) -> None:
        """Be awake by oneself."""
        self._end = None
