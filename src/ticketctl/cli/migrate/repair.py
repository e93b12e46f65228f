"""`ticketctl migrate repair`."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketctl.cli.invocation import DryRun, Json, Yes, run_of
from ticketctl.cli.migrate.options import Database, LockTimeout, target_of
from ticketctl.cli.migrate.verification import show_what_is_wrong


def _names(option: str, help_text: str) -> typer.models.OptionInfo:
    option_info: typer.models.OptionInfo = typer.Option(option, metavar="NAME", help=help_text)
    return option_info


def repair(
    ctx: typer.Context,
    database: Database,
    *,
    accept_edit: Annotated[
        list[str] | None, _names("--accept-edit", "The database is as the edited file says; may be repeated.")
    ] = None,
    mark: Annotated[list[str] | None, _names("--mark", "Record as applied, execute nothing; may be repeated.")] = None,
    unmark: Annotated[
        list[str] | None, _names("--unmark", "Forget that it is applied, undo nothing; may be repeated.")
    ] = None,
    landed: Annotated[
        list[str] | None, _names("--landed", "Its statement in doubt has done its work; may be repeated.")
    ] = None,
    not_landed: Annotated[
        list[str] | None, _names("--not-landed", "Its statement in doubt has done nothing; may be repeated.")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    lock_timeout: LockTimeout = 60.0,
    json: Json = False,
) -> None:
    """Correct what is recorded of migrations, never the schema.

    Without a repair it says what is wrong, and what to do about it.

    Examples:
      ticketctl migrate repair events
      ticketctl migrate repair events --accept-edit 002_venues --dry-run
      ticketctl migrate repair events --mark 003_seats --unmark 004_prices --yes
    """
    from ticketctl.cli.render.migrate_repair import repaired_text
    from ticketctl.provision.migrate.planning.repair_plan import Repairs
    from ticketctl.provision.migrate.repair import plan_repair
    from ticketctl.provision.migrate.repair import repair as repair_record

    run = run_of(ctx, json=json)
    named = (accept_edit, mark, unmark, landed, not_landed)
    if not any(named):
        show_what_is_wrong(run, (database,))
    planned = plan_repair(target_of(run, database), repairs=Repairs(*(tuple(names or ()) for names in named)))
    if dry_run:
        run.show(planned, text=lambda: str(planned))
        return
    run.interrupted_note = "nothing was changed\n"
    run.confirm(str(planned), yes=yes, consequence="this changes what is recorded, not data")
    run.interrupted_note = "interrupted; all of it was recorded or nothing: `ticketctl migrate status` shows which\n"
    result = repair_record(target_of(run, database), planned=planned, lock_timeout=lock_timeout, emit=run.emit)
    run.show(result, text=lambda: repaired_text(result))
