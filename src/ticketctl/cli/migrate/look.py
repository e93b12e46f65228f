"""`ticketctl migrate plan` and `status`: what would be done, and what has been."""

from __future__ import annotations

import typer

from ticketctl.cli.invocation import Json, run_of
from ticketctl.cli.migrate.group import AllowLate, Only, app


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
