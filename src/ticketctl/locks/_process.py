"""What a process is to the server, and the rooms of its locks (pure)."""

from __future__ import annotations

import os
import random

from ticketctl.locks import _names
from ticketctl.locks._lease import Lease
from ticketctl.locks._names import Keys
from ticketctl.locks._room import POLL, Room
from ticketctl.locks._scripts import Commands
from ticketctl.locks._server import owner_text

_SWEEP_FROM = 1024
_KEYS_KEPT = 4096


def new_token() -> str:
    """Return 128 random bits as 32 hexadecimal digits."""
    return os.urandom(16).hex()


class Process:
    """One process, or one event loop of it, on one server.

    Args:
        namespace: What the keys begin with.
        service: What the program calls itself.

    Attributes:
        commands: Makes its commands.
        channel: Where it listens.
        rooms: The locks that it holds or waits for.
    """

    def __init__(self, namespace: str, service: str) -> None:
        self.namespace = namespace
        self.channel = _names.channel(namespace, os.urandom(8).hex())
        self.commands = Commands(owner_text(service), self.channel)
        self.rooms: dict[str, Room] = {}
        self._tickets: dict[str, Room] = {}
        self._keys: dict[str, Keys] = {}
        self._sweep_at = _SWEEP_FROM

    def keys(self, name: str) -> Keys:
        """Return the keys of a lock."""
        keys = self._keys.get(name)
        if keys is None:
            if len(self._keys) >= _KEYS_KEPT:
                self._keys.clear()
            keys = self._keys[name] = Keys(self.namespace, name)
        return keys

    def room(self, name: str, now: float) -> Room:
        """Return the room of a lock."""
        room = self.rooms.get(name)
        if room is None:
            if len(self.rooms) >= self._sweep_at:
                self._sweep(now)
            room = self.rooms[name] = Room(name, self._tickets, new_token, _poll)
        return room

    def hold(self, lease: Lease, now: float) -> None:
        """Take note that a lease was won without waiting."""
        self.room(lease.name, now).holder = lease

    def tidy(self, room: Room) -> None:
        """Forget a room that nobody is in."""
        # Another one may have come in its place while an answer was under way.
        if room.idle and self.rooms.get(room.name) is room:
            del self.rooms[room.name]

    def told(self, token: str) -> None:
        """Take note of a message."""
        room = self._tickets.get(token)
        if room is not None:
            room.told(token)

    def _sweep(self, now: float) -> None:
        """Forget locks that were left to run out."""
        for room in list(self.rooms.values()):
            if room.holder is not None and not room.holder.valid(now):
                room.holder = None
            self.tidy(room)
        self._sweep_at = max(_SWEEP_FROM, 2 * len(self.rooms))


def _poll() -> float:
    # Not all at the same time; never later than POLL.
    return POLL * random.uniform(0.85, 1.0)  # noqa: S311  # no secret
