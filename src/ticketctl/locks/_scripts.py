"""The scripts, and the commands that run them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from ticketctl.locks._names import Keys
from ticketctl.locks._resp import bulk, command, number

CLAIM = 1.0
"""Seconds that a process has to claim a lock that it was handed."""
FENCE_LIFETIME = 86_400.0
"""Seconds that the last fence is kept at least after a grant."""
QUEUE_LIFETIME = 60.0
"""Seconds that a queue outlives the last word of those who wait in it."""

_FOLDER = files(__package__) / "lua"


def _text(name: str, *, after: str = "") -> str:
    return after + (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


_GRANT = _text("grant")
ACQUIRE = _text("acquire", after=_GRANT)
RELEASE = _text("release", after=_GRANT)
BREAK = _text("break", after=_GRANT)
EXTEND = _text("extend")

LOAD = tuple(command("SCRIPT", "LOAD", text) for text in (ACQUIRE, RELEASE, EXTEND))
"""What makes a server know the scripts."""


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds, at least one."""
    return max(1, round(seconds * 1000))


def fence_lifetime(ttl: float) -> int:
    """Return how long the fence is kept after a grant of so many seconds, in milliseconds."""
    return milliseconds(max(FENCE_LIFETIME, 2 * ttl))


class Acquire(NamedTuple):
    """Ask for a lock, again, or claim what was handed over.

    Attributes:
        token: Whose it shall be.
        ttl: Seconds.
        at_least: The least fence.
        queue: Whether to wait in the queue for it.
    """

    token: str
    ttl: float
    at_least: int
    queue: bool


class Release(NamedTuple):
    """Let a lock go, or leave its queue.

    Attributes:
        token: Whose it was.
        leave: Whether the token may stand in the queue.
        heir: Who waits for it in the same process.
    """

    token: str
    leave: bool
    heir: Acquire | None


class Granted(NamedTuple):
    """Acquire: the lock is the token's.

    Attributes:
        fence: Its fence.
    """

    fence: int


class Busy(NamedTuple):
    """Acquire: somebody else has it.

    Attributes:
        left: Seconds until that lease ends; negative when it never does.
    """

    left: float


class Let(NamedTuple):
    """Release.

    Attributes:
        held: Whether the token held the lock.
        fence: The heir's fence, when it was given to the heir.
    """

    held: bool
    fence: int | None


class Commands:
    """Makes the commands of one process.

    Args:
        owner: Who the process is, as JSON.
        channel: Where it listens.
    """

    def __init__(self, owner: str, channel: str) -> None:
        self._owner, self._channel, self._nobody = bulk(owner), bulk(channel), bulk("")
        self._entry_end = f" {channel} {owner}"
        self._acquire = _head(ACQUIRE, 3, 8)
        self._release = _head(RELEASE, 3, 10)
        self._extend = _head(EXTEND, 1, 2)
        self._claim, self._queue_lifetime = bulk(milliseconds(CLAIM)), bulk(milliseconds(QUEUE_LIFETIME))
        self._without_heir = self._nobody * 6

    def acquire(self, keys: Keys, ask: Acquire) -> bytes:
        """Return the command."""
        token, ttl, at_least, queue = ask
        return b"".join(
            (
                self._acquire,
                keys.all,
                b"$32\r\n",
                token.encode(),
                b"\r\n",
                self._owner,
                _ttl(ttl),
                number(at_least),
                self._claim,
                self._channel if queue else self._nobody,
                self._queue_lifetime,
            )
        )

    def release(self, keys: Keys, let: Release) -> bytes:
        """Return the command."""
        token, leave, heir = let
        return b"".join(
            (
                self._release,
                keys.all,
                b"$32\r\n",
                token.encode(),
                b"\r\n",
                number(fence_lifetime(heir.ttl if heir else 0)),
                self._claim,
                bulk(token + self._entry_end) if leave else self._nobody,
                self._without_heir if heir is None else self._heir(heir),
            )
        )

    def _heir(self, heir: Acquire) -> bytes:
        terms = number(milliseconds(heir.ttl)) + number(heir.at_least)
        return bulk(heir.token) + self._channel + self._owner + terms + self._queue_lifetime

    def extend(self, keys: Keys, token: str, ttl: float) -> bytes:
        """Return the command."""
        return b"".join((self._extend, keys.lease, bulk(token), number(milliseconds(ttl))))


def acquired(reply: Sequence[bytes | int]) -> Granted | Busy:
    """Return what the acquire script says."""
    if reply[0] == 1:
        return Granted(int(reply[1]))
    return Busy(int(reply[1]) / 1000)


def let_go(reply: Sequence[bytes | int]) -> Let:
    """Return what the release script says."""
    return Let(reply[0] != 0, int(reply[1]) if reply[0] == 2 else None)


@lru_cache(maxsize=256)
def _ttl(ttl: float) -> bytes:
    """Return the lease and the fence's lifetime as arguments."""
    return bulk(milliseconds(ttl)) + bulk(fence_lifetime(ttl))


def _head(text: str, keys: int, arguments: int) -> bytes:
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    # EVALSHA, its digest and the number of keys come first.
    return b"*%d\r\n" % (3 + keys + arguments) + bulk("EVALSHA") + bulk(digest)
