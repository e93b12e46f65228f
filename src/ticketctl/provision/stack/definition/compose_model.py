"""The whole Compose file as plain values (pure)."""

from __future__ import annotations

from ticketctl.provision.stack.accounts.desired import desired_accounts
from ticketctl.provision.stack.definition import elasticsearch, mysql, redis
from ticketctl.provision.stack.definition.container_files import secret_name
from ticketctl.provision.stack.definition.service_definition import NETWORK, Definition
from ticketctl.provision.stack.definition.services import service_definition
from ticketctl.provision.stack.variables import (
    DEFAULT_PROJECT,
    ELASTICSEARCH,
    ELASTICSEARCH_SETUP,
    PROJECT_VARIABLE,
    REDIS,
    secret_variables,
)
from ticketctl.settings.model import Settings


def compose_model(settings: Settings) -> dict[str, object]:
    """Return the Compose file of a project.

    It is the same in every checkout: what differs between two of them, or is secret, is a variable
    with a default, and its value stands in `compose/.env`.

    Args:
        settings: The complete settings.
    """
    wanted = desired_accounts(settings)
    services: dict[str, Definition] = {server.service: mysql.mysql_service(settings, server) for server in wanted.mysql}
    services[REDIS] = redis.redis_service(settings, wanted.redis)
    services[ELASTICSEARCH] = elasticsearch.elasticsearch_service(settings)
    services[ELASTICSEARCH_SETUP] = elasticsearch.elasticsearch_setup(settings, wanted.elasticsearch)
    services |= {name: service_definition(settings, name) for name in settings.services}
    volumes = [*(mysql.volume(server.service) for server in wanted.mysql), redis.VOLUME, elasticsearch.VOLUME]
    configs = (
        mysql.mysql_configs(wanted.mysql)
        | redis.redis_configs(wanted.redis)
        | elasticsearch.elasticsearch_configs(wanted.elasticsearch)
    )
    return {
        "name": f"${{{PROJECT_VARIABLE}:-{settings.project or DEFAULT_PROJECT}}}",
        "services": services,
        "networks": {NETWORK: {"driver": "bridge"}},
        "volumes": {name: {} for name in volumes},
        "secrets": {secret_name(variable): {"environment": variable} for variable in secret_variables(settings)},
        # Compose reads variables in these texts too: a dollar sign is doubled.
        "configs": {name: {"content": content.replace("$", "$$")} for name, content in configs.items()},
    }
