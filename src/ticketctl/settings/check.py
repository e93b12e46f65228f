"""What must hold between settings, beyond the type of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ticketctl.errors import SettingsProblem
from ticketctl.settings.convert import suggestion
from ticketctl.settings.model import Settings

BACKENDS = ("redis", "elasticsearch")
_RESERVED_SERVICES = frozenset({"mysql", "redis", "elasticsearch", "elasticsearch-setup"})
# A service's name is its account too; these are accounts of a server already.
_RESERVED_ACCOUNTS = frozenset({"root", "default", "elastic"})
_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_DATABASE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,99}")
_SIZE = re.compile(r"[1-9][0-9]*[kmg]", re.IGNORECASE)
_MAX_PORT = 65535

_Where = Callable[[tuple[str, ...]], str]
_Found = Iterator[tuple[tuple[str, ...], str]]


def check_settings(settings: Settings, where: _Where) -> list[SettingsProblem]:
    """Return every contradiction.

    Args:
        settings: Settings whose types are right.
        where: Tells where a key stands, for the message.
    """
    checks = (_names, _service_names, _references, _cycles, _service_ports, _published_ports, _sizes, _numbers, _search)
    return [
        SettingsProblem(where(path), ".".join(path), message) for check in checks for path, message in check(settings)
    ]


def _names(settings: Settings) -> _Found:
    for key, database in settings.databases.items():
        if not _NAME.fullmatch(key):
            yield ("databases", key), "a key is lower case letters, digits and '-', at most 30"
        if not _DATABASE_NAME.fullmatch(database.name):
            yield ("databases", key, "name"), "a database name is letters, digits and '_', at most 64"
    names = [database.name for database in settings.databases.values()]
    for key, database in settings.databases.items():
        if names.count(database.name) > 1:
            yield ("databases", key, "name"), f"'{database.name}' stands for two databases"
    if settings.project is not None and not _PROJECT.fullmatch(settings.project):
        yield ("project",), "a project name is lower case letters, digits, '-' and '_'"


def _service_names(settings: Settings) -> _Found:
    for name in settings.services:
        if name in _RESERVED_SERVICES or name.startswith("mysql-"):
            yield ("services", name), "this name belongs to a backend"
        elif name in _RESERVED_ACCOUNTS or name.startswith("ticketctl"):
            yield ("services", name), "a server has an account of this name"
        elif not _NAME.fullmatch(name):
            yield ("services", name), "a service name is lower case letters, digits and '-', at most 30"


def _references(settings: Settings) -> _Found:
    known = [*BACKENDS, *settings.services]
    for name, service in settings.services.items():
        for index, target in enumerate(service.depends_on):
            path = ("services", name, "depends_on", str(index))
            if target == "mysql":
                yield path, "'mysql' follows from `databases`; name the databases there"
            elif target == name:
                yield path, "a service cannot depend on itself"
            elif target not in known:
                yield path, f"no service '{target}'{suggestion(target, known)}"
        for index, key in enumerate(service.databases):
            if key not in settings.databases:
                path = ("services", name, "databases", str(index))
                yield path, f"no database '{key}'{suggestion(key, settings.databases)}"


def _cycles(settings: Settings) -> _Found:
    reported: set[str] = set()
    for start in settings.services:
        cycle = _way_back(settings, start)
        if cycle and reported.isdisjoint(cycle):
            reported.update(cycle)
            yield ("services", start, "depends_on"), f"they wait for each other: {' → '.join([*cycle, start])}"


def _way_back(settings: Settings, start: str) -> list[str]:
    """Return the services on a way from `start` to itself, empty when there is none."""
    ways, seen = [[start]], set[str]()
    while ways:
        way = ways.pop()
        for target in settings.services[way[-1]].depends_on:
            if target == start and len(way) > 1:
                return way
            if target in settings.services and target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _service_ports(settings: Settings) -> _Found:
    seen: dict[int, str] = {}
    for name, service in settings.services.items():
        if not 0 < service.port <= _MAX_PORT:
            yield ("services", name, "port"), f"{service.port} is not a port"
        elif service.port in seen:
            yield ("services", name, "port"), f"{service.port} is also the port of '{seen[service.port]}'"
        else:
            seen[service.port] = name


def _published_ports(settings: Settings) -> _Found:
    known = ["mysql", *(f"mysql-{key}" for key in settings.databases), *BACKENDS, *settings.services]
    seen: dict[int, str] = {}
    for name, port in settings.ports.fixed.items():
        path = ("ports", "fixed", name)
        if name not in known:
            yield path, f"no service '{name}'{suggestion(name, known)}"
        if not 0 < port <= _MAX_PORT:
            yield path, f"{port} is not a port"
        elif port in seen:
            yield path, f"{port} is also given to '{seen[port]}'"
        seen.setdefault(port, name)
    block = settings.ports.block
    if block is not None and not 1024 <= block <= _MAX_PORT - 100:
        yield ("ports", "block"), "a block of 100 ports starts between 1024 and 65435"


def _sizes(settings: Settings) -> _Found:
    limits = settings.limits
    sizes = {
        "mysql": limits.mysql,
        "redis": limits.redis,
        "elasticsearch": limits.elasticsearch,
        "elasticsearch_heap": limits.elasticsearch_heap,
        "service": limits.service,
    }
    for name, size in sizes.items():
        if not _SIZE.fullmatch(size):
            yield ("limits", name), f"'{size}' is not a size; write it like 512m or 2g"


def _numbers(settings: Settings) -> _Found:
    positive = {
        ("stack", "timeout"): settings.stack.timeout,
        ("mysql", "connect_timeout"): settings.mysql.connect_timeout,
        ("redis", "connect_timeout"): settings.redis.connect_timeout,
        ("elasticsearch", "timeout"): settings.elasticsearch.timeout,
        ("search", "version"): settings.search.version,
    }
    for path, number in positive.items():
        if number <= 0:
            yield path, "must be greater than 0"


def _search(settings: Settings) -> _Found:
    if not _ALIAS.fullmatch(settings.search.alias):
        yield ("search", "alias"), "an alias is lower case letters, digits, '-' and '_', at most 100"
    if settings.search.replicas is not None and settings.search.replicas < 0:
        yield ("search", "replicas"), "must be at least 0"
