"""What counts as a fence."""

from __future__ import annotations

FENCES_END = 2**53
"""Fences are below this: Lua keeps whole numbers exactly up to here, and microseconds stay below it until 2255."""


def checked_fence(fence: int) -> int:
    """Return the fence, if it is one.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is not between 1 and 2**53 - 1.
    """
    if type(fence) is not int:  # a bool is an int by class
        raise TypeError(f"a fence is an int, not {type(fence).__name__}: pass the `fence` of the lock")
    if not 0 < fence < FENCES_END:
        raise ValueError(f"a fence is between 1 and 2**53 - 1, not {fence}")
    return fence
