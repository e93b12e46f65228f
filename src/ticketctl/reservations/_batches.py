"""Which requests share a transaction, and who runs it; no thread, no task.

Few transactions are run at a time (`lanes`). A request that finds a lane free leads a batch of its own at once. Others
wait, and whoever has finished a batch hands its lane to the first who waits, together with all that can be granted with
it. Nobody waits for more to come.

Source: the leader of a group commit does the work of those who came while the last one was at it (e.g. the write groups
of LevelDB).
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from ticketctl.reservations._requests import Request

MOST_REQUESTS = 64
MOST_SEATS = 256

M = TypeVar("M", bound="Member")


class Member:
    """A request that waits for its outcome.

    Attributes:
        request: It.
        batch: Whom it shall lead; None as long as it leads nobody.
    """

    __slots__ = ("batch", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.batch: list[Member] | None = None


class Queue(Generic[M]):
    """The requests that wait, and the lanes; whoever has threads locks around it.

    Args:
        lanes: How many batches may be at work at one time.
    """

    def __init__(self, lanes: int) -> None:
        self._free = lanes
        self._waiting: deque[M] = deque()

    def join(self, member: M) -> bool:
        """Add a request.

        Returns:
            Whether it leads at once, with itself as its batch.
        """
        if self._free:
            self._free -= 1
            member.batch = [member]
            return True
        self._waiting.append(member)
        return False

    def hand_on(self) -> M | None:
        """End a batch, and hand its lane on.

        Returns:
            Who leads now: its batch is set. None if nobody waits.
        """
        if not self._waiting:
            self._free += 1
            return None
        leader = self._waiting[0]
        leader.batch = list(self._taken(leader))
        return leader

    def leave(self, member: M) -> bool:
        """Take a request back that is not in a batch yet.

        Returns:
            Whether it was still waiting.
        """
        try:
            self._waiting.remove(member)
        except ValueError:
            return False
        return True

    def _taken(self, leader: M) -> list[M]:
        """Take what goes with the leader, in the order in which it came."""
        taken: list[M] = []
        left: deque[M] = deque()
        seats = 0
        while self._waiting and len(taken) < MOST_REQUESTS:
            member = self._waiting.popleft()
            fits = not taken or seats + member.request.count <= MOST_SEATS
            if fits and member.request.kind == leader.request.kind:
                taken.append(member)
                seats += member.request.count
            else:
                left.append(member)
        self._waiting.extendleft(reversed(left))
        return taken
