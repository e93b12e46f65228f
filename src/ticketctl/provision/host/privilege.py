"""Whether this user may act as root, and with which words in front of a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Literal

Privilege = Literal["root", "sudo", "ask", "none"]
"""`ask`: sudo is there and would ask for a password, and somebody can be asked."""

_SUDO = ("sudo", "--non-interactive")
_PATIENCE = 20.0
"""Seconds. sudo with a directory service behind it answers late."""


def observe_privilege(environ: Mapping[str, str], *, can_ask: bool) -> Privilege:
    """Return how this user can act as root.

    Args:
        environ: The environment, for PATH.
        can_ask: Whether somebody at a terminal can be asked for a password.
    """
    if os.geteuid() == 0:
        return "root"
    if shutil.which("sudo", path=environ.get("PATH")) is None:
        return "none"
    try:
        done = subprocess.run([*_SUDO, "true"], env=dict(environ), capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    if done.returncode == 0:
        return "sudo"
    return "ask" if can_ask else "none"


def root_prefix(privilege: Privilege) -> tuple[str, ...]:
    """Return the words that make a command run as root; sudo never asks on its own."""
    return () if privilege == "root" else _SUDO
