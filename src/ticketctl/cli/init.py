"""`ticketctl init`: start a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import DryRun, Json, run_of

if TYPE_CHECKING:
    from ticketctl.provision.scaffold import ScaffoldResult


def init(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new project; created if needed.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there and differ.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write a fresh project into a folder.

    That is ticketctl.yaml, migrations, mapping, Compose file and image sources.

    Examples:
      ticketctl init shop
      ticketctl init . --dry-run
    """
    from ticketctl.provision.scaffold import scaffold

    run = run_of(ctx, json=json)
    result = scaffold(directory.absolute(), force=force, dry_run=dry_run)
    run.show(result, text=lambda: _text(result, directory, dry_run=dry_run))


def _text(result: ScaffoldResult, directory: Path, *, dry_run: bool) -> str:
    if dry_run:
        return "\n".join(f"{file.action:<9} {file.path}" for file in result.files)
    if not result.changed:
        return f"{directory}: nothing to change"
    written = sum(file.action != "keep" for file in result.files)
    next_step = f"cd {directory} && ticketctl engine ensure && ticketctl bootstrap"
    return f"{directory}: {written} files written\nnext: {next_step}"
