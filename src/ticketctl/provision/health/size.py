"""Sizes and parts, as people read and servers write them."""

from __future__ import annotations

import re

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SUFFIXES = {"b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}
_SUFFIXES |= {"t": 1024**4, "tb": 1024**4, "p": 1024**5, "pb": 1024**5}


def human_size(count: float) -> str:
    """Return a number of bytes in the unit that fits: `1.5 GiB`."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 or count >= 10 else f"{count:.1f} {_UNITS[unit]}"


def percent(part: float, whole: float) -> str:
    """Return a part of a whole in percent, `0 %` of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def parse_size(text: str) -> int | None:
    """Return the bytes of a size as Elasticsearch writes it (`500mb`), None when it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.strip().lower())
    if match is None or match.group(2) not in _SUFFIXES:
        return None
    return int(float(match.group(1)) * _SUFFIXES[match.group(2)])
