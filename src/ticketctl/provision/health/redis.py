"""Is Redis what locks and holds need: reachable, writable, never forgetting by itself?"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketctl.errors import BackendPermissionError
from ticketctl.infra.redis import connect, translating
from ticketctl.provision.health.model import Finding, fail, ok, warn
from ticketctl.provision.health.size import human_size, percent
from ticketctl.provision.health.target import Check, Target
from ticketctl.provision.health.version import parse_version
from ticketctl.settings.endpoints import RedisEndpoint

if TYPE_CHECKING:
    import redis

Info = Mapping[str, object]

WANTED_VERSION = (8,)
OLDEST_VERSION = (7,)
MEMORY_WARNING = 0.9
"""Part of `maxmemory` above which writes may soon be refused."""
WRITE_TTL_MS = 10_000
"""The test's key removes itself, if the test is killed before it does."""


@dataclass(frozen=True, slots=True)
class RedisSession:
    """A connection, logged in.

    Attributes:
        endpoint: Where it goes, for messages.
        client: The client.
        info: What INFO said when the connection was made.
    """

    endpoint: RedisEndpoint
    client: redis.Redis
    info: Info


def redis_target(endpoint: RedisEndpoint) -> Target[RedisSession]:
    """Return the checks of Redis.

    Args:
        endpoint: Server and account.
    """

    @contextmanager
    def opened() -> Iterator[RedisSession]:
        with closing(connect(endpoint)) as client, translating(endpoint):
            yield RedisSession(endpoint, client, client.info())

    return Target("redis", "redis", endpoint.address, endpoint.user, opened, _CHECKS, "redis")


def version(session: RedisSession) -> Finding:
    """Redis 7 or newer; 8 is what everything is tested with."""
    text = str(session.info.get("redis_version", ""))
    found = parse_version(text)
    if found < OLDEST_VERSION:
        return fail(f"Redis {text}, 7 is the oldest that works", "set images.redis to redis:8")
    if found < WANTED_VERSION:
        return warn(f"Redis {text}, wanted is 8", "set images.redis to redis:8")
    return ok(f"Redis {text}")


def writable(session: RedisSession) -> Finding:
    """Write a key, read it back, remove it."""
    if session.info.get("role") != "master":
        return fail("this server is a replica", "point redis.host at the primary")
    key, value = f"ticketctl:health:{secrets.token_hex(8)}", secrets.token_hex(8)
    with translating(session.endpoint):
        session.client.set(key, value, px=WRITE_TTL_MS)
        returned = session.client.get(key)
        session.client.delete(key)
    if returned != value:
        return fail("a key that was just written came back different", "is something else writing to this server?")
    return ok("a key was written, read and removed")


def eviction(session: RedisSession) -> Finding:
    """Redis must refuse writes when it is full, and never drop keys to make room."""
    policy = str(session.info.get("maxmemory_policy", "unknown"))
    if policy != "noeviction":
        return fail(
            f"maxmemory-policy is {policy}: under memory pressure locks and holds vanish",
            "CONFIG SET maxmemory-policy noeviction, and in the server's configuration",
        )
    return ok("noeviction")


def memory(session: RedisSession) -> Finding:
    """How far is Redis from refusing writes?"""
    used, limit = _number(session.info, "used_memory"), _number(session.info, "maxmemory")
    if not limit:
        return warn(
            f"{human_size(used)} used, no maxmemory: at its limit the kernel kills Redis, rather than Redis a write",
            "set maxmemory below the memory that the server has",
        )
    text = f"{human_size(used)} of {human_size(limit)} used ({percent(used, limit)})"
    if used > MEMORY_WARNING * limit:
        return warn(f"{text}: soon writes are refused", "raise limits.redis, or look for what fills it: MEMORY STATS")
    return ok(text)


def persistence(session: RedisSession) -> Finding:
    """Do locks and holds survive a restart, and did the last writes to disk succeed?"""
    broken = [
        text
        for key, text in (
            ("aof_last_write_status", "the last write to the append-only file failed"),
            ("aof_last_bgrewrite_status", "the last rewrite of the append-only file failed"),
            ("rdb_last_bgsave_status", "the last snapshot failed"),
        )
        if session.info.get(key, "ok") != "ok"
    ]
    if broken:
        return fail("; ".join(broken), "free disk space where Redis keeps its data; its log says what failed")
    if not _number(session.info, "aof_enabled"):
        return warn(
            f"append-only file is off: what was written since {_last_save(session.info)} is lost in a crash",
            "CONFIG SET appendonly yes, and in the server's configuration",
        )
    return _flushing(session)


def _flushing(session: RedisSession) -> Finding:
    try:
        with translating(session.endpoint):
            configured = session.client.config_get("appendfsync")
    except BackendPermissionError:
        return ok("append-only file on (the account may not read how often it is flushed)")
    mode = str(configured.get("appendfsync", "unknown"))
    if mode == "no":
        return warn(
            "the append-only file is flushed when the kernel likes, about every 30 s",
            "CONFIG SET appendfsync everysec, and in the server's configuration",
        )
    return ok(f"append-only file, flushed {'each second' if mode == 'everysec' else mode}")


def _last_save(info: Info) -> str:
    seconds = max(0, int(time.time()) - _number(info, "rdb_last_save_time"))
    return f"the last snapshot, {seconds} s ago,"


def _number(info: Info, key: str) -> int:
    value = info.get(key, 0)
    return value if isinstance(value, int) else 0


_CHECKS = (
    Check("version", version),
    Check("writable", writable),
    Check("maxmemory-policy", eviction),
    Check("memory", memory),
    Check("persistence", persistence),
)
