"""What the pytest that judges a mutant takes care of: that the mutant is what is tested."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import ticketctl

FOLDER = "TICKETCTL_TEST_MUTANT"
"""Names the folder of the mutant."""


def check_mutant() -> None:
    """Refuse to judge anything but the mutant."""
    if not Path(ticketctl.__file__).is_relative_to(os.environ[FOLDER]):
        raise pytest.UsageError(f"the mutant is not what is imported: {ticketctl.__file__}")
