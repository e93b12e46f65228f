"""Fixtures of the health checks' tests."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def timed() -> Callable[[], float]:
    """Tells the seconds since the test began."""
    started = time.monotonic()
    return lambda: time.monotonic() - started
