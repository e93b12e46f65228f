"""From the settings to the databases, accounts and rights that should exist (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketctl.provision.stack.accounts.model import (
    DesiredAccounts,
    ElasticsearchAccount,
    ElasticsearchRole,
    Grant,
    MysqlAccount,
    MysqlServerAccounts,
    RedisAccount,
    database_pattern,
)
from ticketctl.settings.model import ServiceSettings, Settings

MYSQL_ROOT = "root"
MYSQL_MIGRATION = "ticketctl_migrate"
HEALTH = "ticketctl_health"
REDIS_ADMIN = "ticketctl"
ELASTIC = "elastic"
ELASTICSEARCH_INDEX = "ticketctl_index"

MYSQL_ROOT_VARIABLE = "MYSQL_ROOT_PASSWORD"
ELASTIC_VARIABLE = "ELASTIC_PASSWORD"
REDIS_VARIABLE = "REDIS_PASSWORD"
MIGRATION_VARIABLE = "MIGRATION_PASSWORD"
HEALTH_VARIABLE = "HEALTH_PASSWORD"
INDEX_VARIABLE = "INDEX_PASSWORD"

SCRATCH_PATTERN = "ticketctl\\_scratch\\_%"
# What names the holder of a metadata lock and shows the progress of an ALTER.
_OBSERVED_TABLES = ("threads", "metadata_locks", "events_stages_current", "events_statements_current")
_SERVICE_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
# The least that lets a login select the database; it shows no data.
_HEALTH_PRIVILEGES = ("SHOW VIEW",)
# Everything that works on keys, streams, scripts and channels. @dangerous holds FLUSHALL, KEYS, CONFIG, SHUTDOWN; and
# INFO, which changes nothing, and by which locks find out whether the server throws keys away when it is full.
_SERVICE_REDIS_RULES = ("~*", "&*", "+@all", "-@admin", "-@dangerous", "+info")


def desired_accounts(settings: Settings) -> DesiredAccounts:
    """Return everything that should exist on the backends of `runtime: docker`.

    Args:
        settings: The complete settings.
    """
    return DesiredAccounts(
        mysql=tuple(_mysql_server(settings, service, keys) for service, keys in mysql_servers(settings).items()),
        redis=_redis(settings),
        elasticsearch=_elasticsearch(settings),
    )


def mysql_servers(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Return the MySQL servers of the topology: name in the Compose file to keys of its databases."""
    if settings.mysql.topology == "split":
        return {f"mysql-{key}": (key,) for key in settings.databases}
    return {"mysql": tuple(settings.databases)}


def account_name(service: str) -> str:
    """Return the account of a service, the same on each backend."""
    return service.replace("-", "_")


def service_variable(service: str) -> str:
    """Return the variable that holds the password of a service."""
    return f"SERVICE_{account_name(service).upper()}_PASSWORD"


def has_account(service: ServiceSettings) -> bool:
    """Tell whether a service logs in anywhere."""
    return bool(service.databases) or "redis" in service.depends_on or "elasticsearch" in service.depends_on


def _mysql_server(settings: Settings, service: str, keys: tuple[str, ...]) -> MysqlServerAccounts:
    names = {key: settings.databases[key].name for key in keys}
    accounts = [
        MysqlAccount(HEALTH, HEALTH_VARIABLE, _on_each(_HEALTH_PRIVILEGES, names.values())),
        MysqlAccount(MYSQL_MIGRATION, MIGRATION_VARIABLE, _migration_grants(tuple(names.values()))),
    ]
    for name, wanted in settings.services.items():
        own = [names[key] for key in wanted.databases if key in names]
        if own:
            grants = _on_each(_SERVICE_PRIVILEGES, own)
            accounts.append(MysqlAccount(account_name(name), service_variable(name), grants))
    return MysqlServerAccounts(service, names, tuple(accounts))


def _migration_grants(names: tuple[str, ...]) -> tuple[Grant, ...]:
    return (
        Grant(("PROCESS",)),
        *_on_each(("ALL PRIVILEGES",), names),
        Grant(("ALL PRIVILEGES",), SCRATCH_PATTERN),
        *(Grant(("SELECT",), "performance_schema", table) for table in _OBSERVED_TABLES),
    )


def _on_each(privileges: tuple[str, ...], names: Iterable[str]) -> tuple[Grant, ...]:
    return tuple(Grant(privileges, database_pattern(name)) for name in names)


def _redis(settings: Settings) -> tuple[RedisAccount, ...]:
    return (
        RedisAccount(REDIS_ADMIN, REDIS_VARIABLE, ("~*", "&*", "+@all")),
        RedisAccount(HEALTH, HEALTH_VARIABLE, ("resetkeys", "resetchannels", "-@all", "+ping")),
        *(
            RedisAccount(account_name(name), service_variable(name), _SERVICE_REDIS_RULES)
            for name, service in settings.services.items()
            if "redis" in service.depends_on
        ),
    )


def _elasticsearch(settings: Settings) -> tuple[ElasticsearchAccount, ...]:
    alias = settings.search.alias
    # The alias and the concrete indices behind it.
    indices = (alias, f"{alias}_v*")
    accounts = [_elasticsearch_account(ELASTICSEARCH_INDEX, INDEX_VARIABLE, ("monitor",), indices, ("all",))]
    for name, service in settings.services.items():
        if "elasticsearch" not in service.depends_on:
            continue
        writes = ("write",) if service.search_access == "write" else ()
        privileges = ("read", *writes, "view_index_metadata")
        accounts.append(
            _elasticsearch_account(account_name(name), service_variable(name), ("monitor",), indices, privileges)
        )
    return tuple(accounts)


def _elasticsearch_account(
    name: str,
    variable: str,
    cluster: tuple[str, ...],
    indices: tuple[str, ...],
    privileges: tuple[str, ...],
) -> ElasticsearchAccount:
    role = name if name == ELASTICSEARCH_INDEX else f"service_{name}"
    return ElasticsearchAccount(name, variable, ElasticsearchRole(role, cluster, indices, privileges))
