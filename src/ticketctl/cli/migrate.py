"""`ticketctl migrate`: the schemas of the databases."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketctl.cli.invocation import DryRun, Json, Yes, run_of

app = typer.Typer(help="The schemas: apply migrations, see what is pending, roll back.", no_args_is_help=True)

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="DATABASE", help="Only this database of ticketctl.yaml; may be repeated."),
]
LockTimeout = Annotated[
    float, typer.Option("--lock-timeout", metavar="SECONDS", min=0, help="How long to wait for another run.")
]
RESUMABLE = (
    "interrupted; the server finishes the statement that it has begun, and the same command goes on from there\n"
)


@app.command()
def apply(
    ctx: typer.Context,
    only: Only = None,
    dry_run: DryRun = False,
    lock_timeout: LockTimeout = 60.0,
    json: Json = False,
) -> None:
    """Apply what is pending in all databases. A second run changes nothing.

    Examples:
      ticketctl migrate apply
      ticketctl migrate apply --dry-run
      ticketctl migrate apply --only events --only bookings
    """
    from ticketctl.cli.render.migrate import applied_text
    from ticketctl.provision.migrate import runner
    from ticketctl.provision.migrate.apply import Options

    run = run_of(ctx, json=json)
    run.interrupted_note = RESUMABLE
    result = runner.apply(
        run.project.root,
        run.project.settings.databases,
        run.endpoints.mysql,
        only=only or (),
        dry_run=dry_run,
        options=Options(lock_timeout=lock_timeout),
        emit=run.emit,
    )
    run.show(result, text=lambda: applied_text(result))
    run.exit_failed(result.errors)


@app.command()
def plan(ctx: typer.Context, only: Only = None, json: Json = False) -> None:
    """Print each statement that `apply` would run. Nothing is changed.

    Examples:
      ticketctl migrate plan
      ticketctl migrate plan --only inventory --json
    """
    from ticketctl.provision.migrate import runner

    run = run_of(ctx, json=json)
    result = runner.plan(run.project.root, run.project.settings.databases, run.endpoints.mysql, only=only or ())
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
def rollback(
    ctx: typer.Context,
    database: Annotated[str, typer.Argument(metavar="DATABASE", help="A database of ticketctl.yaml.")],
    steps: Annotated[int, typer.Option("--steps", min=1, help="How many migrations, from the newest on.")] = 1,
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    lock_timeout: LockTimeout = 60.0,
    json: Json = False,
) -> None:
    """Undo the newest migration of one database. The rows that this deletes are shown first.

    Examples:
      ticketctl migrate rollback events --dry-run
      ticketctl migrate rollback events --steps 2 --yes
    """
    from ticketctl.cli.render.migrate import rolled_back_text
    from ticketctl.provision.migrate.rollback import plan_rollback
    from ticketctl.provision.migrate.rollback import rollback as roll_back

    run = run_of(ctx, json=json)
    run.interrupted_note = RESUMABLE
    where = (run.project.root, run.project.settings.databases, run.endpoints.mysql)
    planned = plan_rollback(*where, key=database, steps=steps)
    if planned.is_empty or dry_run:
        run.show(planned, text=lambda: str(planned))
        return
    run.confirm(str(planned), yes=yes)
    result = roll_back(*where, planned=planned, lock_timeout=lock_timeout, emit=run.emit)
    run.show(result, text=lambda: rolled_back_text(result))
