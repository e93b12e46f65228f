"""What every test stands on: a clean environment."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own TICKETCTL_* variables must not change what a test sees."""
    for variable in list(os.environ):
        if variable.startswith("TICKETCTL_") and not variable.startswith("TICKETCTL_TEST_"):
            monkeypatch.delenv(variable)
