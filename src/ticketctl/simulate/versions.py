"""What took part in a sale."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

from ticketctl import __version__
from ticketctl.infra.redis import connect as connect_redis
from ticketctl.infra.redis import translating
from ticketctl.provision.seed.database import Database
from ticketctl.simulate.places import Places


def versions(places: Places) -> Mapping[str, str]:
    """Return what took part, by name.

    Raises:
        BackendError: A server does not answer.
    """
    with Database.opened(places.inventory) as inventory:
        ((mysql,),) = inventory.rows("SELECT VERSION()")
    client = connect_redis(places.redis)
    try:
        with translating(places.redis):
            redis = str(client.info("server")["redis_version"])
    finally:
        client.close()
    return {
        "ticketctl": __version__,
        "Python": platform.python_version(),
        "MySQL": str(mysql),
        "Redis": redis,
        "machine": f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors",
    }
