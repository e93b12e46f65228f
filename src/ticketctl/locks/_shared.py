"""Hubs that are shared: lockers of one process on one server have their connections in common."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary


class Shared(Protocol):
    """Something that is shared.

    Attributes:
        users: How many use it.
    """

    users: int


_Hub = TypeVar("_Hub", bound=Shared)


class Registry(Generic[_Hub]):
    """All hubs of a kind, for all threads."""

    def __init__(self) -> None:
        self._hubs: WeakValueDictionary[Hashable, _Hub] = WeakValueDictionary()
        self._unlock()
        # A thread that does not exist in the child may have held it.
        os.register_at_fork(after_in_child=self._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    def join(self, key: Hashable, make: Callable[[], _Hub]) -> _Hub:
        """Return the hub of a key, made if there is none, with one user more."""
        with self._lock:
            hub = self._hubs.get(key)
            if hub is None:
                hub = self._hubs[key] = make()
            hub.users += 1
            return hub

    def leave(self, hub: _Hub) -> bool:
        """Take a user away, and tell whether that was the last one."""
        with self._lock:
            hub.users -= 1
            if hub.users:
                return False
            for key in [key for key, other in self._hubs.items() if other is hub]:
                del self._hubs[key]
            return True
