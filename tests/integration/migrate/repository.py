"""Databases that the repository's own migrations make: by the first file of each, or by all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from integration.migrate.specification import DATABASES
from ticketctl.events import ignore
from ticketctl.infra.mysql import connect, translating
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.source.targets import Target, read_target
from ticketctl.settings.endpoints import MysqlEndpoint

MIGRATIONS = Path(__file__).parents[3] / "migrations"
BOOKS = {"ticketctl_migration", "ticketctl_migration_statement"}
BOOKS |= {"_yoyo_log", "_yoyo_migration", "_yoyo_version", "yoyo_lock"}

Endpoints = Mapping[str, MysqlEndpoint]
Execute = Callable[[str], list[dict[str, Any]]]


def targets(endpoints: Endpoints) -> list[Target]:
    """Databases with all files of their folders."""
    return [read_target(key, endpoint, MIGRATIONS / key) for key, endpoint in endpoints.items()]


def first_files(endpoints: Endpoints) -> list[Target]:
    """The same with the first file of each folder alone, which makes what the specification says."""
    return [replace(target, migrations=target.migrations[:1]) for target in targets(endpoints)]


def migrated(
    account: MysqlEndpoint,
    new_name: Callable[..., str],
    files: Callable[[Endpoints], Sequence[Target]] = targets,
) -> Endpoints:
    """Make the three databases.

    Args:
        account: The account that migrates.
        new_name: Gives names of databases.
        files: `targets` or `first_files`.
    """
    endpoints = {key: replace(account, database=new_name()) for key in DATABASES}
    runner.apply(files(endpoints), emit=ignore).raise_failed()
    return endpoints


@contextmanager
def undone(endpoint: MysqlEndpoint) -> Iterator[Execute]:
    """Execute statements in a transaction that is undone."""
    with connect(endpoint, autocommit=False) as connection, connection.cursor() as cursor:

        def execute(statement: str) -> list[dict[str, Any]]:
            with translating(endpoint):
                cursor.execute(statement)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        yield execute
        connection.rollback()
