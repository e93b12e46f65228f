"""The databases of the stack with the accounts of their services, which may change rows and no schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ticketctl.provision.stack.accounts.desired import account_name, service_variable
from ticketctl.provision.stack.endpoints import docker_endpoints
from ticketctl.provision.stack.env_file import require_env
from ticketctl.settings.endpoints import MysqlEndpoint, RedisEndpoint
from ticketctl.settings.model import Project, Settings


def service_endpoints(project: Project) -> Mapping[str, MysqlEndpoint]:
    """Return where each database answers, with the account of the service that owns it.

    That is the service of the same name, else the first that may use the database; one that no service may use keeps
    the account that migrates.

    Args:
        project: The project.

    Raises:
        EnvFileError: `compose/.env` is missing, incomplete or unreadable.
    """
    env = require_env(project.env_file)
    found = dict(docker_endpoints(project, env).mysql)
    for key, endpoint in found.items():
        service = owner(project.settings, key)
        if service is not None:
            password = env.secret(service_variable(service))
            found[key] = replace(endpoint, user=account_name(service), password=password)
    return found


def service_redis(project: Project, service: str) -> RedisEndpoint:
    """Return where Redis answers, with the account of a service.

    Args:
        project: The project.
        service: The service, which depends on Redis.

    Raises:
        EnvFileError: `compose/.env` is missing, incomplete or unreadable.
    """
    env = require_env(project.env_file)
    endpoint = docker_endpoints(project, env).redis
    return replace(endpoint, user=account_name(service), password=env.secret(service_variable(service)))


def owner(settings: Settings, database: str) -> str | None:
    """Return the service that a database belongs to, None when no service may use it.

    Args:
        settings: The complete settings.
        database: Key of the database.
    """
    users = [name for name, service in settings.services.items() if database in service.databases]
    return database if database in users else next(iter(users), None)
