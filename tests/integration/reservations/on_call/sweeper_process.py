"""A process that sweeps until it is ended. Environment: the servers' ports and passwords, the names to use."""

from __future__ import annotations

import os
import sys
from typing import Any

import pymysql
import redis

from ticketctl.locks import Locker
from ticketctl.reservations import Reservations, Sweeper

TTL = 2.0


def connect() -> pymysql.connections.Connection[Any]:
    return pymysql.connect(
        host="127.0.0.1",
        port=int(os.environ["MYSQL_PORT"]),
        user=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"],
        database=os.environ["MYSQL_DATABASE"],
    )


def main(namespace: str) -> None:
    client = redis.Redis(port=int(os.environ["REDIS_PORT"]), password=os.environ["REDIS_PASSWORD"])
    with Reservations(connect, client) as reservations, Locker(client, namespace=namespace, service="tidy") as locker:
        Sweeper(reservations, locker, interval=0.1, ttl=TTL).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
