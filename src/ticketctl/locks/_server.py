"""The server: what it is told of this process, and what its errors mean."""

from __future__ import annotations

import json
import logging
import os
import socket
from typing import Literal

from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,  # its name
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # its name
)

from ticketctl.errors import LockBackendError
from ticketctl.locks._replies import LoginRefusedError

_log = logging.getLogger("ticketctl.locks")

TRANSIENT = (ConnectionError, TimeoutError, BusyLoadingError, ClusterDownError, ReadOnlyError, OSError)
"""What goes away by itself: a server that restarts, loads its data, or is promoted."""


def owner_text(service: str) -> str:
    """Return who this process is, as it stands in a lease."""
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "service": service}
    return json.dumps(owner, separators=(",", ":"))


def backend_error(error: BaseException, name: str | None, what: str) -> LockBackendError:
    """Return what an exception of the driver means for the caller.

    Args:
        error: The exception.
        name: The lock, None where none is concerned.
        what: What was being done.
    """
    outcome: Literal["unknown", "refused"] = "refused"
    next_step = ""
    if isinstance(error, (BusyLoadingError, ReadOnlyError, ClusterDownError)):
        next_step = "try again: the server is being restarted, or another one takes its place"
    elif isinstance(error, LoginRefusedError):
        next_step = "give the client the right account and password"
    elif isinstance(error, ResponseError):
        next_step = _what_to_do(f"{type(error).__name__} {error}")  # the driver makes classes of some codes
    else:
        outcome = "unknown"
        next_step = "a lock that was won all the same is gone when its ttl is over; `fence` keeps late writes out"
    return LockBackendError(
        f"Redis {'did not answer' if outcome == 'unknown' else 'refused'}: {what}",
        name=name,
        outcome=outcome,
        why=str(error) or type(error).__name__,
        next_step=next_step,
    )


def _what_to_do(text: str) -> str:
    rights = (
        "the account needs the lock's keys and channels, and EVALSHA, SCRIPT LOAD, SUBSCRIBE and what the scripts call "
        "(docs/reference/lock-protocol.md)"
    )
    words = {
        "NoPermissionError": rights,
        "ACL failure in script": rights,
        "OutOfMemoryError": "free memory, or raise `maxmemory`",
        "MISCONF": "free disk space where Redis keeps its data",
        "WRONGTYPE": "something else uses the lock's key: choose another namespace",
        "MOVED": "a cluster is not supported yet",
    }
    return next((words[word] for word in words if word in text), "")


def arrived_expired(name: str, ttl: float) -> LockBackendError:
    """Return the error of a lock whose time was over when the answer came."""
    return LockBackendError(
        f"the lock '{name}' was over when the answer came",
        name=name,
        outcome="refused",
        why=f"the answer took longer than the ttl of {ttl:g} s; the lock was given back",
        next_step="ask for a longer ttl, or look at what makes Redis or the network so slow",
    )


def closed_meanwhile(name: str) -> LockBackendError:
    """Return the error of somebody who waited while their locker was closed."""
    return LockBackendError(
        f"the locker was closed while the lock '{name}' was waited for",
        name=name,
        outcome="refused",
        next_step="close it when nobody waits any more",
    )


def memory_problem(answer: bytes | ResponseError, name: str) -> LockBackendError | None:
    """Return what is wrong with the server's memory policy.

    Args:
        answer: What it says to `INFO memory`.
        name: The lock that was wanted.
    """
    if isinstance(answer, ResponseError):
        _log.warning("whether this Redis throws locks away when it is full cannot be read: %s", answer)
        return None
    rows = (line.partition(":") for line in answer.decode().splitlines())
    info = {key: value.strip() for key, _, value in rows}
    limit, policy = int(info.get("maxmemory", 0)), info.get("maxmemory_policy", "noeviction")
    if not limit or policy == "noeviction":
        return None
    return LockBackendError(
        f"this Redis throws keys away when it is full ({policy}), and with them locks that are held",
        name=name,
        outcome="refused",
        why=f"maxmemory is {limit} bytes and maxmemory-policy {policy}",
        next_step="CONFIG SET maxmemory-policy noeviction (and in its configuration), or use another Redis for locks",
    )


__all__ = [
    "TRANSIENT",
    "LoginRefusedError",
    "RedisError",
    "ResponseError",
    "arrived_expired",
    "backend_error",
    "closed_meanwhile",
    "memory_problem",
    "owner_text",
]
