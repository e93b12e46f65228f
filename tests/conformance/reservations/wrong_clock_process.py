"""A process whose wall clock is wrong, and that uses reservations all the same.

It reads one line of JSON: the kind, by how many seconds its clock is wrong, how to reach the servers, and what to do.
It writes one line of JSON for each thing it did. Every clock that Python has for the time of day is moved before
anything else is loaded; `monotonic` goes on as it is, as it does on a machine whose clock is set.
"""

from __future__ import annotations

import asyncio
import datetime
import inspect
import json
import sys
import time
from typing import Any


def move_clocks(seconds: float) -> None:
    """Have the time of day differ from this machine's by so many seconds."""
    right, right_ns, right_datetime = time.time, time.time_ns, datetime.datetime

    class Moved(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Moved:
            return cls.fromtimestamp(right() + seconds, tz)

        @classmethod
        def utcnow(cls) -> Moved:
            return cls.fromtimestamp(right() + seconds, datetime.UTC).replace(tzinfo=None)

    time.time = lambda: right() + seconds
    time.time_ns = lambda: right_ns() + round(seconds * 1e9)
    datetime.datetime = Moved  # type: ignore[misc]
    assert abs(datetime.datetime.now(datetime.UTC).timestamp() - right() - seconds) < 60
    assert right_datetime is not datetime.datetime


def _reservations(order: dict[str, Any]) -> Any:
    # Loaded here: after the clocks were moved.
    from ticketctl.reservations import AsyncReservations, Reservations

    if order["kind"] == "threads":
        import pymysql
        import redis

        return Reservations(lambda: pymysql.connect(**order["mysql"]), redis.Redis(**order["redis"]))
    import asyncmy
    import redis.asyncio as aio_redis

    return AsyncReservations(lambda: asyncmy.connect(**order["mysql"]), aio_redis.Redis(**order["redis"]))


async def run(order: dict[str, Any]) -> None:
    from ticketctl.errors import ReservationError
    from ticketctl.reservations import Hold

    reservations = _reservations(order)
    for method, arguments, options in order["calls"]:
        try:
            result = await settled(getattr(reservations, method)(*arguments, **options))
        except ReservationError as error:
            answer: Any = {"error": type(error).__name__}
        else:
            answer = result
            if isinstance(result, Hold):
                answer = {
                    "hold": result.hold_id,
                    "status": result.status,
                    "expires_at": result.expires_at.isoformat(),
                    "remaining": result.remaining(),
                    "clock": time.time(),
                }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    await settled(reservations.close())


async def settled(value: Any) -> Any:
    """Return what was returned, or what comes of it."""
    return await value if inspect.isawaitable(value) else value


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    move_clocks(given["wrong_by"])
    asyncio.run(run(given))
