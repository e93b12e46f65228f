"""Options that commands of `ticketctl migrate` share, and the databases that they name."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ticketctl.cli.invocation import Invocation
    from ticketctl.provision.migrate.source.targets import Target

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="DATABASE", help="Only this database of ticketctl.yaml; may be repeated."),
]
LockTimeout = Annotated[
    float, typer.Option("--lock-timeout", metavar="SECONDS", min=0, help="How long to wait for another run.")
]
AllowLate = Annotated[
    bool, typer.Option("--allow-late", help="Run migrations that belong before one that is applied already.")
]
Database = Annotated[str, typer.Argument(metavar="DATABASE", help="A database of ticketctl.yaml.")]

RESUMABLE = (
    "interrupted; the server finishes the statement that it has begun, and the same command goes on from there\n"
)


def targets_of(run: Invocation, only: Collection[str] | None) -> tuple[Target, ...]:
    """Return the databases that a command works on, with their files as they are now.

    Args:
        run: The run of the command.
        only: Keys of the databases; empty or None for all.

    Raises:
        MigrationFileError: A file cannot be used.
        UnknownNameError: `only` names a database that does not exist.
    """
    from ticketctl.provision.migrate.source.targets import find_targets

    return find_targets(run.project.root, run.project.settings.databases, run.endpoints.mysql, only or ())


def target_of(run: Invocation, database: str) -> Target:
    """Return the database that a command works on, with its files as they are now.

    Args:
        run: The run of the command.
        database: Its key.

    Raises:
        MigrationFileError: A file cannot be used.
        UnknownNameError: There is no such database.
    """
    (target,) = targets_of(run, (database,))
    return target
