"""Answers are read whatever pieces they arrive in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)

from ticketctl.locks._replies import NOT_YET, LoginRefusedError, Replies

values = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40), lambda some: st.lists(some, max_size=4)
)


def written(value: Any) -> bytes:
    """What a server sends."""
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, bytes):
        return b"$%d\r\n%b\r\n" % (len(value), value)
    return b"*%d\r\n" % len(value) + b"".join(map(written, value))


def taken(replies: Replies) -> list[Any]:
    found = []
    while (value := replies.next()) is not NOT_YET:
        found.append(value)
    return found


@given(st.lists(values, max_size=6), st.lists(st.integers(1, 30), min_size=1))
def test_answers_come_out_as_they_were_sent(sent: list[Any], sizes: list[int]) -> None:
    stream, replies, found, number = b"".join(map(written, sent)), Replies(), [], 0
    while stream:
        size = sizes[number % len(sizes)]
        replies.feed(stream[:size])
        stream, number = stream[size:], number + 1
        found += taken(replies)
    assert found == sent
    assert replies.next() is NOT_YET


@given(st.lists(values, min_size=1, max_size=3))
def test_no_answer_comes_before_it_is_whole(sent: list[Any]) -> None:
    stream, replies = b"".join(map(written, sent)), Replies()
    replies.feed(stream[:-1])
    assert taken(replies) == sent[:-1]
    replies.feed(stream[-1:])
    assert taken(replies) == sent[-1:]


def test_a_status_is_its_text() -> None:
    replies = Replies()
    replies.feed(b"+OK\r\n*-1\r\n")
    assert taken(replies) == [b"OK", None]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NOSCRIPT", NoScriptError),
        ("READONLY", ReadOnlyError),
        ("LOADING", BusyLoadingError),
        ("CLUSTERDOWN", ClusterDownError),
        ("NOPERM", NoPermissionError),
        ("OOM", OutOfMemoryError),
        ("NOAUTH", LoginRefusedError),
        ("WRONGPASS", LoginRefusedError),
        ("WRONGTYPE", ResponseError),
    ],
)
def test_an_error_is_an_answer_of_its_kind(code: str, kind: type[Exception]) -> None:
    replies = Replies()
    replies.feed(f"-{code} said the sérver\r\n:1\r\n".encode())
    error, after = taken(replies)
    assert type(error) is kind
    assert "said the sérver" in str(error)
    assert after == 1


def test_what_is_no_answer_is_refused() -> None:
    replies = Replies()
    replies.feed(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(InvalidResponse):
        replies.next()
