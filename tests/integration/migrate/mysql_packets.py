"""What passes between a MySQL client and its server, as far as a proxy has to know it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER = 4
CLIENT_COMPRESS, CLIENT_SSL = 0x20, 0x800
COMMANDS = {1: "quit", 2: "use", 3: "query", 14: "ping", 22: "prepare", 23: "execute"}


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of the client.

    Attributes:
        connection: Which connection of the run, counted from 1.
        command: `login` until the server lets the client in, then what is asked for.
        text: The statement, or empty.
    """

    connection: int
    command: str
    text: str

    def __str__(self) -> str:
        return f"connection {self.connection} {self.command} {' '.join(self.text.split())[:90]}".rstrip()


def whole_length(data: bytes | bytearray) -> int:
    """Length of the first packet of some bytes with its header, 0 while it is incomplete."""
    length = HEADER + int.from_bytes(data[:3], "little")
    return length if len(data) >= max(length, HEADER) else 0


def describe(packet: bytes, connection: int) -> Packet:
    """Say what a packet of the client is.

    Args:
        packet: The packet with its header.
        connection: Number of its connection.
    """
    sequence, content = packet[3], packet[HEADER:]
    if sequence or not content:  # the client speaks first only once it is logged in
        return Packet(connection, "login", "")
    command = COMMANDS.get(content[0], f"command {content[0]}")
    text = content[1:].decode("utf-8", "replace") if command in ("query", "use", "prepare") else ""
    return Packet(connection, command, text)


def rewrite_greeting(data: bytes, thread_id: int | None = None) -> bytes:
    """Return a server's greeting without the offers to encrypt and to compress.

    Args:
        data: The greeting with its header; an error instead of one is returned as it is.
        thread_id: Connection id to put in the place of the server's.
    """
    if data[HEADER] != 10:
        return data
    changed = bytearray(data)
    at = data.index(b"\0", HEADER + 1) + 1
    if thread_id is not None:
        struct.pack_into("<I", changed, at, thread_id)
    at += 4 + 8 + 1  # the id, the first part of the challenge, a filler
    (offers,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<H", changed, at, offers & ~(CLIENT_SSL | CLIENT_COMPRESS))
    return bytes(changed)
