"""The Elasticsearch node of the stack, and the one-shot that makes its accounts."""

from __future__ import annotations

import json

from ticketctl.provision.stack.accounts.desired import ELASTIC, ELASTIC_VARIABLE
from ticketctl.provision.stack.accounts.model import ElasticsearchAccount
from ticketctl.provision.stack.definition.container_files import FOLDER, RUN_FOLDER, script, secret_file
from ticketctl.provision.stack.definition.service_definition import (
    Definition,
    hardened,
    mounted_config,
    mounted_secrets,
    published,
    run_folder,
)
from ticketctl.provision.stack.definition.services import ELASTICSEARCH_ADDRESS, SERVICE_USER, placeholder_image
from ticketctl.provision.stack.variables import (
    ELASTICSEARCH,
    ELASTICSEARCH_SETUP,
    container_ports,
    default_ports,
    image_default,
    image_variable,
)
from ticketctl.settings.model import Settings

USER = "1000:0"
VOLUME = "elasticsearch-data"
START_CONFIG = "elasticsearch-start"
CHECK_CONFIG = "elasticsearch-check"
ACCOUNTS_CONFIG = "elasticsearch-accounts"
_ACCOUNTS_FILE = f"{FOLDER}/elasticsearch-accounts.json"


def elasticsearch_service(settings: Settings) -> Definition:
    """Return the definition of the Elasticsearch node.

    Args:
        settings: The complete settings.
    """
    heap = settings.limits.elasticsearch_heap
    own: Definition = {
        "image": f"${{{image_variable('elasticsearch')}:-{image_default(settings, 'elasticsearch')}}}",
        "entrypoint": ["bash", f"{FOLDER}/start-elasticsearch.sh"],
        "command": ["eswrapper"],
        "environment": {
            "cluster.name": "ticketctl",
            "node.name": "elasticsearch",
            "discovery.type": "single-node",
            "xpack.security.enabled": "true",
            # The port is published on loopback only.
            "xpack.security.http.ssl.enabled": "false",
            # Absolute, as 5 % of a large development disk is a lot, and of a small one nothing.
            "cluster.routing.allocation.disk.watermark.low": "2gb",
            "cluster.routing.allocation.disk.watermark.high": "1gb",
            "cluster.routing.allocation.disk.watermark.flood_stage": "512mb",
            "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
        },
        "configs": [
            mounted_config(START_CONFIG, f"{FOLDER}/start-elasticsearch.sh"),
            mounted_config(CHECK_CONFIG, f"{FOLDER}/check-elasticsearch.sh"),
        ],
        "secrets": mounted_secrets((ELASTIC_VARIABLE,)),
        "tmpfs": run_folder(RUN_FOLDER, USER),
        "volumes": [f"{VOLUME}:/usr/share/elasticsearch/data"],
        "ports": published(
            ELASTICSEARCH, container_ports(settings)[ELASTICSEARCH], default_ports(settings)[ELASTICSEARCH]
        ),
        "healthcheck": {
            "test": ["CMD", "bash", f"{FOLDER}/check-elasticsearch.sh"],
            "interval": "2s",
            "timeout": "5s",
            "retries": 15,
            # A cold start of the Java machine on a busy computer takes a minute.
            "start_period": "180s",
        },
        "stop_grace_period": "60s",
    }
    return hardened(ELASTICSEARCH, "backend", own, user=USER, memory=settings.limits.elasticsearch)


def elasticsearch_setup(settings: Settings, accounts: tuple[ElasticsearchAccount, ...]) -> Definition:
    """Return the definition of the one-shot that makes roles and accounts, where nobody runs `ticketctl up`.

    Args:
        settings: The complete settings.
        accounts: The accounts that it makes.
    """
    passwords = (ELASTIC_VARIABLE, *(account.password_variable for account in accounts))
    own: Definition = {
        **placeholder_image(settings),
        "command": ["elasticsearch-setup"],
        "environment": {
            "ELASTICSEARCH_URL": ELASTICSEARCH_ADDRESS,
            "ELASTICSEARCH_USER": ELASTIC,
            "ELASTICSEARCH_PASSWORD_FILE": secret_file(ELASTIC_VARIABLE),
            "ELASTICSEARCH_ACCOUNTS_FILE": _ACCOUNTS_FILE,
        },
        "configs": [mounted_config(ACCOUNTS_CONFIG, _ACCOUNTS_FILE)],
        "secrets": mounted_secrets(passwords),
        "depends_on": {ELASTICSEARCH: {"condition": "service_healthy"}},
        # The program has an end; a probe of it would say nothing.
        "healthcheck": {"disable": True},
    }
    return hardened(ELASTICSEARCH_SETUP, "setup", own, user=SERVICE_USER, memory=settings.limits.service)


def elasticsearch_configs(accounts: tuple[ElasticsearchAccount, ...]) -> dict[str, str]:
    """Return the files of the two containers: name in the Compose file to content."""
    return {
        START_CONFIG: script("start-elasticsearch.sh"),
        CHECK_CONFIG: script("check-elasticsearch.sh"),
        ACCOUNTS_CONFIG: _accounts_json(accounts),
    }


def _accounts_json(accounts: tuple[ElasticsearchAccount, ...]) -> str:
    document = {
        "roles": {account.role.name: account.role.body() for account in accounts},
        "users": {
            account.name: account.body() | {"password_file": secret_file(account.password_variable)}
            for account in accounts
        },
    }
    return json.dumps(document, indent=2) + "\n"
