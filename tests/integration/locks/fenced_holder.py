"""A process that takes a lock, says so, waits to be told to go on, and then writes as if it held the lock still.

The test stops it in between. Arguments: where it writes (`mysql`, `redis`), how (`fenced`, `guarded`, `plain`), who
it is.
Environment: the servers' ports and passwords.
"""

from __future__ import annotations

import os
import sys

import pymysql
import redis

from ticketctl.errors import StaleHolderError
from ticketctl.locks import Locker, fenced

LOCK = "seat:7"
TTL = 1.0


def clients() -> tuple[redis.Redis, pymysql.Connection[pymysql.cursors.Cursor]]:
    database = pymysql.connect(
        host="127.0.0.1",
        port=int(os.environ["MYSQL_PORT"]),
        user="root",
        password=os.environ["MYSQL_PASSWORD"],
        database=os.environ["MYSQL_DATABASE"],
    )
    keys = redis.Redis(port=int(os.environ["REDIS_PORT"]), password=os.environ["REDIS_PASSWORD"], decode_responses=True)
    return keys, database


def write(where: str, how: str, holder: str, fence: int) -> int:
    """Write who holds the seat, and return how many rows or keys were changed."""
    keys, database = clients()
    if where == "redis":
        if how == "plain":
            return int(keys.set("seat:7:holder", holder) is True)
        return int(fenced.write(keys, fence, "SET", "seat:7:holder", holder) == "OK")
    with database, database.cursor() as cursor:
        if how == "plain":
            changed = cursor.execute("UPDATE seats SET holder = %s, fence = %s WHERE id = 7", (holder, fence))
        elif how == "guarded":
            fenced.guard(cursor, LOCK, fence=fence)
            changed = cursor.execute("UPDATE seats SET holder = %s WHERE id = 7", (holder,))
        else:
            changed = fenced.update(cursor, "seats", {"holder": holder}, {"id": 7}, fence=fence)
        database.commit()
        return changed


def say(word: str, number: int | None) -> None:
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


def main(where: str, how: str, holder: str) -> None:
    with Locker(clients()[0], service=holder) as locker:
        lock = locker.acquire(LOCK, ttl=TTL, wait_timeout=60.0, keep_alive=True)
        say("holds", lock.fence)
        sys.stdin.readline()
        # Nothing is asked of the lock here: a check would only make the gap smaller in which the stop can fall.
        try:
            changed = write(where, how, holder, lock.fence)
        except StaleHolderError as refused:
            say("stale", refused.newer)
        else:
            say("wrote", changed)


if __name__ == "__main__":
    main(*sys.argv[1:])
