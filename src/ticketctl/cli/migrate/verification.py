"""What is wrong with the migrations, as `verify` and `repair` without a repair say it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from ticketctl.cli.invocation import Invocation
from ticketctl.cli.migrate.options import targets_of
from ticketctl.events import Notice


def show_what_is_wrong(run: Invocation, only: Collection[str]) -> NoReturn:
    """Print what is wrong and nothing else, and end the command by it.

    Args:
        run: The run of the command.
        only: Keys of the databases to look at; empty for all.
    """
    from ticketctl.cli.render.migrate_repair import verified_text
    from ticketctl.provision.migrate import runner
    from ticketctl.provision.migrate.planning.verification import verification_of

    result = verification_of(runner.status(targets_of(run, only)))
    if not result.ok or run.json:
        run.show(result, text=lambda: verified_text(result))
    else:
        keys = ", ".join(database.key for database in result.databases)
        run.emit(Notice("info", f"{keys}: every migration is applied, and nothing else is recorded"))
    run.exit(ok=result.ok)
