"""The databases that a command works on, each with its files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import UnknownNameError
from ticketctl.provision.migrate.source.files import Migration, discover
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.model import DatabaseSettings


@dataclass(frozen=True, slots=True)
class Target:
    """One database with its files.

    Attributes:
        key: Its key in the settings.
        endpoint: Where it is.
        folder: Folder of its migrations.
        migrations: Its migrations in their order.
    """

    key: str
    endpoint: MysqlEndpoint
    folder: Path
    migrations: tuple[Migration, ...]

    @property
    def database(self) -> str:
        """Its name on the server."""
        return self.endpoint.database or ""


def migrations_folder(project_root: Path, databases: Mapping[str, DatabaseSettings], key: str) -> Path:
    """Return the folder of a database's migrations; asks no server.

    Args:
        project_root: Folder that the migration folders are relative to.
        databases: The databases of the settings.
        key: Key of the database.

    Raises:
        UnknownNameError: There is no such database.
    """
    UnknownNameError.check("database", (key,), databases)
    return project_root / databases[key].migrations


def read_target(key: str, endpoint: MysqlEndpoint, folder: Path) -> Target:
    """Return a database with its files as they are now.

    Args:
        key: Its key in the settings, or what messages call it.
        endpoint: Where it is.
        folder: Folder of its migrations.

    Raises:
        MigrationFileError: The folder is missing, or a file cannot be used.
    """
    return Target(key, endpoint, folder, discover(folder))


def find_targets(
    project_root: Path,
    databases: Mapping[str, DatabaseSettings],
    endpoints: Mapping[str, MysqlEndpoint],
    only: Collection[str] = (),
) -> tuple[Target, ...]:
    """Return the databases to work on with their files as they are now.

    Args:
        project_root: Folder that the migration folders are relative to.
        databases: The databases of the settings.
        endpoints: Where each is.
        only: Keys of the databases; empty for all.

    Raises:
        MigrationFileError: A file cannot be used.
        UnknownNameError: `only` names a database that does not exist.
    """
    UnknownNameError.check("database", only, databases)
    return tuple(
        read_target(key, endpoints[key], project_root / database.migrations)
        for key, database in databases.items()
        if not only or key in only
    )
