"""Answers as they come in: Redis' own format (RESP 2), read from whatever has arrived."""

from __future__ import annotations

from typing import Final

from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    MasterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from ticketctl.locks._connection import Reply


class LoginRefusedError(ResponseError):
    """The account or its password is wrong; redis-py counts that among lost connections, which come back."""


_ERRORS: dict[bytes, type[Exception]] = {
    b"CLUSTERDOWN": ClusterDownError,
    b"LOADING": BusyLoadingError,
    b"MASTERDOWN": MasterDownError,
    b"NOAUTH": LoginRefusedError,
    b"NOPERM": NoPermissionError,
    b"NOSCRIPT": NoScriptError,
    b"OOM": OutOfMemoryError,
    b"READONLY": ReadOnlyError,
    b"TRYAGAIN": TryAgainError,
    b"WRONGPASS": LoginRefusedError,
}
_INTEGER, _TEXT, _LIST, _STATUS, _ERROR = b":$*+-"
_ABSENT = b"$*"


class _NotYet(Exception):  # noqa: N818  # no failure
    """The rest of the answer has not arrived."""


NOT_YET: Final = object()
"""Stands for an answer that is not complete."""


class Replies:
    """What has arrived and was not taken yet."""

    __slots__ = ("_at", "_data")

    def __init__(self) -> None:
        self._data = b""
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def next(self) -> Reply:
        """Take one answer.

        Returns:
            A number, bytes, None, a list of them, or an exception that stands for an error; `NOT_YET` if the answer is
            not complete.

        Raises:
            InvalidResponse: This is not what Redis says.
        """
        if self._at == len(self._data):
            return NOT_YET
        try:
            value, self._at = _parsed(self._data, self._at)
        except _NotYet:
            return NOT_YET
        return value


def _parsed(data: bytes, at: int) -> tuple[Reply, int]:
    """Return the answer that begins at a place, and where the next one does."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise _NotYet
    kind, head, at = data[at], data[at + 1 : end], end + 2
    if kind == _INTEGER:
        return int(head), at
    if head == b"-1" and kind in _ABSENT:
        return None, at
    if kind == _TEXT:
        end = at + int(head)
        if len(data) < end + 2:
            raise _NotYet
        return data[at:end], end + 2
    if kind == _LIST:
        items = []
        for _ in range(int(head)):
            item, at = _parsed(data, at)
            items.append(item)
        return items, at
    if kind == _STATUS:
        return head, at
    if kind == _ERROR:
        return _error(head), at
    raise InvalidResponse(f"an answer of Redis begins with {bytes([kind])!r}")


def _error(text: bytes) -> Exception:
    return _ERRORS.get(text.partition(b" ")[0], ResponseError)(text.decode(errors="replace"))
