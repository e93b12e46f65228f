"""The commands of a process are what the driver would send, and answers are read for what they say."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.connection import Connection

from ticketctl.locks import _scripts
from ticketctl.locks._arguments import LEAST_TTL, MOST_FENCE, MOST_TTL
from ticketctl.locks._names import Keys, checked_name, fence_key, lease_key, queue_key
from ticketctl.locks._resp import command
from ticketctl.locks._scripts import Acquire, Busy, Commands, Granted, Let, Release, acquired, let_go

OWNER = '{"host":"käse","pid":7,"service":"checkout"}'
CHANNEL = "lock:wake:00112233aabbccdd"
COMMANDS = Commands(OWNER, CHANNEL)
DAY = 86_400_000

tokens = st.binary(min_size=16, max_size=16).map(bytes.hex)
ttls = st.floats(LEAST_TTL, MOST_TTL) | st.integers(1, int(MOST_TTL))
asks = st.builds(Acquire, tokens, ttls, st.integers(0, MOST_FENCE - 1), st.booleans())
names = st.text("abc:/.-_ä0", min_size=1, max_size=40).map(checked_name)


def packed(*words: str | int) -> bytes:
    """What redis-py sends."""
    connection: Any = Connection
    return b"".join(connection().pack_command(*words))


def digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def keys_of(name: str) -> tuple[str, str, str]:
    return lease_key("lock", name), fence_key("lock", name), queue_key("lock", name)


# --- commands -------------------------------------------------------------------------------------


@given(names, asks)
def test_acquire_is_packed_as_the_driver_does(name: str, ask: Acquire) -> None:
    lease_ms = round(ask.ttl * 1000)
    assert COMMANDS.acquire(Keys("lock", name), ask) == packed(
        *("EVALSHA", digest(_scripts.ACQUIRE), 3, *keys_of(name)),
        *(ask.token, OWNER, lease_ms, max(DAY, round(ask.ttl * 2000)), ask.at_least),
        *(1000, CHANNEL if ask.queue else "", 60_000),
    )


@given(names, tokens, st.booleans(), st.none() | asks)
def test_release_is_packed_as_the_driver_does(name: str, token: str, leave: bool, heir: Acquire | None) -> None:
    terms: tuple[str | int, ...] = ("",) * 6
    fence_ms = DAY
    if heir is not None:
        terms = (heir.token, CHANNEL, OWNER, round(heir.ttl * 1000), heir.at_least, 60_000)
        fence_ms = max(DAY, round(heir.ttl * 2000))
    assert COMMANDS.release(Keys("lock", name), Release(token, leave=leave, heir=heir)) == packed(
        *("EVALSHA", digest(_scripts.RELEASE), 3, *keys_of(name)),
        *(token, fence_ms, 1000, f"{token} {CHANNEL} {OWNER}" if leave else "", *terms),
    )


@given(names, tokens, ttls)
def test_extend_is_packed_as_the_driver_does(name: str, token: str, ttl: float) -> None:
    assert COMMANDS.extend(Keys("lock", name), token, ttl) == packed(
        "EVALSHA", digest(_scripts.EXTEND), 1, lease_key("lock", name), token, round(ttl * 1000)
    )


@given(st.lists(st.text(st.characters(codec="utf-8")) | st.integers()))
def test_any_command_is_packed_as_the_driver_does(words: list[str | int]) -> None:
    assert command("ECHO", *words) == packed("ECHO", *words)


def test_what_loads_the_scripts_is_packed_as_the_driver_does() -> None:
    scripts = (_scripts.ACQUIRE, _scripts.RELEASE, _scripts.EXTEND)
    assert tuple(packed("SCRIPT", "LOAD", script) for script in scripts) == _scripts.LOAD


def test_scripts_begin_with_what_they_share() -> None:
    folder = files("ticketctl.locks") / "lua"
    shared, *own = (
        (folder / f"{name}.lua").read_text(encoding="utf-8")
        for name in ("grant", "acquire", "release", "break", "extend")
    )
    scripts = [_scripts.ACQUIRE, _scripts.RELEASE, _scripts.BREAK, _scripts.EXTEND]
    assert scripts == [shared + text for text in own[:3]] + own[3:]


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "expected"), [(10, 10_000), (0.05, 50), (1.2345, 1234), (1e-9, 1)])
def test_time_is_said_in_whole_milliseconds(seconds: float, expected: int) -> None:
    assert _scripts.milliseconds(seconds) == expected


@pytest.mark.parametrize(("ttl", "expected"), [(10.0, DAY), (43_200.0, DAY), (86_400.0, 2 * DAY)])
def test_a_fence_outlives_the_lease_by_far(ttl: float, expected: int) -> None:
    assert _scripts.fence_lifetime(ttl) == expected


# --- answers --------------------------------------------------------------------------------------


def test_answers_of_acquire() -> None:
    assert acquired([1, b"1795466634352566"]) == Granted(1_795_466_634_352_566)
    assert acquired([0, 1234]) == Busy(1.234)
    assert acquired([0, -1]).left < 0  # type: ignore[union-attr]  # a lease that never ends


def test_answers_of_release() -> None:
    assert let_go([0]) == Let(held=False, fence=None)
    assert let_go([1]) == Let(held=True, fence=None)
    assert let_go([2, b"1795466634352567"]) == Let(held=True, fence=1_795_466_634_352_567)
