"""Versions of servers, comparable."""

from __future__ import annotations

import re

Version = tuple[int, ...]


def parse_version(text: str) -> Version:
    """Return the numbers that a version begins with: `9.7.4-2` is (9, 7, 4). Empty when there are none.

    Args:
        text: As the server says it.
    """
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()
