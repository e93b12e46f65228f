"""What threads do one after the other, unless it has just failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import ConnectionError as LostConnection


class Turns:
    """Lets one thread at a time try; who waited meanwhile fails as that one did.

    A server that does not answer would otherwise cost the threads one time-out after the other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._failure: Exception | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn.

        Raises:
            redis.exceptions.ConnectionError: Another thread's try failed meanwhile.
        """
        failures = self._failures
        with self._lock:
            if self._failures > failures:
                raise LostConnection(str(self._failure)) from self._failure
            try:
                yield
            except Exception as error:
                self._failures += 1
                self._failure = error
                raise
