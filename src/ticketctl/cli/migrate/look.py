"""`ticketctl migrate plan`, `status` and `verify`: what would be done, what has been, and what is wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import Invocation, Json, run_of
from ticketctl.cli.migrate.options import AllowLate, Only, targets_of
from ticketctl.cli.migrate.verification import show_what_is_wrong
from ticketctl.events import Notice

if TYPE_CHECKING:
    from ticketctl.provision.migrate.planning.script import Script


def plan(
    ctx: typer.Context,
    only: Only = None,
    *,
    allow_late: AllowLate = False,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print a script for the mysql client instead, to be run by hand.")
    ] = False,
    json: Json = False,
) -> None:
    """Print each statement that `apply` would run. Nothing is changed.

    Behind a statement that changes a table stands how large the table is; the rows are an estimate.

    Examples:
      ticketctl migrate plan
      ticketctl migrate plan --only inventory --json
      ticketctl migrate plan --sql > plan.sql
    """
    from ticketctl.provision.migrate import runner
    from ticketctl.provision.migrate.runner import plan_script

    if sql and json:
        raise typer.BadParameter("--sql prints a script for the mysql client, which cannot be JSON as well")
    run = run_of(ctx, json=json)
    targets = targets_of(run, only)
    if sql:
        _print_script(run, plan_script(targets, allow_late=allow_late))
        return
    result = runner.plan(targets, allow_late=allow_late)
    run.show(result, text=lambda: str(result))


def _print_script(run: Invocation, script: Script) -> None:
    for notice in script.notices:
        run.emit(Notice("warn", notice))
    run.close()
    sys.stdout.buffer.write(script.text.encode())  # UTF-8, as it says itself, whatever the terminal takes


def status(ctx: typer.Context, only: Only = None, json: Json = False) -> None:
    """Show what is applied, pending, edited or half done. Exit 1 unless all is applied.

    Examples:
      ticketctl migrate status
      ticketctl migrate status --json
    """
    from ticketctl.cli.render.migrate import status_text
    from ticketctl.provision.migrate import runner

    run = run_of(ctx, json=json)
    result = runner.status(targets_of(run, only))
    run.show(result, text=lambda: status_text(result))
    run.exit(ok=result.ok)


def verify(ctx: typer.Context, only: Only = None, json: Json = False) -> None:
    """Say what is wrong, for CI. Exit 1 if anything is.

    Wrong is what `status` shows as anything but applied: pending, late, edited, half done, in doubt,
    undone by yoyo, and applied with its file gone.

    Examples:
      ticketctl migrate verify
      ticketctl migrate verify --only events
    """
    show_what_is_wrong(run_of(ctx, json=json), only or ())
