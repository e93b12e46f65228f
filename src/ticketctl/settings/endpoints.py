"""Where the backends are and who logs in: what every feature needs to talk to them.

With `runtime: docker` the stack's own files say it, with `runtime: external` the settings do.
Features take these values and never ask where they came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ticketctl.settings.model import Settings
from ticketctl.settings.secret import Secret


@dataclass(frozen=True, slots=True)
class MysqlEndpoint:
    """One MySQL server and an account on it.

    Attributes:
        host: Address.
        port: TCP port.
        user: Account name.
        password: Its password.
        database: Default database, None for none.
        connect_timeout: Seconds.
    """

    host: str
    port: int
    user: str
    password: Secret
    database: str | None = None
    connect_timeout: float = 5.0

    @property
    def address(self) -> str:
        """`host:port`, for messages."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class RedisEndpoint:
    """The Redis server and an account on it."""

    host: str
    port: int
    user: str
    password: Secret
    connect_timeout: float = 5.0

    @property
    def address(self) -> str:
        """`host:port`, for messages."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ElasticsearchEndpoint:
    """The Elasticsearch cluster and an account on it."""

    url: str
    user: str
    password: Secret
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """All backends, with the accounts that ticketctl itself works with.

    Attributes:
        mysql: Key of the database (`events`) to its endpoint, `database` set to its name (`events_db`).
        redis: Redis.
        elasticsearch: Elasticsearch.
    """

    mysql: Mapping[str, MysqlEndpoint]
    redis: RedisEndpoint
    elasticsearch: ElasticsearchEndpoint


def external_endpoints(settings: Settings) -> Endpoints:
    """Return the endpoints that the settings name (`runtime: external`).

    Args:
        settings: The complete settings.
    """
    mysql = settings.mysql
    return Endpoints(
        mysql={
            key: MysqlEndpoint(
                host=database.host or mysql.host,
                port=database.port or mysql.port,
                user=mysql.user,
                password=mysql.password,
                database=database.name,
                connect_timeout=mysql.connect_timeout,
            )
            for key, database in settings.databases.items()
        },
        redis=RedisEndpoint(
            settings.redis.host,
            settings.redis.port,
            settings.redis.user,
            settings.redis.password,
            settings.redis.connect_timeout,
        ),
        elasticsearch=ElasticsearchEndpoint(
            settings.elasticsearch.url,
            settings.elasticsearch.user,
            settings.elasticsearch.password,
            settings.elasticsearch.timeout,
        ),
    )
