"""Distributed locks on Redis, sync and asyncio.

A lock orders work and saves effort; what makes a write safe is the fence that comes with it
(`ticketctl.locks.fenced`, `docs/explanation/lock-safety.md`).
"""

from ticketctl.errors import (
    LockBackendError,
    LockError,
    LockLostError,
    LockNotAcquiredError,
    LockNotOwnedError,
    StaleHolderError,
)
from ticketctl.locks.aio.leader import AsyncLeader
from ticketctl.locks.aio.lock import AsyncLock
from ticketctl.locks.aio.locker import AsyncLocker
from ticketctl.locks.clients import RedisClients, redis_clients
from ticketctl.locks.observer import LockObserver, key_template
from ticketctl.locks.sync.leader import Leader
from ticketctl.locks.sync.lock import Lock
from ticketctl.locks.sync.locker import Locker

__all__ = [
    "AsyncLeader",
    "AsyncLock",
    "AsyncLocker",
    "Leader",
    "Lock",
    "LockBackendError",
    "LockError",
    "LockLostError",
    "LockNotAcquiredError",
    "LockNotOwnedError",
    "LockObserver",
    "Locker",
    "RedisClients",
    "StaleHolderError",
    "key_template",
    "redis_clients",
]
