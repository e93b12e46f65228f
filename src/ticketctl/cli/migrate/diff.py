"""`ticketctl migrate diff`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ticketctl.cli.invocation import Json, run_of
from ticketctl.cli.migrate.options import Database, target_of
from ticketctl.events import Notice


def diff(
    ctx: typer.Context,
    database: Database,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A migration: its file's name without .sql.")],
    json: Json = False,
) -> None:
    """Show what changed in a file since it was applied. Exit 1 if a line did.

    Examples:
      ticketctl migrate diff events 002_venues
    """
    from ticketctl.cli.render.migrate_repair import coloured_diff, note_on_diff
    from ticketctl.provision.migrate.diff import diff as find_diff

    run = run_of(ctx, json=json)
    result = find_diff(target_of(run, database), name=name)
    note = note_on_diff(result)
    if note and not json:
        run.emit(Notice("info", note))
    if result.text and sys.stdout.isatty() and not json:
        run.close()
        run.console.print(coloured_diff(result.text), soft_wrap=True)
    elif result.text or json:
        run.show(result, text=lambda: result.text)
    run.exit(ok=not result.text)
