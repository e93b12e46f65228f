"""`ticketctl compose`: the generated Compose file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import DryRun, Json, run_of

if TYPE_CHECKING:
    from ticketctl.provision.stack.definition.files import RenderResult


def render(
    ctx: typer.Context,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 with the diff if a file differs.")
    ] = False,
    dry_run: DryRun = False,
    stdout: Annotated[bool, typer.Option("--stdout", help="Print the Compose file; write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that were edited by hand.")] = False,
    json: Json = False,
) -> None:
    """Write the Compose file and its .env.example from ticketctl.yaml.

    They are the same in every checkout: what differs is in compose/.env, which `ticketctl up` writes.

    Examples:
        ticketctl compose render
        ticketctl compose render --check
        ticketctl compose render --stdout | docker compose -f - config
    """
    from ticketctl.provision.stack.definition.files import compare_files, wanted_files, write_files

    run = run_of(ctx, json=json)
    if stdout:
        typer.echo(wanted_files(run.project)[run.project.compose_file], nl=False)
        return
    result = compare_files(run.project) if check or dry_run else write_files(run.project, force=force)
    run.show(result, text=lambda: _text(result, diff=check or dry_run))
    run.exit(ok=result.up_to_date or not check)


def _text(result: RenderResult, *, diff: bool) -> str:
    lines = []
    for file in result.files:
        state = ("differs" if diff else "written") if file.outcome == "changed" else "up to date"
        lines.append(f"{file.path}: {state}{', edited by hand' if file.edited and diff else ''}")
        if diff and file.diff:
            lines.append(file.diff.rstrip("\n"))
    return "\n".join(lines)
