"""Fenced writes in Redis: what a stale holder sends changes nothing."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any, Protocol

import pytest
import redis
import redis.asyncio

from integration.conftest import REDIS_PASSWORD, redis_of
from integration.eventually import eventually
from integration.servers import Server, running, wait_until
from ticketctl.errors import StaleHolderError
from ticketctl.infra.redis import connect
from ticketctl.locks import fenced
from ticketctl.locks.fenced._commands import ONE_KEY_WRITES

pytestmark = pytest.mark.integration
OLD, NEW = 1_700_000_000_000_000, 1_700_000_000_000_001
"""Lua writes both as 1.7e+15."""


class Write(Protocol):
    """A fenced write through one kind of client."""

    def __call__(self, fence: int, command: str, key: str, *arguments: Any, **options: Any) -> Any: ...


def client(server: Server, **options: Any) -> redis.Redis:
    return redis.Redis(host="127.0.0.1", port=server.port, password=REDIS_PASSWORD.reveal(), **options)


@pytest.fixture
def plain(own_redis: Server) -> Iterator[redis.Redis]:
    """A client that says `str`."""
    with closing(client(own_redis, decode_responses=True)) as connected:
        yield connected


KINDS: Mapping[str, Mapping[str, object]] = {
    "bytes": {},
    "text": {"decode_responses": True},
    "resp2": {"protocol": 2},
    "resp3": {"protocol": 3},
}


@pytest.fixture(params=[*KINDS, "awaited"])
def write(request: pytest.FixtureRequest, own_redis: Server) -> Iterator[Write]:
    """Fenced writes through each kind of client."""
    if request.param != "awaited":
        with closing(client(own_redis, **KINDS[request.param])) as connected:
            yield lambda *arguments, **options: fenced.write(connected, *arguments, **options)
        return
    with asyncio.Runner() as runner:
        awaited = redis.asyncio.Redis(host="127.0.0.1", port=own_redis.port, password=REDIS_PASSWORD.reveal())
        yield lambda *arguments, **options: runner.run(fenced.awrite(awaited, *arguments, **options))
        runner.run(awaited.aclose())


@pytest.fixture
def key() -> str:
    return f"seat:{uuid.uuid4().hex}"


def text(reply: object) -> object:
    return reply.decode() if isinstance(reply, bytes) else reply


# --- each client -------------------------------------------------------------------------------


def test_a_stale_holder_changes_nothing(write: Write, plain: redis.Redis, key: str) -> None:
    assert text(write(OLD, "SET", key, "older")) == "OK"
    assert text(write(NEW, "SET", key, "newer")) == "OK"

    with pytest.raises(StaleHolderError, match=key) as refused:
        write(OLD, "SET", key, "older again")

    assert (refused.value.fence, refused.value.newer) == (OLD, NEW)
    assert plain.get(key) == "newer"

    # Without the comparison the same write goes through.
    plain.set(key, "older again")
    assert plain.get(key) == "older again"


def test_the_fence_is_kept_as_a_whole_number(write: Write, plain: redis.Redis, key: str) -> None:
    write(OLD, "SET", key, "value")

    assert plain.get(f"{{{key}}}:fence") == "1700000000000000"
    # What a script makes of the number itself:
    assert plain.eval("return tostring(tonumber(ARGV[1]))", 0, str(OLD)) == "1.7e+15"
    # The greatest fence, and its neighbour, which a float of 53 bits still tells apart.
    write(fenced.FENCES_END - 1, "SET", key, "last")
    assert plain.get(f"{{{key}}}:fence") == "9007199254740991"
    with pytest.raises(StaleHolderError):
        write(fenced.FENCES_END - 2, "SET", key, "last but one")


def test_replies_are_those_of_the_command(write: Write, key: str) -> None:
    assert write(OLD, "HSET", key, "a", 1, "b", 2) == 2
    assert write(OLD, "hincrby", key, "a", 5) == 6
    assert text(write(OLD, "HINCRBYFLOAT", key, "a", 0.25)) == "6.25"
    assert [text(value) for value in write(OLD, "HGETDEL", key, "FIELDS", 3, "b", "missing", "a")] == [
        "2",
        None,
        "6.25",
    ]
    assert write(OLD, "DEL", key) == 0
    assert write(OLD, "SET", key, "x", "NX", "EX", 60) in ("OK", b"OK")
    assert write(OLD, "SET", key, "y", "NX") is None
    assert write(OLD, "DEL", key) == 1
    assert write(OLD, "RPUSH", key, *range(7_000)) == 7_000


def test_a_script_that_the_server_forgot_is_sent_again(write: Write, plain: redis.Redis, key: str) -> None:
    plain.script_flush()
    assert text(write(OLD, "SET", key, "value")) == "OK"
    plain.script_flush()
    write(NEW, "SET", key, "value")
    plain.script_flush()
    with pytest.raises(StaleHolderError):
        write(OLD, "SET", key, "value")


def test_a_fence_outlives_the_key_and_is_kept_from_the_last_write_on(
    write: Write, plain: redis.Redis, key: str
) -> None:
    write(NEW, "SET", key, "value", ttl=60.0)
    assert 59_000 < plain.pttl(f"{{{key}}}:fence") <= 60_000
    write(NEW, "DEL", key)
    assert 86_399_000 < plain.pttl(f"{{{key}}}:fence") <= 86_400_000

    with pytest.raises(StaleHolderError):
        write(OLD, "SET", key, "back again")

    # The other way round: once the fence is gone, nobody is known to be newer.
    plain.pexpire(f"{{{key}}}:fence", 1)
    eventually(lambda: plain.exists(f"{{{key}}}:fence"), lambda there: not there)
    assert text(write(OLD, "SET", key, "back again")) == "OK"


# --- commands that fail ------------------------------------------------------------------------


def test_a_command_that_is_refused_does_not_raise_the_fence(write: Write, plain: redis.Redis, key: str) -> None:
    write(OLD, "SET", key, "text")

    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        write(NEW, "HSET", key, "field", "value")
    with pytest.raises(redis.ResponseError, match=r"[Ww]rong number of"):
        write(NEW, "SET", key)

    assert plain.get(f"{{{key}}}:fence") == str(OLD)


def test_a_key_beside_that_holds_no_fence_is_said(write: Write, plain: redis.Redis, key: str) -> None:
    plain.set(f"{{{key}}}:fence", "1.7e+15")

    with pytest.raises(redis.ResponseError, match="WRONGFENCE"):
        write(NEW, "SET", key, "value")

    assert plain.get(key) is None


def test_a_full_server_refuses_what_needs_memory_and_still_deletes(plain: redis.Redis, key: str) -> None:
    fenced.write(plain, OLD, "SET", key, "value")
    limit = str(plain.config_get("maxmemory")["maxmemory"])
    plain.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.OutOfMemoryError):
            fenced.write(plain, NEW, "SET", key, "value")
        assert plain.get(f"{{{key}}}:fence") == str(OLD)

        assert fenced.write(plain, NEW, "DEL", key) == 1
        assert plain.get(f"{{{key}}}:fence") == str(NEW)
    finally:
        plain.config_set("maxmemory", limit)


# --- what the server says of commands and slots ------------------------------------------------


def ask(connected: redis.Redis, *command: object) -> Any:
    """The reply as the server gives it: the client's own reading of COMMAND DOCS fails."""
    connection: Any = connected.connection_pool.get_connection()
    try:
        connection.send_command(*command)
        return connection.read_response()
    finally:
        connected.connection_pool.release(connection)


