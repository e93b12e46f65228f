"""`ticketctl migrate new`."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketctl.cli.invocation import Json, run_of
from ticketctl.cli.migrate.options import Database


def new(
    ctx: typer.Context,
    database: Database,
    title: Annotated[list[str], typer.Argument(metavar="TITLE", help="What it does, in a few words.")],
    json: Json = False,
) -> None:
    """Write the files of a new migration. Needs no server.

    Examples:
      ticketctl migrate new events "add venue capacity"
    """
    from ticketctl.provision.migrate.source.scaffold import new_migration
    from ticketctl.provision.migrate.source.targets import migrations_folder

    run = run_of(ctx, json=json)
    folder = migrations_folder(run.project.root, run.project.settings.databases, database)
    written = new_migration(folder, " ".join(title))
    run.show(written, text=lambda: f"{written.up}\n{written.down}")
