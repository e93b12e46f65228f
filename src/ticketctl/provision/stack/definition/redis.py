"""The Redis server of the stack."""

from __future__ import annotations

from ticketctl.provision.stack.accounts.desired import HEALTH, HEALTH_VARIABLE
from ticketctl.provision.stack.accounts.model import RedisAccount
from ticketctl.provision.stack.definition.container_files import FOLDER, RUN_FOLDER, script, users_acl
from ticketctl.provision.stack.definition.service_definition import (
    Definition,
    hardened,
    mounted_config,
    mounted_secrets,
    password_of,
    published,
    run_folder,
)
from ticketctl.provision.stack.definition.size import mebibytes
from ticketctl.provision.stack.variables import (
    REDIS,
    container_ports,
    default_ports,
    image_default,
    image_variable,
)
from ticketctl.settings.model import Settings

USER = "999:999"
SCRIPT_CONFIG = "redis-start"
ACL_CONFIG = "redis-accounts"
VOLUME = "redis-data"


def redis_service(settings: Settings, accounts: tuple[RedisAccount, ...]) -> Definition:
    """Return the definition of the Redis server.

    Args:
        settings: The complete settings.
        accounts: The accounts that it starts with.
    """
    secrets = dict.fromkeys(account.password_variable for account in accounts)
    own: Definition = {
        "image": f"${{{image_variable('redis')}:-{image_default(settings, 'redis')}}}",
        "command": ["sh", f"{FOLDER}/start-redis.sh", *_flags(settings)],
        "configs": [
            mounted_config(SCRIPT_CONFIG, f"{FOLDER}/start-redis.sh"),
            mounted_config(ACL_CONFIG, f"{FOLDER}/users.acl"),
        ],
        "secrets": mounted_secrets(secrets),
        "tmpfs": run_folder(RUN_FOLDER, USER),
        "volumes": [f"{VOLUME}:/data"],
        "ports": published(REDIS, container_ports(settings)[REDIS], default_ports(settings)[REDIS]),
        "healthcheck": {
            "test": ["CMD-SHELL", _health_command()],
            "interval": "2s",
            "timeout": "3s",
            # A long append-only file is read before the first answer.
            "retries": 30,
        },
        "stop_grace_period": "30s",
    }
    return hardened(REDIS, "backend", own, user=USER, memory=settings.limits.redis)


def redis_configs(accounts: tuple[RedisAccount, ...]) -> dict[str, str]:
    """Return the files of the Redis container: name in the Compose file to content."""
    return {SCRIPT_CONFIG: script("start-redis.sh"), ACL_CONFIG: users_acl(accounts)}


def _flags(settings: Settings) -> tuple[str, ...]:
    flags = {
        "dir": "/data",
        "bind": "* -::*",
        # Holds and locks are lost by at most one second of a crash, and never evicted.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        # A full Redis refuses writes; one that reaches the container's limit is killed. The rest is for the rewrite.
        "maxmemory": f"{mebibytes(settings.limits.redis) * 6 // 10}mb",
    }
    return tuple(word for name, value in flags.items() for word in (f"--{name}", value))


def _health_command() -> str:
    """Return a PING by an account that may do nothing else; Redis answers an error while it loads its data."""
    return (
        f"answer=$$(REDISCLI_AUTH={password_of(HEALTH_VARIABLE)} redis-cli -h 127.0.0.1 --user {HEALTH}"
        ' --no-auth-warning ping 2>&1); echo "$$answer"; [ "$$answer" = PONG ]'
    )
