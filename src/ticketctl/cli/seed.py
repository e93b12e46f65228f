"""`ticketctl seed`: events with all their seats, made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import DryRun, Invocation, Json, run_of

if TYPE_CHECKING:
    from ticketctl.settings.endpoints import MysqlEndpoint

_INTERRUPTED = "interrupted; events that were finished stay, and the next run names any that is not\n"


def seed(
    ctx: typer.Context,
    *,
    events: Annotated[int, typer.Option(metavar="COUNT", min=1, max=100_000, help="How many events to add.")] = 1,
    seats: Annotated[
        int, typer.Option(metavar="COUNT", min=1, max=10_000_000, help="How many seats each of them has.")
    ] = 1_000,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Chooses names, dates, rows and prices.")] = 1,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Add made-up events with all their seats. A second run adds further ones.

    What is in the databases already is not touched.

    Examples:
      ticketctl seed
      ticketctl seed --events 20 --seats 5000
      ticketctl seed --seats 1000000 --dry-run
    """
    from datetime import UTC, datetime

    from ticketctl.cli.render.seed import seeded_text
    from ticketctl.provision.seed.runner import Wanted
    from ticketctl.provision.seed.runner import seed as add

    run = run_of(ctx, json=json)
    run.interrupted_note = _INTERRUPTED
    result = add(
        _endpoints(run),
        Wanted(events, seats, seed),
        today=datetime.now(UTC).date(),
        dry_run=dry_run,
        emit=run.emit,
    )
    run.show(result, text=lambda: seeded_text(result))


def _endpoints(run: Invocation) -> Mapping[str, MysqlEndpoint]:
    """The databases with the accounts of their services: what is added needs no right to change a schema."""
    if run.project.settings.runtime == "external":
        return run.endpoints.mysql  # the settings name one account
    from ticketctl.provision.stack.service_endpoints import service_endpoints

    return service_endpoints(run.project)
