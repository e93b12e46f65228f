"""Wait for something to become true, without sleeping longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def eventually(look: Callable[[], _T], good: Callable[[_T], object], seconds: float = 15.0) -> _T:
    """Look again and again until what is seen is good, and return it."""
    deadline = time.monotonic() + seconds
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"last seen: {seen!r}"
        time.sleep(0.05)
    return seen
