"""Names and ports that follow from where a checkout lies, so that two of them run at once (pure)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ticketctl.settings.model import Settings

BLOCK_SIZE = 100
# Below the range from which systems take ports for outgoing connections (32768 on Linux).
_FIRST_BLOCK = 20_000
_BLOCKS = 120
_LONGEST_FOLDER = 40


def project_name(root: Path) -> str:
    """Return the Compose project of a checkout: its folder's name and six digits of its path's hash.

    Args:
        root: The checkout, absolute.
    """
    folder = re.sub(r"[^a-z0-9_-]+", "-", root.name.lower()).strip("-_")[:_LONGEST_FOLDER].rstrip("-_")
    return f"{folder or 'ticketctl'}-{_digest(root).hex()[:6]}"


def port_block(root: Path, settings: Settings) -> int:
    """Return the first port of a checkout's block.

    Args:
        root: The checkout, absolute.
        settings: The complete settings; `ports.block` comes first.
    """
    if settings.ports.block is not None:
        return settings.ports.block
    return _FIRST_BLOCK + BLOCK_SIZE * (int.from_bytes(_digest(root)[:8], "big") % _BLOCKS)


def _digest(root: Path) -> bytes:
    return hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).digest()
