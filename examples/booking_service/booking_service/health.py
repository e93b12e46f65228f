"""Whether the service can work: does each server let it log in?"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import redis.asyncio
from asyncmy.errors import MySQLError
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from booking_service.connection import connect
from booking_service.settings import Mysql, Settings
from booking_service.shared import Shared

_ROUND_SECONDS = 4.0
_GOOD_FOR = 1.0  # seconds
_LOGIN_REFUSED = frozenset({1044, 1045, 1049, 1698, 3118})
_UNREACHABLE = frozenset({2002, 2003, 2005})


class Dependency(NamedTuple):
    """What a server said.

    Attributes:
        name: What people call it.
        kind: `mysql` or `redis`.
        needed: Whether the service is of no use without it.
        status: `ok`, `unreachable`, `refused` or `failed`.
        latency_ms: Milliseconds until it was known.
        detail: What went wrong, empty if nothing.
    """

    name: str
    kind: str
    needed: bool
    status: str
    latency_ms: float
    detail: str


class Readiness:
    """Asks all servers at once, and remembers the answers for a moment.

    Redis is asked and told of, but not needed: seats are sold without it, more slowly.

    Args:
        settings: Where they are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked: Shared[None, list[Dependency]] = Shared(self._ask, _GOOD_FOR)

    async def document(self) -> tuple[bool, dict[str, object]]:
        """Return whether the service is ready, and what there is to say of it."""
        found = await self._asked.get(None)
        ready = all(dependency.status == "ok" for dependency in found if dependency.needed)
        return ready, {
            "service": self._settings.name,
            "status": "ready" if ready else "not ready",
            "dependencies": [dependency._asdict() for dependency in found],
        }

    async def _ask(self, _: None) -> list[Dependency]:
        settings = self._settings
        databases = {mysql.database: mysql for mysql in (settings.events, settings.inventory, settings.bookings)}
        return await asyncio.gather(
            *(_asked(name, "mysql", True, _mysql_asker(mysql)) for name, mysql in databases.items()),
            _asked("redis", "redis", False, lambda: _ask_redis(settings.redis_url)),
        )


async def _asked(name: str, kind: str, needed: bool, ask: Callable[[], Awaitable[None]]) -> Dependency:
    began = time.monotonic()
    status, detail = "ok", ""
    try:
        async with asyncio.timeout(_ROUND_SECONDS):
            await ask()
    except TimeoutError:
        status, detail = "unreachable", "no answer in time"
    except MySQLError as error:
        status, detail = _mysql_failure(error)
    except (AuthenticationError, ResponseError) as error:
        status, detail = "refused", str(error)
    except (RedisError, OSError) as error:
        status, detail = "unreachable", str(error)
    return Dependency(name, kind, needed, status, round((time.monotonic() - began) * 1000, 1), detail)


def _mysql_asker(mysql: Mysql) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        connection = await connect(mysql)  # a fresh login: a password that was changed shows at once
        with contextlib.closing(connection):
            await connection.cursor().execute("SELECT 1")

    return ask


async def _ask_redis(url: str) -> None:
    client = redis.asyncio.Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0)
    async with client:
        await client.ping()


def _mysql_failure(error: MySQLError) -> tuple[str, str]:
    code, text = (*error.args, "", "")[:2]
    if code in _LOGIN_REFUSED:
        return "refused", f"{text} ({code})"
    return "unreachable" if code in _UNREACHABLE else "failed", f"{text} ({code})"
