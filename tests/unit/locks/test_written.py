"""What stands in a lease and in a queue is read, and nothing else is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketctl.locks._server import owner_text
from ticketctl.locks._written import Owner, moment, owner_in, parsed_entry, parsed_lease
from ticketctl.locks.inspection import literal

TOKEN = "0123456789abcdef0123456789abcdef"
OWNER = '{"host":"web-1","pid":4711,"service":"booking"}'
LEASE = f"{TOKEN} 1767225600000001 1767225600000000 {OWNER}".encode()


def test_a_lease_is_read() -> None:
    lease = parsed_lease(LEASE)

    assert lease is not None
    assert (lease.token, lease.fence, lease.since) == (TOKEN, 1767225600000001, 1767225600000000)
    assert lease.owner == Owner("web-1", 4711, "booking")
    assert moment(lease.since) == datetime(2026, 1, 1, tzinfo=UTC)


def test_what_this_library_writes_is_what_it_reads() -> None:
    written = owner_text("bøøking")

    owner = owner_in(written)
    assert owner is not None
    assert (owner.service, owner.text) == ("bøøking", written)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"1",
        b"\xff\xfe\x00",
        TOKEN.encode(),
        LEASE.replace(b"a", b"g", 1),  # no hexadecimal digit
        LEASE[1:],
        LEASE + b"x",
        LEASE.replace(b"1767225600000001", b"17672256000000010"),
        LEASE.replace(b"1767225600000001", b"-1"),
        LEASE.replace(b'"host"', b"host"),
        f"{TOKEN} 1 2 [1]".encode(),
        f"{TOKEN} 1 2 {'{' * 5000}}}".encode(),
    ],
)
def test_anything_else_is_foreign(value: bytes) -> None:
    assert parsed_lease(value) is None


def test_an_owner_who_says_less_or_more_is_still_one() -> None:
    assert owner_in('{"host":"go-1","pid":"x","region":"eu"}') == Owner("go-1", 0, "")


def test_who_waits_is_read() -> None:
    assert parsed_entry(f"{TOKEN} lock:wake:0123456789abcdef {OWNER}".encode()) == Owner("web-1", 4711, "booking")
    assert parsed_entry(f"{TOKEN} {OWNER}".encode()) is None
    assert parsed_entry(b"\xff") is None


@given(st.binary())
def test_nothing_that_can_stand_there_is_more_than_foreign(value: bytes) -> None:
    lease = parsed_lease(value)
    assert lease is None or lease.token.encode() in value
    parsed_entry(value)


def test_a_literal_pattern_means_the_text_itself() -> None:
    assert literal("report:[a-z]*?^\\") == "report:\\[a\\-z\\]\\*\\?\\^\\\\"