def pairs(reply: Any) -> dict[str, Any]:
    """A map, which RESP 2 gives as a list."""
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


def later(entry: Any) -> bool:
    """Whether a command came after Redis 8.0."""
    major, minor, *_ = pairs(entry)["since"].split(".")
    return (int(major), int(minor)) > (8, 0)


def test_the_list_of_commands_is_what_the_server_knows(plain: redis.Redis) -> None:
    def writes_one_key(row: list[Any]) -> bool:
        _, _, flags, first, last, *_ = row
        several_keys = last != first and row[0] not in ("del", "unlink")
        return "write" in flags and first == 1 and not several_keys and not {"blocking", "movablekeys"} & set(flags)

    rows = [row for row in ask(plain, "COMMAND") if not {"module", "admin", "asking", "noscript"} & set(row[2])]
    known = {row[0].upper() for row in rows}
    judged = {row[0].upper() for row in rows if writes_one_key(row)}

    assert ONE_KEY_WRITES & known <= judged
    # MOVE writes the key of the same name in another database. What later servers bring is for a later version.
    missing = sorted(judged - ONE_KEY_WRITES - {"MOVE"})
    entries = pairs(ask(plain, "COMMAND", "DOCS", *missing)) if missing else {}
    assert [name for name, entry in entries.items() if not later(entry)] == []


@pytest.fixture(scope="module")
def node() -> Iterator[redis.Redis]:
    """A cluster of one node."""
    command = ("redis-server", "--requirepass", REDIS_PASSWORD.reveal(), "--cluster-enabled", "yes")
    with (
        running("redis", 6379, environ={}, memory="128m", command=command) as server,
        closing(client(server, decode_responses=True)) as connected,
    ):
        wait_until(lambda: connect(redis_of(server)).close(), server)
        ask(connected, "CLUSTER", "ADDSLOTSRANGE", 0, 16_383)
        eventually(lambda: str(ask(connected, "CLUSTER", "INFO")), lambda seen: "cluster_state:ok" in seen)
        yield connected


@pytest.mark.parametrize("key", ["seat:7", "cart:{42}:items", "a{b", "{seat}", "é{ü}"])
def test_a_cluster_finds_both_keys_in_one_slot(node: redis.Redis, key: str) -> None:
    beside = fenced.fence_key(key)

    assert ask(node, "CLUSTER", "KEYSLOT", key) == ask(node, "CLUSTER", "KEYSLOT", beside)
    assert fenced.write(node, NEW, "SET", key, "value") == "OK"
    with pytest.raises(StaleHolderError):
        fenced.write(node, OLD, "SET", key, "value")
    # What a key of another slot is answered with, as a control of the control.
    with pytest.raises(redis.ResponseError, match="slot"):
        node.eval("return 1", 2, key, f"{key}-elsewhere" if "{" not in key else "elsewhere")


# --- many at once ------------------------------------------------------------------------------


def test_what_many_holders_write_is_in_the_order_of_their_fences(plain: redis.Redis, key: str) -> None:
    """Holders in any order and at once: the list never goes back. Without the comparison it does."""
    fences = [number * 17 % 401 for number in range(1, 401)]  # each of 1 to 400 once, up and down
    start = threading.Barrier(8)

    def work(mine: list[int]) -> None:
        start.wait()
        for fence in mine:
            plain.rpush(f"{key}:unchecked", fence)
            with suppress(StaleHolderError):
                fenced.write(plain, fence, "RPUSH", key, fence)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [fences[first::8] for first in range(8)]))

    written = [int(fence) for fence in plain.lrange(key, 0, -1)]
    unchecked = [int(fence) for fence in plain.lrange(f"{key}:unchecked", 0, -1)]
    assert written == sorted(written)
    assert written[-1] == 400
    assert len(unchecked) == 400
    assert unchecked != sorted(unchecked)
