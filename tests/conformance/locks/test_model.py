"""The model of the Redis side says what the scripts say: the same is done to a real server and to the model."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple, TypeAlias

import pytest
import redis
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from conformance.locks.model import NOBODY, Heir, LockKeys, Reply, Scripts, Store
from conformance.locks.servers import RedisServer
from ticketctl.locks import _scripts
from ticketctl.locks._names import fence_key, lease_key, queue_key

pytestmark = pytest.mark.integration
KEYS = LockKeys(*(key("lock", "seat") for key in (lease_key, fence_key, queue_key)))
SHORT, LONG = 25, 5_000
"""Milliseconds: over after a pause, and not over before the end of a test."""
PAUSE = SHORT / 1000 + 0.015
UNSURE = 8_000
"""µs by which the end of a key must be away for it to be certain on which side of it a command comes."""
FUTURE = 4_000_000_000_000_000
"""A fence that no clock has reached."""
DAY = 86_400_000


class Member(NamedTuple):
    """Who may hold the lock or wait for it."""

    token: str
    channel: str
    owner: str

    @property
    def entry(self) -> str:
        return f"{self.token} {self.channel} {self.owner}"


# Nobody listens to the last channel.
HEARD = ("lock:wake:0000000000000001", "lock:wake:0000000000000002")
CHANNELS = (*HEARD, "lock:wake:0000000000000003")
OWNER = '{"host":"a host","pid":7,"service":"käse"}'
MEMBERS = [Member(f"{number:032x}", CHANNELS[number % 3], OWNER) for number in range(4)]


class Sides:
    """A real server and the model of it, before which the same is done."""

    def __init__(self, client: redis.Redis, claim_ms: int) -> None:
        self.client = client
        self.scripts = Scripts(Store(), KEYS, claim_ms)
        self.store = self.scripts.store
        self.store.heard = {channel: [] for channel in HEARD}
        self._listener = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._listener.subscribe(*HEARD)
        for _ in HEARD:
            self._listener.get_message(timeout=5)
        client.delete(*KEYS)

    def run(self, text: str, arguments: Sequence[object], on_model: Callable[[Scripts], Reply]) -> bool:
        """Do it on both sides and compare.

        Args:
            text: The script.
            arguments: What it is called with.
            on_model: Does the same to the model.

        Returns:
            False where a key ends just now: what is true then cannot be known.
        """
        keys = KEYS if text is not _scripts.EXTEND else KEYS[:1]
        with self.client.pipeline(transaction=True) as pipe:
            pipe.time()
            pipe.eval(text, len(keys), *keys, *map(str, arguments))
            pipe.mget(KEYS.lease, KEYS.fence)
            pipe.lrange(KEYS.queue, 0, -1)
            for key in KEYS:
                pipe.pttl(key)
            (seconds, part), reply, (lease, fence), queue, *left = pipe.execute()
        self.store.now = seconds * 1_000_000 + part
        if any(abs(end * 1000 - self.store.now) < UNSURE for end in self.store.ends.values()):
            return False
        expected = on_model(self.scripts)
        assert self.like_clock(reply) == self.like_clock(expected)
        assert self.like_clock(lease) == self.like_clock(self.store.get(KEYS.lease))
        assert self.like_clock(fence) == self.like_clock(self.store.get(KEYS.fence))
        assert queue == self.store.list(KEYS.queue)
        for key, milliseconds in zip(KEYS, left, strict=True):
            assert milliseconds == pytest.approx(self.store.pttl(key), abs=UNSURE / 1000 if milliseconds > 0 else 0)
        self.adopt(lease, fence)
        return True

    def like_clock(self, value: Any) -> Any:
        """Return the value with the time of this command, which a script may read a moment later, in its place."""
        if isinstance(value, list):
            return [self.like_clock(part) for part in value]
        if isinstance(value, int):
            return value if value < 3 else "some ms"  # compared with the keys
        return value and re.sub(r"\b\d{16}\b", lambda found: self._named(found.group()), value)

    def _named(self, number: str) -> str:
        return "now" if 0 <= int(number) - self.store.now < 10_000_000 else number

    def adopt(self, lease: str | None, fence: str | None) -> None:
        """Have the model go on from what the server holds."""
        for key, value in ((KEYS.lease, lease), (KEYS.fence, fence)):
            if value is not None:
                self.store.values[key] = value

    def put(self, key: str, value: str, px: int | None) -> None:
        """Write a key past the scripts."""
        with self.client.pipeline(transaction=True) as pipe:
            # At one time, as the server sees it: between two commands on their own there may be any.
            pipe.time()
            pipe.set(key, value, px=px)
            (seconds, part), _ = pipe.execute()
        self.store.now = seconds * 1_000_000 + part
        self.store.delete(key)
        self.store.values[key] = value
        if px:
            self.store.pexpire(key, px)

    def compare_messages(self) -> None:
        for channel in HEARD:
            self.client.publish(channel, "end")
        heard: dict[str, list[str]] = {channel: [] for channel in HEARD}
        while [messages[-1:] for messages in heard.values()] != [["end"], ["end"]]:
            message = self._listener.get_message(timeout=5)
            assert message is not None
            heard[message["channel"]].append(message["data"])
        assert {channel: messages[:-1] for channel, messages in heard.items()} == self.store.heard

    def close(self) -> None:
        self._listener.close()


# --- what is done ---------------------------------------------------------------------------------


class Acquire(NamedTuple):
    member: Member
    lease_ms: int
    at_least: int
    queues: bool

    def run(self, sides: Sides) -> bool:
        token, channel, owner = self.member
        channel = channel if self.queues else ""
        arguments = (token, owner, self.lease_ms, DAY, self.at_least, sides.scripts.claim_ms, channel, 60_000)
        return sides.run(
            _scripts.ACQUIRE,
            arguments,
            lambda model: model.acquire(token, owner, self.lease_ms, DAY, at_least=self.at_least, channel=channel),
        )


class Release(NamedTuple):
    member: Member
    leaves: bool
    heir: Heir

    def run(self, sides: Sides) -> bool:
        left = self.member.entry if self.leaves else ""
        heir = self.heir if self.heir.token else ("",) * 6
        return sides.run(
            _scripts.RELEASE,
            (self.member.token, DAY, sides.scripts.claim_ms, left, *heir),
            lambda model: model.release(self.member.token, DAY, left, self.heir),
        )


class Extend(NamedTuple):
    member: Member
    lease_ms: int

    def run(self, sides: Sides) -> bool:
        token, lease_ms = self.member.token, self.lease_ms
        return sides.run(_scripts.EXTEND, (token, lease_ms), lambda model: model.extend(token, lease_ms))


class Break(NamedTuple):
    up_to_date: bool

    def run(self, sides: Sides) -> bool:
        seen = str((sides.client.get(KEYS.lease) if self.up_to_date else None) or "what stood there before")
        arguments = (seen, DAY, sides.scripts.claim_ms)
        return sides.run(_scripts.BREAK, arguments, lambda model: model.break_(seen, DAY))


class Pause(NamedTuple):
    def run(self, _: Sides) -> bool:
        time.sleep(PAUSE)
        return True


class PutPast(NamedTuple):
    """Another program takes the lock with a bare `SET`, or the clock goes back behind the last fence."""

    key: str
    value: str
    px: int | None

    def run(self, sides: Sides) -> bool:
        sides.put(self.key, self.value, self.px)
        return True


Step: TypeAlias = Acquire | Release | Extend | Break | Pause | PutPast
members = st.sampled_from(MEMBERS)
leases = st.sampled_from([SHORT, SHORT, LONG, 9 * LONG])
fences = st.sampled_from([0, 0, 0, FUTURE, FUTURE + 10])
heirs = st.builds(
    lambda member, lease, fence: Heir(member.token, member.channel, member.owner, lease, fence, 60_000),
    members,
    leases,
    fences,
)
acquires = st.builds(Acquire, members, leases, fences, st.sampled_from([True, True, False]))
releases = st.builds(Release, members, st.booleans(), st.just(NOBODY) | heirs)
steps: st.SearchStrategy[Step] = st.one_of(
    *[acquires] * 4,
    *[releases] * 3,
    st.builds(Extend, members, leases),
    st.builds(Break, st.booleans()),
    st.just(Pause()),
    st.sampled_from([PutPast(KEYS.lease, "another program", SHORT), PutPast(KEYS.fence, str(FUTURE), DAY)]),
)


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with closing(redis_server.client()) as connected:
        yield connected


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(claim_ms=st.sampled_from([SHORT, LONG]), todo=st.lists(steps, min_size=10, max_size=40))
def test_the_scripts_and_their_model_agree(client: redis.Redis, claim_ms: int, todo: list[Step]) -> None:
    with closing(Sides(client, claim_ms)) as sides:
        done = next((number for number, step in enumerate(todo) if not step.run(sides)), len(todo))
        event("to the end" if done == len(todo) else "until a key ended just then")
        if done == len(todo):
            sides.compare_messages()
