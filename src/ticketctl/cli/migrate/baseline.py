"""`ticketctl migrate baseline`."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketctl.cli.invocation import DryRun, Json, Yes, run_of
from ticketctl.cli.migrate.options import Database, LockTimeout, target_of


def baseline(
    ctx: typer.Context,
    database: Database,
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help="The last migration that the database has; else the last file.")
    ] = "",
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    lock_timeout: LockTimeout = 60.0,
    json: Json = False,
) -> None:
    """Record that an existing database has what the files make.

    The files are executed in an empty schema beside the database, and both are compared. A database that
    is something else is refused, with the difference. In the database itself nothing is executed. With
    --dry-run it is compared and nothing is recorded: exit 1 when it differs.

    Examples:
      ticketctl migrate baseline inventory --dry-run
      ticketctl migrate baseline inventory --to 004_seats --yes
    """
    from ticketctl.cli.render.migrate_baseline import baseline_text
    from ticketctl.provision.migrate.baseline import baseline as record_baseline
    from ticketctl.provision.migrate.baseline import plan_baseline

    run = run_of(ctx, json=json)
    planned = plan_baseline(target_of(run, database), to=to)
    if planned.is_empty:
        run.show(planned, text=lambda: str(planned))
        return
    if not dry_run:
        run.confirm(str(planned), yes=yes, consequence="this changes what is recorded, not data")
    result = record_baseline(
        target_of(run, database), planned=planned, emit=run.emit, dry_run=dry_run, lock_timeout=lock_timeout
    )
    run.show(result, text=lambda: baseline_text(result))
    run.exit(ok=not result.difference)
