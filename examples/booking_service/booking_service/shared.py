"""One answer for all who ask for the same at about the same time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class _Asked(NamedTuple):
    at: float
    finding: asyncio.Task[object]


class Shared(Generic[_K, _V]):
    """Finds values, each once for all who ask while it is sought and for a moment after that.

    Who joins is given what was true a moment before, which is what a picture of a sale can be at best.

    Args:
        find: Finds the value of a key.
        seconds: For how long a value is good, from when it was asked for.
        most: How many keys are remembered; those that were asked for first are forgotten.
    """

    def __init__(self, find: Callable[[_K], Awaitable[_V]], seconds: float, most: int = 256) -> None:
        self._find = find
        self._seconds = seconds
        self._most = most
        self._asked: dict[_K, _Asked] = {}

    async def get(self, key: _K) -> _V:
        """Return the value of a key; raises what finding it raises, to all who wait for that."""
        asked = self._asked.get(key)
        if asked is None or (asked.finding.done() and not self._is_good(asked)):
            asked = self._ask(key)
        # Who goes away does not take the answer from the others.
        await asyncio.shield(asked.finding)
        result: _V = asked.finding.result()  # type: ignore[assignment]  # as `find` says
        return result

    def _is_good(self, asked: _Asked) -> bool:
        failed = asked.finding.cancelled() or asked.finding.exception() is not None
        return not failed and time.monotonic() - asked.at < self._seconds

    def _ask(self, key: _K) -> _Asked:
        async def find() -> object:
            return await self._find(key)

        self._asked.pop(key, None)
        while len(self._asked) >= self._most:
            del self._asked[next(iter(self._asked))]
        asked = self._asked[key] = _Asked(time.monotonic(), asyncio.ensure_future(find()))
        asked.finding.add_done_callback(_heard)
        return asked


def _heard(task: asyncio.Task[object]) -> None:
    """Take note of an error that nobody waits for any more."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
