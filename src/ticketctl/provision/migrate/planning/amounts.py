"""Amounts for people (pure)."""

from __future__ import annotations


def in_words(size: int) -> str:
    """Return a number of bytes for people, such as `3.2 GiB`.

    Args:
        size: Bytes.
    """
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.1f} {unit}" if unit in ("GiB", "MiB") and amount < 10 else f"{amount:.0f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
