"""Where values end in a stream of the Redis protocol, RESP2 or RESP3, and what is in those that are commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "bytes | list[Value] | None"

_LINES = b"+-:,#(_"  # ended by the line itself
_STRINGS = b"$!="  # with their length in the line
_MEMBERS = {b"*"[0]: 1, b"~"[0]: 1, b">"[0]: 1, b"%"[0]: 2, b"|"[0]: 2}  # values for each that the line counts


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole value.

    Attributes:
        kind: Its first character.
        value: What it says; numbers and the like as their text.
        raw: The bytes of it.
    """

    kind: bytes
    value: Value
    raw: bytes


def take_frame(buffer: bytearray) -> Frame | None:
    """Take the first whole value out of what has arrived, if there is one."""
    parsed = _parse(buffer, 0)
    if parsed is None:
        return None
    value, end = parsed
    raw = bytes(buffer[:end])
    del buffer[:end]
    return Frame(raw[:1], value, raw)


def words(value: Value) -> tuple[bytes, ...]:
    """The words of a command."""
    assert isinstance(value, list), f"no command: {value!r}"
    assert all(isinstance(word, bytes) for word in value), f"no command: {value!r}"
    return tuple(word for word in value if isinstance(word, bytes))


def _parse(buffer: bytearray, at: int) -> tuple[Value, int] | None:
    line_end = buffer.find(b"\r\n", at)
    if line_end < 0:
        return None
    kind, line, end = buffer[at], bytes(buffer[at + 1 : line_end]), line_end + 2
    if kind in _LINES:
        return line, end
    count = int(line)
    if count < 0:
        return None, end
    if kind in _STRINGS:
        return (bytes(buffer[end : end + count]), end + count + 2) if len(buffer) >= end + count + 2 else None
    members: list[Value] = []
    for _ in range(count * _MEMBERS[kind]):
        parsed = _parse(buffer, end)
        if parsed is None:
            return None
        member, end = parsed
        members.append(member)
    return members, end
