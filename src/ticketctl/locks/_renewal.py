"""When which lease is renewed, and which are lost (pure)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import NamedTuple

from ticketctl.locks._lease import DRIFT, Lease

PARTS = 3
"""A lease is renewed after this part of it, so that two renewals may fail."""
TICK = 0.02
"""Seconds: renewals due within it are sent together."""


class Kept:
    """A lease that is watched.

    Attributes:
        lease: The lease.
        on_loss: Called once, when it is lost.
        on_renewed: Called with the seconds that each renewal came behind its time.
        renew: Whether it is renewed.
        ends: After when it is not renewed any more.
        due: When its next renewal is due, or was.
        asked: Whether a renewal is under way.
        turn: Which of its places in the heap counts: it was put there again since the others.
    """

    __slots__ = ("asked", "due", "ends", "lease", "on_loss", "on_renewed", "renew", "turn")

    def __init__(
        self,
        lease: Lease,
        on_loss: Callable[[], object],
        on_renewed: Callable[[float], object],
        *,
        renew: bool,
        max_hold: float = math.inf,
    ) -> None:
        self.lease = lease
        self.on_loss = on_loss
        self.on_renewed = on_renewed
        self.renew = renew
        self.ends = lease.began + max_hold
        self.due = lease.began + lease.ttl / PARTS if renew else math.inf
        self.asked = False
        self.turn = 0


class Due(NamedTuple):
    """What has to be done now.

    Attributes:
        renew: Leases to renew, each with the seconds to ask for.
        lost: Leases that are lost.
    """

    renew: list[tuple[Kept, float]]
    lost: list[Kept]


class Renewals:
    """All leases that a process watches."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Kept]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next_at(self) -> float:
        """When something has to be done."""
        while self._heap and self._heap[0][2].lease.released:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else math.inf

    def keep(self, kept: Kept) -> None:
        """Watch a lease until it is released or lost; again, after it was extended by hand."""
        if kept.renew:
            lease = kept.lease
            kept.due = min(kept.due, lease.valid_until - lease.ttl * (1 - DRIFT - 1 / PARTS))
        self._push(kept)

    def due(self, now: float) -> Due:
        """Return what has to be done, and expect to be told of each renewal how it went."""
        found, later = Due([], []), []
        while self._heap and self._heap[0][0] <= now + TICK:
            _, turn, kept = heapq.heappop(self._heap)
            if turn != kept.turn or kept.lease.released:
                continue  # looked at before, or over
            if not self._judged(kept, now, found):
                later.append(kept)
        for kept in later:
            self._push(kept)
        return found

    def _judged(self, kept: Kept, now: float, found: Due) -> bool:
        """Put a lease where it belongs, and tell whether that was the last of it."""
        lease = kept.lease
        if lease.lost_at(now) is not None:
            found.lost.append(kept)
            return True
        if not kept.asked and kept.due <= now + TICK:
            seconds = min(lease.ttl, kept.ends - now)
            if seconds > lease.valid_until - now:
                kept.asked, lease.asked = True, now
                found.renew.append((kept, seconds))
            else:
                kept.due, lease.ends_as = math.inf, "max_hold"  # it lasts as long as it may
        return False

    def renewed(self, kept: Kept, seconds: float, *, held: bool | None, sent: float, now: float) -> float:
        """Take note of how a renewal went.

        Args:
            kept: What was renewed.
            seconds: What was asked for.
            held: Whether the server said yes; None when it said nothing.
            sent: When the question left.
            now: When the answer came.

        Returns:
            Seconds that the renewal came behind its time.
        """
        lag = max(0.0, sent - kept.due)
        kept.asked = False
        if kept.lease.loss is not None:
            return lag  # that is known, or will be when its time is over
        if held is None:
            kept.due = now + kept.lease.ttl / PARTS / 4
        elif held:
            kept.lease.extended(seconds, sent, "max_hold" if seconds < kept.lease.ttl else "expired")
            # The next is counted from when this one was due: a late renewal makes no later ones.
            step = kept.lease.ttl / PARTS
            kept.due += step * max(1, math.ceil((now - kept.due) / step))
        else:
            kept.lease.refused(now)
        self._push(kept)
        return lag

    def _push(self, kept: Kept) -> None:
        at = 0.0 if kept.lease.loss else kept.lease.valid_until
        if not kept.asked:
            at = min(at, kept.due)
        self._count += 1
        kept.turn = self._count
        heapq.heappush(self._heap, (at, self._count, kept))
