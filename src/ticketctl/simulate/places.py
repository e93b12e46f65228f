"""Where a sale happens, and how drivers connect there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ticketctl.settings.endpoints import MysqlEndpoint, RedisEndpoint


@dataclass(frozen=True, slots=True)
class Places:
    """Where a sale happens, each with the account of its service.

    Attributes:
        events: The events database.
        inventory: The inventory database.
        bookings: The bookings database, in which the booking service writes; None where there is none.
        redis: Redis, with the account of the inventory's service.
        service: Address of the booking service; empty where there is none.
    """

    events: MysqlEndpoint
    inventory: MysqlEndpoint
    bookings: MysqlEndpoint | None
    redis: RedisEndpoint
    service: str = ""


def connecting(endpoint: MysqlEndpoint) -> dict[str, Any]:
    """Return what PyMySQL connects with; without TLS, which costs a process more than all else when it starts."""
    return {
        "host": endpoint.host,
        "port": endpoint.port,
        "user": endpoint.user,
        "password": endpoint.password.reveal(),
        "database": endpoint.database,
        "connect_timeout": 3,
        "read_timeout": 5,
        "write_timeout": 5,
        "ssl_disabled": True,
    }


def redis_connecting(endpoint: RedisEndpoint) -> dict[str, Any]:
    """Return what redis-py connects with."""
    return {
        "host": endpoint.host,
        "port": endpoint.port,
        "username": endpoint.user if endpoint.password else None,
        "password": endpoint.password.reveal() or None,
    }
