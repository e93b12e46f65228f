"""The way to Redis: asked if it is there, left alone for a while if it is not."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import redis
from redis.exceptions import RedisError

from ticketctl.locks._connection import pool_of
from ticketctl.locks.sync.wire import Wire
from ticketctl.reservations._filter import LOAD
from ticketctl.reservations._outage import Outage

_log = logging.getLogger("ticketctl.reservations")


class Front:
    """The filter's Redis.

    Args:
        client: The caller's client, whose settings are used; None is no filter at all.
        timeout: Seconds that an answer may take.
    """

    def __init__(self, client: redis.Redis | None, timeout: float) -> None:
        self._wire = None if client is None else Wire(pool_of(client, redis.Redis), timeout, LOAD)
        self._outage = Outage(time.monotonic)

    def ask(self, packed: Sequence[bytes], *, owed: bool = False) -> list[Any] | None:
        """Send commands in one write.

        Args:
            packed: The commands.
            owed: Whether they are sent later if they cannot be sent now.

        Returns:
            Their answers; None if Redis is not there, or refuses.
        """
        if self._wire is None or not packed:
            return None
        answers = None if self._outage.lasts() else self._answers(self._wire, packed)
        if answers is None and owed:
            self._outage.owe(packed)
        return answers

    def post(self, packed: Sequence[bytes]) -> None:
        """Send commands after all that was sent before, and wait for nothing."""
        if self._wire is not None and packed and not self._outage.lasts():
            try:
                self._wire.post(packed)
            except (RedisError, OSError) as error:
                self._lost(error)

    def _answers(self, wire: Wire, packed: Sequence[bytes]) -> list[Any] | None:
        try:
            if due := self._outage.due():
                _done(wire.call_all(due))
                self._outage.ends()
                _log.info("Redis can be asked again; it was told of %d changes", len(due) - 1)
            return [wire.call(packed[0])] if len(packed) == 1 else _done(wire.call_all(packed))
        except (RedisError, OSError) as error:
            self._lost(error)
            return None

    def _lost(self, error: Exception) -> None:
        if self._outage.begins():
            _log.warning("Redis cannot be asked which seats are taken; MySQL decides without it: %s", error)

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()


def _done(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers
