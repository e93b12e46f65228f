"""What a process knows of a lock that it won: until when it may believe that it holds it (pure)."""

from __future__ import annotations

from typing import Literal

DRIFT = 0.01
"""Part of a lease that is not used, for clocks that run at different speed (Redlock's allowance, redis.io/docs)."""

Loss = Literal["expired", "taken", "max_hold", "forked"]


class Lease:
    """One grant.

    Attributes:
        name: The lock.
        token: Who holds it.
        fence: Its fence.
        ttl: Seconds.
        began: When the command that won it left.
        valid_until: Until when nobody else can have it.
        asked: When it was last asked for more time.
        released: Whether its holder let it go.
        ends_as: Why it will be lost when its time is over.
        loss: Why it is lost, once that is known.
    """

    __slots__ = ("asked", "began", "ends_as", "fence", "loss", "name", "released", "token", "ttl", "valid_until")

    def __init__(self, name: str, token: str, fence: int, ttl: float, sent: float) -> None:
        self.name = name
        self.token = token
        self.fence = fence
        self.ttl = ttl
        self.began = self.asked = sent
        self.valid_until = sent + ttl * (1 - DRIFT)
        self.released = False
        self.ends_as: Loss = "expired"
        self.loss: Loss | None = None

    def valid(self, now: float) -> bool:
        """Tell whether it is held for certain."""
        return now < self.valid_until and self.loss is None and not self.released

    def asking(self, ttl: float, sent: float) -> None:
        """Take note that it is asked for so many seconds from then: no more are certain before the answer."""
        self.valid_until = min(self.valid_until, sent + ttl * (1 - DRIFT))
        self.asked = sent

    def extended(self, ttl: float, sent: float, ends_as: Loss = "expired") -> None:
        """Take note that the server gave it so many seconds, asked at that time."""
        until = sent + ttl * (1 - DRIFT)
        # Of two questions that were under way at once, nobody knows which was the last.
        self.valid_until = until if sent >= self.asked else min(until, self.valid_until)
        self.ends_as = ends_as

    def refused(self, now: float) -> None:
        """Take note that the server does not know it: its time is over by now, or somebody took it before."""
        self.loss = self.lost_at(now) or "taken"

    def lost_at(self, now: float) -> Loss | None:
        """Return why it is lost, None while it is not."""
        if self.loss is None and not self.released and now >= self.valid_until:
            self.loss = self.ends_as
        return self.loss
