"""Commands as bytes: Redis' own format, written once and sent as it is."""

from __future__ import annotations

from functools import lru_cache


def bulk(word: str | int) -> bytes:
    """Return one argument of a command."""
    encoded = str(word).encode()
    return b"$%d\r\n%b\r\n" % (len(encoded), encoded)


@lru_cache(maxsize=256)
def number(value: int) -> bytes:
    """Return a number as an argument of a command: few are in use, each of them often."""
    return bulk(value)


def command(*words: str | int) -> bytes:
    """Return a whole command."""
    return b"*%d\r\n" % len(words) + b"".join(map(bulk, words))
