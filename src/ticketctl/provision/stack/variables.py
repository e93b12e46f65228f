"""The variables of `compose/.env`: their names, and which of them a project has (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ticketctl.provision.stack.accounts.desired import (
    ELASTIC_VARIABLE,
    HEALTH_VARIABLE,
    INDEX_VARIABLE,
    MIGRATION_VARIABLE,
    MYSQL_ROOT_VARIABLE,
    REDIS_VARIABLE,
    has_account,
    mysql_servers,
    service_variable,
)
from ticketctl.settings.model import Settings

ENV_VERSION = 1
VERSION_VARIABLE = "ENV_VERSION"
PROJECT_VARIABLE = "COMPOSE_PROJECT_NAME"
# Keys the hashes of secrets that stand, readable to anybody, in the labels of containers.
HASH_KEY_VARIABLE = "TICKETCTL_HASH_KEY"
EXAMPLE_PREFIX = "example-"

REDIS = "redis"
ELASTICSEARCH = "elasticsearch"
ELASTICSEARCH_SETUP = "elasticsearch-setup"

DEFAULT_PROJECT = "ticketctl"
# SERVICE_IMAGE has no registry: Compose builds it from the folder beside the file.
DEFAULT_IMAGES: Mapping[str, str] = {
    "mysql": "mysql:9.7",
    "redis": "redis:8",
    "elasticsearch": "elasticsearch:8.19.21",
    "service": "ticketctl/service:dev",
}
_MYSQL_PORT = 3306
_REDIS_PORT = 6379
_ELASTICSEARCH_PORT = 9200


def stack_services(settings: Settings) -> tuple[str, ...]:
    """Return every service of the Compose file, in its order.

    Args:
        settings: The complete settings.
    """
    return (*mysql_servers(settings), REDIS, ELASTICSEARCH, ELASTICSEARCH_SETUP, *settings.services)


def container_ports(settings: Settings) -> Mapping[str, int]:
    """Return the port inside the container of each service that publishes one, in the order of the file.

    Args:
        settings: The complete settings.
    """
    return {
        **dict.fromkeys(mysql_servers(settings), _MYSQL_PORT),
        REDIS: _REDIS_PORT,
        ELASTICSEARCH: _ELASTICSEARCH_PORT,
        **{name: service.port for name, service in settings.services.items()},
    }


def default_ports(settings: Settings) -> Mapping[str, int]:
    """Return the published ports of the Compose file used alone: those that everybody knows, or the fixed ones.

    Args:
        settings: The complete settings.
    """
    ports = dict(container_ports(settings))
    for index, server in enumerate(mysql_servers(settings)):
        ports[server] = _MYSQL_PORT + index
    return {name: settings.ports.fixed.get(name, port) for name, port in ports.items()}


def image_default(settings: Settings, name: str) -> str:
    """Return the image that the Compose file names when `.env` names none.

    Args:
        settings: The complete settings.
        name: `mysql`, `redis`, `elasticsearch` or `service`.
    """
    given: str | None = getattr(settings.images, name)
    return given or DEFAULT_IMAGES[name]


def secret_variables(settings: Settings) -> tuple[str, ...]:
    """Return the variables that hold passwords which containers are given, in the order of `.env`.

    Args:
        settings: The complete settings.
    """
    return (
        MYSQL_ROOT_VARIABLE,
        ELASTIC_VARIABLE,
        REDIS_VARIABLE,
        MIGRATION_VARIABLE,
        HEALTH_VARIABLE,
        INDEX_VARIABLE,
        *(service_variable(name) for name, service in settings.services.items() if has_account(service)),
    )


def is_secret(variable: str) -> bool:
    """Tell whether a variable's value must not be shown."""
    return variable.endswith("_PASSWORD") or variable == HASH_KEY_VARIABLE


def port_variable(service: str) -> str:
    """Return the variable of a service's published port: `API_GATEWAY_PORT`."""
    return f"{_upper(service)}_PORT"


def image_variable(name: str) -> str:
    """Return the variable of an image: `MYSQL_IMAGE`."""
    return f"{_upper(name)}_IMAGE"


def hash_variable(service: str) -> str:
    """Return the variable of a service's configuration hash: `TICKETCTL_HASH_API_GATEWAY`."""
    return f"TICKETCTL_HASH_{_upper(service)}"


def _upper(name: str) -> str:
    return name.replace("-", "_").upper()


@dataclass(frozen=True, slots=True)
class EnvSection:
    """A part of `compose/.env`.

    Attributes:
        title: What it holds, one line.
        variables: Its variables, in order.
    """

    title: str
    variables: tuple[str, ...]


def env_sections(settings: Settings) -> tuple[EnvSection, ...]:
    """Return every variable of a project's `compose/.env`, in the order of the file.

    Args:
        settings: The complete settings.
    """
    services = stack_services(settings)
    return (
        EnvSection("Version of this file's layout", (VERSION_VARIABLE,)),
        EnvSection("Compose project: names containers, networks and volumes", (PROJECT_VARIABLE,)),
        EnvSection("Ports on 127.0.0.1", tuple(port_variable(name) for name in container_ports(settings))),
        EnvSection("Images", tuple(image_variable(name) for name in DEFAULT_IMAGES)),
        EnvSection("Configuration that each container was made from", tuple(hash_variable(name) for name in services)),
        EnvSection("Secrets", (*secret_variables(settings), HASH_KEY_VARIABLE)),
    )


def example_value(variable: str) -> str:
    """Return the password of `.env.example`: known to everybody, and replaced at the first `ticketctl up`."""
    return EXAMPLE_PREFIX + variable.lower().replace("_", "-")
