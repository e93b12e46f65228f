"""`ticketctl migrate rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketctl.cli.invocation import DryRun, Json, Yes, run_of
from ticketctl.cli.migrate.options import RESUMABLE, Database, LockTimeout, target_of


def rollback(
    ctx: typer.Context,
    database: Database,
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
    planned = plan_rollback(target_of(run, database), steps=steps)
    if planned.is_empty or dry_run:
        run.show(planned, text=lambda: str(planned))
        return
    run.confirm(str(planned), yes=yes)
    result = roll_back(target_of(run, database), planned=planned, lock_timeout=lock_timeout, emit=run.emit)
    run.show(result, text=lambda: rolled_back_text(result))
