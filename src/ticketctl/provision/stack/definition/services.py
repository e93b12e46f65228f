"""The services of the system: placeholders, or the images that the team names."""

from __future__ import annotations

from ticketctl.provision.stack.accounts.desired import (
    account_name,
    has_account,
    mysql_servers,
    service_variable,
)
from ticketctl.provision.stack.definition.container_files import secret_file
from ticketctl.provision.stack.definition.service_definition import (
    LABEL_READY_PATH,
    Definition,
    hardened,
    mounted_secrets,
    published,
)
from ticketctl.provision.stack.variables import (
    ELASTICSEARCH,
    ELASTICSEARCH_SETUP,
    REDIS,
    container_ports,
    default_ports,
    image_default,
    image_variable,
)
from ticketctl.settings.model import ServiceSettings, Settings

SERVICE_USER = "10001:10001"
ELASTICSEARCH_ADDRESS = "http://elasticsearch:9200"
_BUILD_FOLDER = "./images/service"


def placeholder_image(settings: Settings) -> Definition:
    """Return the `image` and `build` of a placeholder; Compose builds it where it is missing.

    Args:
        settings: The complete settings.
    """
    image = f"${{{image_variable('service')}:-{image_default(settings, 'service')}}}"
    return {"image": image} if settings.images.service else {"image": image, "build": {"context": _BUILD_FOLDER}}


def service_definition(settings: Settings, name: str) -> Definition:
    """Return the definition of one service.

    Args:
        settings: The complete settings.
        name: Its name in the settings.
    """
    service = settings.services[name]
    secrets = (service_variable(name),) if has_account(service) else ()
    own: Definition = {
        **({"image": service.image} if service.image else placeholder_image(settings)),
        "environment": _environment(settings, name, service),
        "secrets": mounted_secrets(secrets),
        "ports": published(name, container_ports(settings)[name], default_ports(settings)[name]),
        "depends_on": _depends_on(settings, service),
        "healthcheck": _healthcheck(),
        "stop_grace_period": "10s",
        "labels": {LABEL_READY_PATH: service.ready_path},
    }
    if service.image:
        # Nobody knows which probe the image contains: its own check counts, if it has one, and `ticketctl up`
        # asks the ready path through the published port.
        del own["healthcheck"]
    own = {key: value for key, value in own.items() if value}
    return hardened(name, "service", own, user=SERVICE_USER, memory=settings.limits.service)


def _healthcheck() -> Definition:
    return {"test": ["CMD", "healthcheck"], "interval": "2s", "timeout": "5s", "retries": 15, "start_period": "30s"}


def _environment(settings: Settings, name: str, service: ServiceSettings) -> dict[str, str]:
    """Return the environment of a service: where its dependencies are and who it is there, without passwords."""
    found = {"SERVICE_NAME": name, "SERVICE_PORT": str(service.port)}
    if has_account(service):
        found |= {"SERVICE_USER": account_name(name), "SERVICE_PASSWORD_FILE": secret_file(service_variable(name))}
    for key in service.databases:
        server = next(server for server, keys in mysql_servers(settings).items() if key in keys)
        prefix = f"MYSQL_{key.replace('-', '_').upper()}"
        found |= {
            f"{prefix}_HOST": server,
            f"{prefix}_PORT": str(container_ports(settings)[server]),
            f"{prefix}_DATABASE": settings.databases[key].name,
        }
    for target in service.depends_on:
        found |= _address(settings, target)
    return found


def _address(settings: Settings, target: str) -> dict[str, str]:
    if target == REDIS:
        return {"REDIS_HOST": REDIS, "REDIS_PORT": str(container_ports(settings)[REDIS])}
    if target == ELASTICSEARCH:
        return {"ELASTICSEARCH_URL": ELASTICSEARCH_ADDRESS, "SEARCH_ALIAS": settings.search.alias}
    port = settings.services[target].port
    return {f"{target.replace('-', '_').upper()}_URL": f"http://{target}:{port}"}


def _depends_on(settings: Settings, service: ServiceSettings) -> dict[str, dict[str, str]]:
    healthy = {"condition": "service_healthy"}
    found = {server: healthy for server, keys in mysql_servers(settings).items() if set(keys) & set(service.databases)}
    for target in service.depends_on:
        if target == ELASTICSEARCH:
            found |= {
                ELASTICSEARCH: healthy,
                ELASTICSEARCH_SETUP: {"condition": "service_completed_successfully"},
            }
        else:
            found[target] = healthy if target == REDIS else {"condition": "service_started"}
    return found
