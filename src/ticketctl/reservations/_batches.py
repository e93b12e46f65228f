"""Which requests share a transaction, and who runs it; no thread, no task.

Few transactions are run at a time (`lanes`). A request that finds all lanes free leads a batch at once; another lane is
opened when enough requests wait to be worth a transaction. The others wait, and whoever has finished a batch hands
its lane to the first who waits. A leader takes all with it, when it begins, that can be granted with its own request.
It waits for nobody; but where others are on their way, which is known, it lets other threads or tasks have their turn
a few times first. That makes the difference between transactions of one hold and of several.

Source: the leader of a group commit does the work of those who came while the last one was at it (e.g. the write groups
of LevelDB).
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from ticketctl.reservations._requests import Request

MOST_REQUESTS = 64
MOST_SEATS = 256
ENOUGH = 8
"""How many requests are worth another transaction beside those that run."""
TURNS = 8
"""How often a leader lets others go first, while some are on their way, before it begins."""

M = TypeVar("M", bound="Member")


class Member:
    """A request that waits for its outcome.

    Attributes:
        request: It.
        leads: Whether it is to run a batch.
    """

    __slots__ = ("leads", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.leads = False


class Queue(Generic[M]):
    """The requests that wait, and the lanes; whoever has threads locks around it.

    Args:
        lanes: How many batches may be at work at one time.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._free = lanes
        self._waiting: deque[M] = deque()
        self._coming: list[None] = []

    def expect(self) -> None:
        """Note that a request comes: the filter is asked for it. `join` or `miss` follows; needs no lock."""
        self._coming.append(None)

    def miss(self) -> None:
        """Note that it does not come after all; needs no lock."""
        self._coming.pop()

    @property
    def more_come(self) -> bool:
        """Whether others are on their way."""
        return bool(self._coming)

    def join(self, member: M) -> None:
        """Add a request that was expected; it leads a batch at once, or waits until it is in one or leads one."""
        self._coming.pop()
        if self._free == self._lanes or (self._free and len(self._waiting) + 1 >= ENOUGH):
            self._free -= 1
            member.leads = True
        else:
            self._waiting.append(member)

    def batch(self, leader: M) -> list[M]:
        """Return a leader and all that go with it, in the order in which they came."""
        taken, seats = [leader], leader.request.count
        left: deque[M] = deque()
        while self._waiting and len(taken) < MOST_REQUESTS:
            member = self._waiting.popleft()
            if seats + member.request.count <= MOST_SEATS and member.request.kind == leader.request.kind:
                taken.append(member)
                seats += member.request.count
            else:
                left.append(member)
        self._waiting.extendleft(reversed(left))
        return taken

    def hand_on(self) -> M | None:
        """End a batch, and hand its lane on.

        Returns:
            Who leads now. None if nobody waits.
        """
        if not self._waiting:
            self._free += 1
            return None
        leader = self._waiting.popleft()
        leader.leads = True
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
