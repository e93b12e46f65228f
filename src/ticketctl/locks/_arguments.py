"""What callers pass, checked before anything is sent."""

from __future__ import annotations

import inspect
import math
from typing import NamedTuple

LEAST_TTL = 0.05
MOST_TTL = 7 * 86_400.0
MOST_FENCE = 2**53 - 1


class Terms(NamedTuple):
    """On what terms a lock is wanted.

    Attributes:
        ttl: Seconds.
        keep_alive: Whether it is renewed.
        max_hold: Seconds after which it is renewed no more.
        min_fence: The least fence.
    """

    ttl: float
    keep_alive: bool
    max_hold: float
    min_fence: int


def checked_terms(
    ttl: float, *, keep_alive: bool, max_hold: float | None, min_fence: int = 0, on_lost: object = None
) -> Terms:
    """Return the terms.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A value cannot be.
    """
    checked_ttl(ttl)
    if max_hold is not None:
        if not keep_alive:
            raise ValueError("max_hold bounds renewing: it needs keep_alive=True")
        if not _seconds("max_hold", max_hold) >= ttl:
            raise ValueError(f"max_hold ({max_hold:g} s) is shorter than ttl ({ttl:g} s)")
    if type(min_fence) is not int or not 0 <= min_fence < MOST_FENCE:
        raise ValueError(f"min_fence must be a whole number from 0 to 2**53, not {min_fence!r}")
    if on_lost is not None:
        _check_callback(on_lost)
    return Terms(ttl, keep_alive, math.inf if max_hold is None else max_hold, min_fence)


def _check_callback(on_lost: object) -> None:
    if not callable(on_lost):
        raise TypeError(f"on_lost is called with the lock that was lost; {type(on_lost).__name__} cannot be called")
    if inspect.iscoroutinefunction(on_lost):
        raise TypeError("on_lost is called and not awaited: let it start a task")


def checked_ttl(ttl: float) -> float:
    """Return the seconds of a lease.

    Raises:
        TypeError: It is no number.
        ValueError: It is too short or too long.
    """
    if not LEAST_TTL <= _seconds("ttl", ttl) <= MOST_TTL:
        raise ValueError(f"ttl must be from {LEAST_TTL} s to 7 days, not {ttl!r}")
    return ttl


def checked_wait(wait_timeout: float) -> float:
    """Return the seconds that a caller waits; infinite is allowed, and has to be said.

    Raises:
        TypeError: It is no number.
        ValueError: It is negative.
    """
    if not _seconds("wait_timeout", wait_timeout) >= 0:
        raise ValueError(f"wait_timeout must be 0 or more seconds (math.inf waits for ever), not {wait_timeout!r}")
    return wait_timeout


def checked_timeout(timeout: float) -> float:
    """Return the seconds that an answer may take.

    Raises:
        TypeError: It is no number.
        ValueError: It is no time, or for ever.
    """
    if not 0 < _seconds("timeout", timeout) < math.inf:
        raise ValueError(f"timeout must be more than 0 seconds, not {timeout!r}")
    return timeout


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is a number of seconds, not {type(value).__name__}")
    return value
