"""`ticketctl migrate apply`."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketctl.cli.invocation import DryRun, Json, run_of
from ticketctl.cli.migrate.options import RESUMABLE, AllowLate, LockTimeout, Only, targets_of


def apply(
    ctx: typer.Context,
    only: Only = None,
    *,
    dry_run: DryRun = False,
    allow_late: AllowLate = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Go on with the other databases when one has failed.")
    ] = False,
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
    from ticketctl.provision.migrate.options import Options

    run = run_of(ctx, json=json)
    run.interrupted_note = RESUMABLE
    result = runner.apply(
        targets_of(run, only),
        dry_run=dry_run,
        options=Options(lock_timeout=lock_timeout, allow_late=allow_late, keep_going=keep_going),
        emit=run.emit,
    )
    run.show(result, text=lambda: applied_text(result))
    run.exit_failed(result.errors)
