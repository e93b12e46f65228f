"""Bytes on a socket: what no library can be faster than.

Variants: `set` (SET NX, tried every millisecond, and the usual compare-and-delete), `fenced` (ticketctl's own scripts,
requests packed beforehand but for the token), `renewing` (its extend script, in batches from one thread), and `none`,
which locks nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import socket
import threading
import time
from collections import deque
from functools import cache
from typing import NamedTuple

from locks.adapters.contract import SPIN, TTL, Address, Unfenced

TTL_MS = b"%d" % int(TTL * 1000)
DELETE_OWN = b"if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"


class Wire:
    """One connection, and one request on it at a time."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """Send a packed request and return its reply, which fits into one read."""
        self._socket.sendall(request)
        return self._socket.recv(4096)

    def ask_all(self, requests: list[bytes], expected: bytes) -> None:
        """Send many requests at once and read their replies, which are all alike."""
        self._socket.sendall(b"".join(requests))
        left = len(expected) * len(requests)
        while left:
            replies = self._socket.recv(min(left, 65_536))
            assert not replies.replace(b"\r\n", b"").strip(expected)
            left -= len(replies)

    def load(self, script: bytes) -> bytes:
        """Give the server a script and return the name that it is called by."""
        self.ask(pack(b"SCRIPT", b"LOAD", script))
        return hashlib.sha1(script, usedforsecurity=False).hexdigest().encode()


class SetSpin(Unfenced):
    """SET NX PX, again after a millisecond until it succeeds."""

    def __init__(self, address: Address) -> None:
        self._wire = Wire(address)
        self._script = self._wire.load(DELETE_OWN)

    def acquire(self, name: str) -> tuple[bytes, bytes]:
        key, token = name.encode(), secrets.token_hex(16).encode()
        request = pack(b"SET", key, token, b"NX", b"PX", TTL_MS)
        while self._wire.ask(request) != b"+OK\r\n":
            time.sleep(SPIN)
        return key, token

    def release(self, held: tuple[bytes, bytes]) -> None:
        assert self._wire.ask(pack(b"EVALSHA", self._script, b"1", *held)) == b":1\r\n"


class Fenced:
    """ticketctl's acquire and release scripts, again after a millisecond until the acquire succeeds; no queue."""

    def __init__(self, address: Address) -> None:
        from ticketctl.locks import _scripts

        self._wire = Wire(address)
        self._scripts = tuple(self._wire.load(text.encode()) for text in (_scripts.ACQUIRE, _scripts.RELEASE))
        self._fence_ms = b"%d" % _scripts.fence_lifetime(TTL)
        self._claim_ms = b"%d" % _scripts.milliseconds(_scripts.CLAIM)
        self._queue_ms = b"%d" % _scripts.milliseconds(_scripts.QUEUE_LIFETIME)
        self._packed = cache(self._pack)

    def acquire(self, name: str) -> FencedHold:
        (before, after), release = self._packed(name)
        token = secrets.token_hex(16).encode()
        request = before + token + after
        while not (reply := self._wire.ask(request)).startswith(b"*2\r\n:1\r\n"):
            time.sleep(SPIN)
        return FencedHold(token, int(reply.split(b"\r\n")[3]), release)

    def release(self, held: FencedHold) -> None:
        before, after = held.release
        assert self._wire.ask(before + held.token + after) == b"*1\r\n:1\r\n"

    def fence(self, held: FencedHold) -> int | None:
        return held.fence

    def _pack(self, name: str) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        keys = [
            b"3",
            *(word.encode() for word in (f"lock:{{{name}}}", f"lock:{{{name}}}:fence", f"lock:{{{name}}}:queue")),
        ]
        acquire, release = self._scripts
        asking = (b"{}", TTL_MS, self._fence_ms, b"0", self._claim_ms, b"", self._queue_ms)
        letting = (self._fence_ms, self._claim_ms, b"", *[b""] * 6)
        return _around(b"EVALSHA", acquire, *keys, TOKEN, *asking), _around(b"EVALSHA", release, *keys, TOKEN, *letting)


class NoLock(Unfenced):
    """Lets everybody in: what looks for two at once must find it."""

    def __init__(self, address: Address) -> None:
        self._wire = Wire(address)

    def acquire(self, name: str) -> None:
        self._wire.ask(pack(b"GET", name.encode()))

    def release(self, held: None) -> None:
        """Nothing is held."""


class FencedHold(NamedTuple):
    """A lock that was won.

    Attributes:
        token: Whose.
        fence: Its number.
        release: The request that lets it go, before and after the token.
    """

    token: bytes
    fence: int
    release: tuple[bytes, bytes]


class Renewing:
    """Every lock renewed after a third of its time, those that are due in one write.

    Attributes:
        lags: Seconds that each renewal was late.
        lost: Always 0: it would fail instead.
    """

    TICK = 0.02

    def __init__(self, address: Address) -> None:
        from ticketctl.locks import _scripts

        self._fenced, self._wire = Fenced(address), Wire(address)
        self._extend = self._wire.load(_scripts.EXTEND.encode())
        self._due: deque[tuple[float, bytes]] = deque()
        self.lags: list[float] = []
        self.lost = 0
        threading.Thread(target=self._run, daemon=True).start()

    def keep(self, name: str) -> object:
        held = self._fenced.acquire(name)
        request = pack(b"EVALSHA", self._extend, b"1", self.key(name).encode(), held.token, TTL_MS)
        self._due.append((time.monotonic() + TTL / 3, request))
        return held

    def key(self, name: str) -> str:
        return f"lock:{{{name}}}"

    def _run(self) -> None:
        while True:
            time.sleep(self.TICK)
            now = time.monotonic()
            requests = []
            while self._due and self._due[0][0] <= now:
                due, request = self._due.popleft()
                requests.append(request)
                self.lags.append(now - due)
                self._due.append((due + TTL / 3, request))
            if requests:
                self._wire.ask_all(requests, b":1\r\n")


TOKEN = b"?" * 32


def pack(*words: bytes) -> bytes:
    """Return a request as it goes over the wire."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _around(*words: bytes) -> tuple[bytes, bytes]:
    before, _, after = pack(*words).partition(TOKEN)
    return before, after


def connect(address: Address, variant: str) -> SetSpin | Fenced | NoLock:
    kinds: dict[str, type[SetSpin | Fenced | NoLock]] = {"set": SetSpin, "fenced": Fenced, "none": NoLock}
    return kinds[variant](address)


def connect_keeping(address: Address, variant: str) -> Renewing:  # noqa: ARG001  # there is one only
    return Renewing(address)
