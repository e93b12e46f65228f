"""The MySQL servers of the stack."""

from __future__ import annotations

from ticketctl.provision.stack.accounts.desired import HEALTH, HEALTH_VARIABLE, MYSQL_ROOT_VARIABLE
from ticketctl.provision.stack.accounts.model import (
    CHARACTER_SET,
    COLLATION,
    MysqlServerAccounts,
    quote_identifier,
)
from ticketctl.provision.stack.definition.container_files import FOLDER, accounts_sql, script, secret_file
from ticketctl.provision.stack.definition.service_definition import (
    Definition,
    hardened,
    mounted_config,
    mounted_secrets,
    password_of,
    published,
)
from ticketctl.provision.stack.definition.size import mebibytes
from ticketctl.provision.stack.variables import container_ports, default_ports, image_default, image_variable
from ticketctl.settings.model import Settings

USER = "999:999"
SCRIPT_CONFIG = "mysql-create-accounts"
_INIT_SCRIPT = "/docker-entrypoint-initdb.d/50-ticketctl-accounts.sh"


def mysql_service(settings: Settings, server: MysqlServerAccounts) -> Definition:
    """Return the definition of one MySQL server.

    Args:
        settings: The complete settings.
        server: What should exist on it.
    """
    name = server.service
    secrets = (MYSQL_ROOT_VARIABLE, *dict.fromkeys(account.password_variable for account in server.accounts))
    own: Definition = {
        "image": f"${{{image_variable('mysql')}:-{image_default(settings, 'mysql')}}}",
        "command": ["mysqld", *_flags(settings)],
        "environment": {"MYSQL_ROOT_PASSWORD_FILE": secret_file(MYSQL_ROOT_VARIABLE)},
        "configs": [
            mounted_config(SCRIPT_CONFIG, _INIT_SCRIPT),
            mounted_config(sql_config(name), f"{FOLDER}/accounts.sql"),
        ],
        "secrets": mounted_secrets(secrets),
        "volumes": [f"{volume(name)}:/var/lib/mysql"],
        "ports": published(name, container_ports(settings)[name], default_ports(settings)[name]),
        "healthcheck": {
            "test": ["CMD-SHELL", _health_command(server)],
            "interval": "2s",
            "timeout": "5s",
            "retries": 15,
            # A first start makes the data folder; on a slow disk that takes a minute.
            "start_period": "180s",
        },
        # Time to write back what is dirty before the engine kills the server.
        "stop_grace_period": "60s",
    }
    return hardened(name, "backend", own, user=USER, memory=settings.limits.mysql)


def mysql_configs(servers: tuple[MysqlServerAccounts, ...]) -> dict[str, str]:
    """Return the files of the MySQL containers: name in the Compose file to content."""
    return {SCRIPT_CONFIG: script("create-accounts.sh")} | {
        sql_config(server.service): accounts_sql(server) for server in servers
    }


def sql_config(server: str) -> str:
    """Return the name of the file with a server's accounts."""
    return f"{server}-accounts"


def volume(server: str) -> str:
    """Return the volume of a server's data."""
    return f"{server}-data"


def _flags(settings: Settings) -> tuple[str, ...]:
    return (
        f"--character-set-server={CHARACTER_SET}",
        f"--collation-server={COLLATION}",
        "--default-time-zone=+00:00",
        # A committed sale survives a crash of the machine.
        "--innodb-flush-log-at-trx-commit=1",
        "--sync-binlog=1",
        # Migrations may create functions and triggers without the SUPER right.
        "--log-bin-trust-function-creators=1",
        # A development disk is not to fill with a month of binary logs.
        "--binlog-expire-logs-seconds=259200",
        f"--innodb-buffer-pool-size={mebibytes(settings.limits.mysql) // 4}M",
        # Nothing here speaks the X protocol.
        "--mysqlx=OFF",
    )


def _health_command(server: MysqlServerAccounts) -> str:
    """Return a login over TCP that selects each database: it fails while the entrypoint's own server runs."""
    statements = [f"USE {quote_identifier(name)}" for name in server.databases.values()]
    query = "; ".join([*statements, "SELECT 1"])
    return (
        f"MYSQL_PWD={password_of(HEALTH_VARIABLE)} exec mysql --host=127.0.0.1 --protocol=tcp --user={HEALTH}"
        f" --connect-timeout=3 --batch --skip-column-names --execute='{query}'"
    )
