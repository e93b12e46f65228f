"""A process that sweeps, as services do: `python -m ticketctl.simulate.sweeper_process`.

It is told what it needs, and that the sale is over, as `buyers_process` is.
"""

from __future__ import annotations

import json
import logging
import sys
import threading

import pymysql
import redis

from ticketctl.locks import Locker
from ticketctl.reservations import Reservations, Sweeper
from ticketctl.simulate.diary import Diary, Said

_FOLLOWS_AFTER = 3.0  # seconds, when the one that sweeps has died


def main() -> None:
    """Run the process."""
    order = json.loads(sys.stdin.readline())
    logging.getLogger("ticketctl").addHandler(logging.NullHandler())  # outages are what a sale is made to meet
    diary = Diary(sys.stdout)
    client = redis.Redis(**order["redis"])
    with (
        Reservations(lambda: pymysql.connect(**order["mysql"]), client) as reservations,
        Locker(client, service="simulate") as locker,
    ):
        sweeper = Sweeper(reservations, locker, interval=0.5, ttl=_FOLLOWS_AFTER, office=f"sale-{order['event']}")
        sweeping = threading.Thread(target=sweeper.run, name="sweeper")
        sweeping.start()
        diary.write(Said("ready"))
        sys.stdin.read()
        sweeper.stop()
        sweeping.join()
    client.close()


if __name__ == "__main__":
    main()
