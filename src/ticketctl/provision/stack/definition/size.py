"""Memory sizes as Compose writes them."""

from __future__ import annotations

_FACTORS = {"k": 1 / 1024, "m": 1, "g": 1024}


def mebibytes(size: str) -> int:
    """Return a size such as `512m` or `2g` in MiB, rounded down.

    Args:
        size: Digits and one of `k`, `m`, `g`; the settings are checked for it.
    """
    return int(int(size[:-1]) * _FACTORS[size[-1].lower()])
