"""Fenced writes in Redis: a command runs in a script that compares the fence first."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ticketctl.errors import StaleHolderError
from ticketctl.locks.fenced._commands import ONE_KEY_WRITES
from ticketctl.locks.fenced._fence import checked_fence

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

Key: TypeAlias = "str | bytes"
Argument: TypeAlias = "str | bytes | int | float"

DAY = 86_400.0
MOST_ARGUMENTS = 7_000
"""Lua can pass on about 8,000 values at once."""


def write(
    redis: Redis,
    fence: int,
    command: str,
    key: Key,
    *arguments: Argument,
    ttl: float = DAY,
) -> Any:  # noqa: ANN401 - replies of any command
    """Run a write command on a key, unless a newer holder of the lock has written to it.

    The fence is kept beside the key, see `fence_key`; comparing, writing and raising it is one script.

    Args:
        redis: A client.
        fence: The fence of the caller's lock.
        command: A command that writes to one key: `SET`, `HSET`, `INCRBY`, `DEL`, `XADD`.
        key: The key. All fenced writes to it belong to one lock.
        *arguments: The command's arguments behind the key, at most 7,000.
        ttl: Seconds that the fence is kept after this write. Choose twice the longest time that a holder can hold the
            lock and be stopped: one that comes back later finds no fence any more.

    Returns:
        The reply of the command as the server gives it: `b"OK"` (`"OK"` with decode_responses) or an int, not the
        client's conversion of it.

    Raises:
        StaleHolderError: A newer holder has written to the key. Nothing was changed.
        ValueError: The command is none that writes to one key, the key can have none beside it, or a number is out
            of its range.
        redis.RedisError: As from the command itself; when it says that the command was refused, the fence was not
            raised either.
    """
    from redis.exceptions import NoScriptError

    call = _call(fence, command, key, arguments, ttl)
    text, digest = _script()
    execute: Callable[..., Any] = redis.execute_command
    try:
        reply = execute("EVALSHA", digest, *call)
    except NoScriptError:
        reply = execute("EVAL", text, *call)
    return _verdict(reply, key, fence)


async def awrite(
    redis: AsyncRedis,
    fence: int,
    command: str,
    key: Key,
    *arguments: Argument,
    ttl: float = DAY,
) -> Any:  # noqa: ANN401 - replies of any command
    """Do what `write` does, with a client of `redis.asyncio`."""
    from redis.exceptions import NoScriptError

    call = _call(fence, command, key, arguments, ttl)
    text, digest = _script()
    execute: Callable[..., Awaitable[Any]] = redis.execute_command
    try:
        reply = await execute("EVALSHA", digest, *call)
    except NoScriptError:
        reply = await execute("EVAL", text, *call)
    return _verdict(reply, key, fence)


def fence_key(key: Key) -> Key:
    """Return the key that keeps the fence of another, in the same hash slot.

    `seat:7` has `{seat:7}:fence`; `cart:{42}:items` has a hash tag of its own, and `cart:{42}:items:fence` shares it.

    Raises:
        ValueError: The key is empty, or has a `}` and no hash tag: no other key is sure to be in its slot.
    """
    if isinstance(key, bytes):
        return str(fence_key(key.decode("latin-1"))).encode("latin-1")
    if not key:
        raise ValueError("a key that can be fenced is not empty")
    _, opened, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    if opened and tag and closed:
        return f"{key}:fence"
    if "}" in key:
        raise ValueError(f"the key {key!r} has a '}}' without a hash tag, so its fence cannot be kept in its slot")
    return f"{{{key}}}:fence"


def _call(fence: int, command: str, key: Key, arguments: tuple[Argument, ...], ttl: float) -> list[Argument]:
    """Return what stands behind the script in EVAL and EVALSHA."""
    checked_fence(fence)
    name = command.upper()
    if name not in ONE_KEY_WRITES:
        raise ValueError(f"'{command}' is no command that writes to exactly one key")
    if arguments and name in {"DEL", "UNLINK"}:
        raise ValueError(f"'{command}' with several keys is more than one fenced write")
    if len(arguments) > MOST_ARGUMENTS:
        raise ValueError(f"a fenced write takes {MOST_ARGUMENTS:,} arguments at most, not {len(arguments):,}")
    if not math.isfinite(ttl) or ttl < 0.001:
        raise ValueError(f"the fence must be kept for a time in seconds, not {ttl}")
    return [2, key, fence_key(key), fence, round(ttl * 1000), name, *arguments]


def _verdict(reply: Any, key: Key, fence: int) -> Any:  # noqa: ANN401 - replies of any command
    written, value = reply
    if written:
        return value
    shown = key if isinstance(key, str) else key.decode(errors="backslashreplace")
    raise StaleHolderError(f"the write of a stale holder to '{shown}' was refused", fence=fence, newer=int(value))


@cache
def _script() -> tuple[str, str]:
    """Return the script and the digest that the server knows it by."""
    text = (Path(__file__).parents[1] / "lua" / "fenced_write.lua").read_text(encoding="utf-8")
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
