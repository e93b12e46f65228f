"""Where packets, commands and answers end in a connection to MySQL.

After https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html: the parts "Packets", "Connection Phase" and
"Text Protocol". A packet has a header of three bytes length and one byte number; a command's first packet has number 0,
and an answer goes on from there. So nothing here has to follow the login.
"""

from __future__ import annotations

import asyncio
import struct

HEADER = 4
LONGEST = 0xFFFFFF  # a packet of this length is continued by the next one
COM_QUERY = 0x03

# What a client may do when the server offers it.
_COMPRESS, _SSL, _NO_EOF, _NO_METADATA, _ZSTD, _ATTRIBUTES = (1 << bit for bit in (5, 11, 24, 25, 26, 27))
NOT_OFFERED = _COMPRESS | _SSL | _NO_METADATA | _ZSTD | _ATTRIBUTES

# First bytes of the packets of an answer.
_OK, _LOCAL_FILE, _EOF, _ERROR = 0x00, 0xFB, 0xFE, 0xFF
_PREFIXED = {0xFC: 2, 0xFD: 3, 0xFE: 8}  # bytes of a number that is above 250
_MORE_RESULTS = 0x0008  # of the status flags


class UnsupportedError(Exception):
    """Something passes that is not understood here; what came of it would prove nothing."""


class Packets:
    """The packets of one direction, with their headers.

    Args:
        stream: Where they come from.
    """

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._arrived = bytearray()

    async def next(self) -> bytes | None:
        """Return the next whole packet, None when no more come.

        Raises:
            UnsupportedError: It is continued by another one.
        """
        while (packet := self._take()) is None:
            try:
                data = await self._stream.read(65536)
            except ConnectionError:  # ended, in the other way
                return None
            if not data:
                return None
            self._arrived += data
        return packet

    def _take(self) -> bytes | None:
        if len(self._arrived) < HEADER:
            return None
        length = int.from_bytes(self._arrived[:3], "little")
        if length == LONGEST:
            raise UnsupportedError("a command, or a row, of 16 MiB or more")
        if len(self._arrived) < HEADER + length:
            return None
        packet = bytes(self._arrived[: HEADER + length])
        del self._arrived[: HEADER + length]
        return packet


def query_text(packet: bytes) -> str | None:
    """Return the SQL text of a packet from a client, None if it begins no query.

    Args:
        packet: The packet with its header.
    """
    if packet[3] != 0 or packet[HEADER : HEADER + 1] != bytes([COM_QUERY]):
        return None
    return packet[HEADER + 1 :].decode("utf-8", "replace")


def without_offers(greeting: bytes) -> bytes:
    """Return a server's greeting without the offers that would hide what passes.

    Args:
        greeting: The packet with its header; an error in its place stays as it is.
    """
    if greeting[HEADER] != 10:
        return greeting
    changed = bytearray(greeting)
    # Behind the server's version: connection id, first part of the challenge, a filler.
    low = greeting.index(b"\0", HEADER + 1) + 1 + 4 + 8 + 1
    high = low + 2 + 1 + 2  # behind the character set and the status
    for at, hidden in ((low, NOT_OFFERED & 0xFFFF), (high, NOT_OFFERED >> 16)):
        (offered,) = struct.unpack_from("<H", changed, at)
        struct.pack_into("<H", changed, at, offered & ~hidden)
    return bytes(changed)


def answers_without_eof(login: bytes) -> bool:
    """Tell whether a client wants no packet between columns and rows.

    Args:
        login: Its first packet with its header.

    Raises:
        UnsupportedError: It makes use of what it was not offered.
    """
    (flags,) = struct.unpack_from("<I", login, HEADER)
    if flags & NOT_OFFERED:
        raise UnsupportedError(f"the client insists on TLS, compression or the like: {flags & NOT_OFFERED:#x}")
    return bool(flags & _NO_EOF)


class Answer:
    """The answer to one query, packet by packet: one result or several, each with rows, without, or an error.

    Args:
        without_eof: What `answers_without_eof` said of the client.

    Attributes:
        raw: What has come of it.
    """

    def __init__(self, without_eof: bool) -> None:
        self.raw = bytearray()
        self._without_eof = without_eof
        self._to_skip = 0  # columns, and what ends them
        self._in_rows = False

    def take(self, packet: bytes) -> bool:
        """Take the next packet with its header, and tell whether it was the last one.

        Raises:
            UnsupportedError: The server asks for a file of the client.
        """
        self.raw += packet
        content = packet[HEADER:]
        if content[0] == _ERROR:  # neither a column nor a row begins like this
            return True
        if self._to_skip:
            self._to_skip -= 1
            return False
        if self._in_rows:
            return content[0] == _EOF and self._ends(content, ok=self._without_eof)
        if content[0] == _OK:
            return self._ends(content, ok=True)
        if content[0] == _LOCAL_FILE:
            raise UnsupportedError("LOAD DATA LOCAL")
        self._to_skip = _number(content, 0)[0] + (not self._without_eof)
        self._in_rows = True
        return False

    def _ends(self, content: bytes, *, ok: bool) -> bool:
        """Tell whether a packet that ends a result ends the answer; `ok` says which of the two kinds it is."""
        at = 1
        if ok:  # the number of rows, and the last number that was given out
            for _ in range(2):
                at = _number(content, at)[1]
        else:
            at += 2  # the number of warnings
        (status,) = struct.unpack_from("<H", content, at)
        self._in_rows = False
        return not status & _MORE_RESULTS


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and where it ends."""
    length = _PREFIXED.get(content[at], 0)
    if not length:
        return content[at], at + 1
    return int.from_bytes(content[at + 1 : at + 1 + length], "little"), at + 1 + length
