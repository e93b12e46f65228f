"""What a worker can tell of itself and of the server, without the library that it measures."""

from __future__ import annotations

import gc
import os
import socket
from pathlib import Path

from locks.adapters.contract import Address


def resident() -> int:
    """Return the bytes of memory that this process occupies, after a collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def connected_clients(address: Address) -> int:
    """Return how many connections the server has, without the one that asks."""
    return _info(address, b"clients", b"connected_clients") - 1


def server_memory(address: Address) -> int:
    """Return the bytes that the server uses."""
    return _info(address, b"memory", b"used_memory")


def shortest_life(address: Address, keys: list[str]) -> int:
    """Return the fewest milliseconds that one of the keys has left; -2 when one is gone."""
    with socket.create_connection(address) as asking, asking.makefile("rb") as answers:
        packed = (b"*2\r\n$4\r\nPTTL\r\n$%d\r\n%b\r\n" % (len(key), key) for key in map(str.encode, keys))
        asking.sendall(b"".join(packed))
        return min(int(answers.readline()[1:]) for _ in keys)


def _info(address: Address, section: bytes, field: bytes) -> int:
    with socket.create_connection(address) as asking, asking.makefile("rb") as answers:
        asking.sendall(b"*2\r\n$4\r\nINFO\r\n$%d\r\n%b\r\n" % (len(section), section))
        text = answers.read(int(answers.readline()[1:]))
    lines = dict(line.split(b":", 1) for line in text.splitlines() if b":" in line)
    return int(lines[field])
