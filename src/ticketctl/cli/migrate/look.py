"""`ticketctl migrate plan`, `status` and `verify`: what would be done, what has been, and what is wrong."""

from __future__ import annotations

import typer

from ticketctl.cli.invocation import Json, run_of
from ticketctl.cli.migrate.group import AllowLate, Only, app
from ticketctl.cli.migrate.verification import show_what_is_wrong


@app.command()
def plan(ctx: typer.Context, only: Only = None, *, allow_late: AllowLate = False, json: Json = False) -> None:
    """Print each statement that `apply` would run. Nothing is changed.

    Examples:
      ticketctl migrate plan
      ticketctl migrate plan --only inventory --json
    """
    from ticketctl.provision.migrate import runner

    run = run_of(ctx, json=json)
    result = runner.plan(
        run.project.root, run.project.settings.databases, run.endpoints.mysql, only=only or (), allow_late=allow_late
    )
    run.show(result, text=lambda: str(result))


@app.command()
def status(ctx: typer.Context, only: Only = None, json: Json = False) -> None:
    """Show what is applied, pending, edited or half done. Exit 1 unless all is applied.

    Examples:
      ticketctl migrate status
      ticketctl migrate status --json
    """
    from ticketctl.cli.render.migrate import status_text
    from ticketctl.provision.migrate import runner

    run = run_of(ctx, json=json)
    result = runner.status(run.project.root, run.project.settings.databases, run.endpoints.mysql, only=only or ())
    run.show(result, text=lambda: status_text(result))
    run.exit(ok=result.ok)


@app.command()
def verify(ctx: typer.Context, only: Only = None, json: Json = False) -> None:
    """Say what is wrong, for CI. Exit 1 if anything is.

    Wrong is what `status` shows as anything but applied: pending, late, edited, half done, in doubt,
    undone by yoyo, and applied with its file gone.

    Examples:
      ticketctl migrate verify
      ticketctl migrate verify --only events
    """
    show_what_is_wrong(run_of(ctx, json=json), only or ())
