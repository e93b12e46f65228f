"""Where the stack's backends are and who logs in, from the settings and `compose/.env`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ticketctl.provision.stack.accounts.desired import (
    ELASTIC,
    ELASTIC_VARIABLE,
    ELASTICSEARCH_INDEX,
    INDEX_VARIABLE,
    MIGRATION_VARIABLE,
    MYSQL_MIGRATION,
    MYSQL_ROOT,
    MYSQL_ROOT_VARIABLE,
    REDIS_ADMIN,
    REDIS_VARIABLE,
    mysql_servers,
)
from ticketctl.provision.stack.env_file import EnvFile, require_env
from ticketctl.provision.stack.variables import ELASTICSEARCH, REDIS, port_variable
from ticketctl.settings.endpoints import ElasticsearchEndpoint, Endpoints, MysqlEndpoint, RedisEndpoint
from ticketctl.settings.model import Project

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class MysqlServer:
    """A MySQL server of the stack, with the account that may do everything there.

    Attributes:
        endpoint: Its `root` account.
        databases: Keys of the databases that it holds.
    """

    endpoint: MysqlEndpoint
    databases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdminEndpoints:
    """The backends with the accounts that make and change accounts.

    Attributes:
        mysql: Name in the Compose file to the server.
        elasticsearch: The `elastic` account.
    """

    mysql: Mapping[str, MysqlServer]
    elasticsearch: ElasticsearchEndpoint


def stack_endpoints(project: Project) -> Endpoints:
    """Return where the project's stack answers, with the accounts that ticketctl works with.

    Args:
        project: The project.

    Raises:
        EnvFileError: `compose/.env` is missing, incomplete or unreadable.
    """
    return docker_endpoints(project, require_env(project.env_file))


def service_urls(project: Project) -> Mapping[str, str]:
    """Return the address of each service of the stack, by its name.

    Args:
        project: The project.

    Raises:
        EnvFileError: `compose/.env` is missing, incomplete or unreadable.
    """
    env = require_env(project.env_file)
    return {name: f"http://{LOOPBACK}:{env.port(port_variable(name))}" for name in project.settings.services}


def docker_endpoints(project: Project, env: EnvFile) -> Endpoints:
    """Return where the stack answers, with the accounts that migrate, manage the index, and use all of Redis.

    Args:
        project: The project.
        env: Its ports and passwords.

    Raises:
        EnvFileError: A port or password is missing.
    """
    settings = project.settings
    mysql = {
        key: MysqlEndpoint(
            host=LOOPBACK,
            port=env.port(port_variable(server)),
            user=MYSQL_MIGRATION,
            password=env.secret(MIGRATION_VARIABLE),
            database=settings.databases[key].name,
            connect_timeout=settings.mysql.connect_timeout,
        )
        for server, keys in mysql_servers(settings).items()
        for key in keys
    }
    return Endpoints(
        # In the order of the settings, whatever the topology.
        mysql={key: mysql[key] for key in settings.databases},
        redis=RedisEndpoint(
            LOOPBACK,
            env.port(port_variable(REDIS)),
            REDIS_ADMIN,
            env.secret(REDIS_VARIABLE),
            settings.redis.connect_timeout,
        ),
        elasticsearch=_elasticsearch(project, env, ELASTICSEARCH_INDEX, INDEX_VARIABLE),
    )


def admin_endpoints(project: Project, env: EnvFile) -> AdminEndpoints:
    """Return where the stack answers, with the accounts that make other accounts.

    Args:
        project: The project.
        env: Its ports and passwords.

    Raises:
        EnvFileError: A port or password is missing.
    """
    return AdminEndpoints(
        mysql={
            server: MysqlServer(
                MysqlEndpoint(
                    host=LOOPBACK,
                    port=env.port(port_variable(server)),
                    user=MYSQL_ROOT,
                    password=env.secret(MYSQL_ROOT_VARIABLE),
                    connect_timeout=project.settings.mysql.connect_timeout,
                ),
                keys,
            )
            for server, keys in mysql_servers(project.settings).items()
        },
        elasticsearch=_elasticsearch(project, env, ELASTIC, ELASTIC_VARIABLE),
    )


def _elasticsearch(project: Project, env: EnvFile, user: str, variable: str) -> ElasticsearchEndpoint:
    return ElasticsearchEndpoint(
        f"http://{LOOPBACK}:{env.port(port_variable(ELASTICSEARCH))}",
        user,
        env.secret(variable),
        project.settings.elasticsearch.timeout,
    )
