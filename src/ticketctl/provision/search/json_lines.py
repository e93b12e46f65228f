"""Where the keys of a JSON file stand, which the standard parser does not tell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

Keys = tuple[str, ...]

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Lines of a JSON text, counted from 1.

    Attributes:
        lines: Path of each key to the line on which it first stands.
        repeated: Path and line of each key that stands in its object already.
    """

    lines: Mapping[Keys, int]
    repeated: tuple[tuple[Keys, int], ...]

    def of(self, keys: Keys) -> int:
        """Return the line of a key, or of the nearest object around it; 1 for the whole text."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)


def locate(text: str) -> JsonLines:
    """Find every key.

    Args:
        text: Valid JSON. Elements of arrays count as keys `0`, `1` and so on.
    """
    lines: dict[Keys, int] = {}
    repeated: list[tuple[Keys, int]] = []
    path: list[str] = []
    brackets: list[str] = []
    key_is_next = False
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in "{[":
            brackets.append(piece)
            path.append("0")
        elif piece in "}]":
            brackets.pop()
            path.pop()
        elif piece == "," and brackets[-1] == "[":
            path[-1] = str(int(path[-1]) + 1)
        elif key_is_next:
            path[-1] = json.loads(piece)
            line = text.count("\n", 0, match.start()) + 1
            if tuple(path) in lines:
                repeated.append((tuple(path), line))
            lines.setdefault(tuple(path), line)
        key_is_next = piece == "{" or (piece == "," and brackets[-1] == "{")
    return JsonLines(lines, tuple(repeated))
