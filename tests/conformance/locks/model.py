"""The Redis side of the locks in Python: as much of a server as the scripts see, and the scripts.

What `src/ticketctl/locks/lua/` does, line by line. `test_model.py` compares it with a real server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Reply: TypeAlias = "list[int | str] | int"
Handed: TypeAlias = Literal["own", "other"] | None


class Store:
    """Keys that may end, and channels.

    Args:
        now: The time, in µs.

    Attributes:
        values: What the keys hold: text, or a list.
        ends: When a key ends, in ms; what is not in it does not end.
        heard: The messages of each channel that somebody listens to.
    """

    def __init__(self, now: int = 0) -> None:
        self.now = now
        self.values: dict[str, str | list[str]] = {}
        self.ends: dict[str, int] = {}
        self.heard: dict[str, list[str]] = {}

    def look(self) -> Mapping[str, str | list[str]]:
        """Return what is there now."""
        for key in [key for key, end in self.ends.items() if self.now // 1000 > end]:
            self.delete(key)
        return self.values

    def get(self, key: str) -> str | None:
        value = self.look().get(key)
        assert not isinstance(value, list)
        return value

    def set(self, key: str, value: str, px: int) -> None:
        self.values[key] = value
        self.pexpire(key, px)

    def delete(self, key: str) -> None:
        self.values.pop(key, None)
        self.ends.pop(key, None)

    def pexpire(self, key: str, milliseconds: int) -> int:
        if key not in self.look():
            return 0
        self.ends[key] = self.now // 1000 + milliseconds
        return 1

    def pttl(self, key: str) -> int:
        if key not in self.look():
            return -2
        return self.ends[key] - self.now // 1000 if key in self.ends else -1

    def list(self, key: str) -> list[str]:
        value = self.look().get(key, [])
        assert isinstance(value, list)
        return value

    def rpush(self, key: str, value: str) -> None:
        self.values[key] = [*self.list(key), value]

    def lpop(self, key: str) -> str | None:
        values = self.list(key)
        if not values:
            return None
        self.remove(key, values[0])
        return values[0]

    def remove(self, key: str, value: str) -> None:
        """Remove the first that is equal; a list without elements is no key."""
        rest = list(self.list(key))
        if value in rest:
            rest.remove(value)
        if rest:
            self.values[key] = rest
        else:
            self.delete(key)

    def publish(self, channel: str, message: str) -> int:
        if channel not in self.heard:
            return 0
        self.heard[channel].append(message)
        return 1


class LockKeys(NamedTuple):
    """The keys of one lock."""

    lease: str
    fence: str
    queue: str


class Heir(NamedTuple):
    """Who waits in the process that releases."""

    token: str
    channel: str
    owner: str
    lease_ms: int
    at_least: int
    queue_ms: int


NOBODY = Heir("", "", "", 0, 0, 0)


class Scripts:
    """The scripts on one lock; what a broken twin breaks are methods of their own."""

    def __init__(self, store: Store, keys: LockKeys, claim_ms: int = 1000) -> None:
        self.store = store
        self.keys = keys
        self.claim_ms = claim_ms

    # --- shared -------------------------------------------------------------------------------

    def next_fence(self, last: int, at_least: int) -> int:
        return max(last + 1, self.store.now, at_least)

    def grant(self, token: str, owner: str, lease_ms: int, fence_ms: int, at_least: int = 0) -> str:
        fence = str(self.next_fence(int(self.store.get(self.keys.fence) or 0), at_least))
        self.store.set(self.keys.fence, fence, fence_ms)
        self.store.set(self.keys.lease, f"{token} {fence} {self.store.now} {owner}", lease_ms)
        return fence

    def hand_over(self, own_token: str, fence_ms: int) -> Handed:
        while (entry := self.store.lpop(self.keys.queue)) is not None:
            token, channel, owner = entry.split(" ", 2)
            if token == own_token:
                return "own"
            if self.told(channel, token):
                self.grant(token, owner, self.claim_ms, fence_ms)
                return "other"
        return None

    def told(self, channel: str, token: str) -> bool:
        return self.store.publish(channel, token) > 0

    def held_by(self, token: str) -> tuple[str | None, bool]:
        value = self.store.get(self.keys.lease)
        return value, value is not None and value.startswith(f"{token} ")

    def may_release(self, token: str) -> bool:
        return self.held_by(token)[1]

    def enqueue(self, entry: str) -> bool:
        if entry in self.store.list(self.keys.queue):
            return False
        self.store.rpush(self.keys.queue, entry)
        return True

    # --- the scripts --------------------------------------------------------------------------

    def acquire(
        self,
        token: str,
        owner: str,
        lease_ms: int,
        fence_ms: int,
        *,
        at_least: int = 0,
        channel: str = "",
        queue_ms: int = 60_000,
    ) -> Reply:
        value, own = self.held_by(token)
        if value is not None and own:
            fence = value.split(" ")[1]
            if int(fence) < at_least:
                return [1, self.grant(token, owner, lease_ms, fence_ms, at_least)]
            self.store.pexpire(self.keys.lease, lease_ms)
            return [1, fence]
        if value is None and self.hand_over(token, fence_ms) != "other":
            return [1, self.grant(token, owner, lease_ms, fence_ms, at_least)]
        if channel:
            self.enqueue(f"{token} {channel} {owner}")
            self.store.pexpire(self.keys.queue, queue_ms)
        return [0, self.store.pttl(self.keys.lease)]

    def release(self, token: str, fence_ms: int, left: str = "", heir: Heir = NOBODY) -> Reply:
        if not self.may_release(token):
            if left:
                self.store.remove(self.keys.queue, left)
            return [0]
        if heir.token and self.enqueue(f"{heir.token} {heir.channel} {heir.owner}"):
            self.store.pexpire(self.keys.queue, heir.queue_ms)
        handed = self.hand_over(heir.token, fence_ms)
        if handed == "own":
            return [2, self.grant(heir.token, heir.owner, heir.lease_ms, fence_ms, heir.at_least)]
        if handed is None:
            self.store.delete(self.keys.lease)
        return [1]

    def extend(self, token: str, lease_ms: int) -> Reply:
        return self.store.pexpire(self.keys.lease, lease_ms) if self.held_by(token)[1] else 0

    def break_(self, seen: str, fence_ms: int) -> Reply:
        if self.store.get(self.keys.lease) != seen:
            return 0
        if self.hand_over("", fence_ms) is None:
            self.store.delete(self.keys.lease)
        return 1
