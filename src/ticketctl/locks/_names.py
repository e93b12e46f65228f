"""Names of locks, and the keys that belong to one (`docs/reference/lock-protocol.md`)."""

from __future__ import annotations

import re

NAME_BYTES = 512
_NAME = re.compile(r"[^\s{}\x00-\x1f\x7f]+")
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")


def checked_name(name: str) -> str:
    """Return the name.

    Raises:
        TypeError: It is no text.
        ValueError: It cannot be a lock's name.
    """
    if not isinstance(name, str):
        raise TypeError(f"a lock's name is a str, not {type(name).__name__}")
    if not _NAME.fullmatch(name) or len(name.encode()) > NAME_BYTES:
        raise ValueError(
            f"{name!r} cannot name a lock: 1 to {NAME_BYTES} bytes without spaces, control characters and braces"
        )
    return name


def checked_namespace(namespace: str) -> str:
    """Return the namespace.

    Raises:
        ValueError: It cannot be one.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise ValueError(f"{namespace!r} cannot be a namespace: letters, digits, and `_ . : -` after the first")
    return namespace


def lease_key(namespace: str, name: str) -> str:
    """Return the key of the lease; the braces keep all keys of a lock in one slot of a cluster."""
    return f"{namespace}:{{{name}}}"


def fence_key(namespace: str, name: str) -> str:
    """Return the key of the last fence."""
    return f"{namespace}:{{{name}}}:fence"


def queue_key(namespace: str, name: str) -> str:
    """Return the key of the queue."""
    return f"{namespace}:{{{name}}}:queue"


def channel(namespace: str, process: str) -> str:
    """Return the channel on which a process is told that the lock is its own.

    Args:
        namespace: The namespace.
        process: 16 hexadecimal digits that no other process has.
    """
    return f"{namespace}:wake:{process}"


class Keys:
    """The keys of one lock, as they stand in a command.

    Attributes:
        all: Number of keys, lease, fence, queue.
        lease: Number of keys, lease.
    """

    __slots__ = ("all", "lease")

    def __init__(self, namespace: str, name: str) -> None:
        key = lease_key(namespace, name).encode()
        size = len(key)
        lease = b"$%d\r\n%b\r\n" % (size, key)
        self.lease = b"$1\r\n1\r\n" + lease
        # As `fence_key` and `queue_key` have it.
        self.all = b"$1\r\n3\r\n%b$%d\r\n%b:fence\r\n$%d\r\n%b:queue\r\n" % (lease, size + 6, key, size + 6, key)
