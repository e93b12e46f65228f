"""`ticketctl up|down|status|logs|reset`: the running stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import DryRun, Invocation, Json, Yes, run_of
from ticketctl.errors import SettingsError, SettingsProblem, UnknownNameError

if TYPE_CHECKING:
    from ticketctl.provision.stack.logs import LogLine
    from ticketctl.settings.model import Project

Services = Annotated[
    list[str] | None, typer.Argument(metavar="SERVICE", help="Services; all of them when none is named.")
]


def up(
    ctx: typer.Context,
    services: Services = None,
    *,
    dry_run: DryRun = False,
    timeout: Annotated[
        float | None, typer.Option(min=1.0, help="Seconds to wait for health; default: `stack.timeout`.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite generated files that were edited by hand.")] = False,
    remove_orphans: Annotated[
        bool, typer.Option("--remove-orphans", help="Remove containers that are not in the stack any more.")
    ] = False,
    json: Json = False,
) -> None:
    """Start the stack and wait until all of it is healthy. What runs as it should is left alone.

    Examples:
      ticketctl up
      ticketctl up booking --timeout 60
      ticketctl up --dry-run
    """
    from ticketctl.cli.render.stack import up_text
    from ticketctl.provision.stack.up import up as bring_up

    run = run_of(ctx, json=json)
    named = _known(run, services)
    try:
        result = bring_up(
            _project(run),
            environ=run.environ,
            services=named,
            dry_run=dry_run,
            force=force,
            remove_orphans=remove_orphans,
            timeout=timeout,
            emit=run.emit,
        )
    except KeyboardInterrupt as interrupt:
        run.interrupted_note = str(interrupt)
        raise
    run.show(result, text=lambda: up_text(result))


def down(ctx: typer.Context, *, dry_run: DryRun = False, json: Json = False) -> None:
    """Stop and remove the containers; their data stay in volumes.

    Examples:
      ticketctl down
      ticketctl down --dry-run
    """
    from ticketctl.cli.render.stack import down_text
    from ticketctl.provision.stack.down import down as take_down

    run = run_of(ctx, json=json)
    result = take_down(_project(run), environ=run.environ, dry_run=dry_run, emit=run.emit)
    run.show(result, text=lambda: down_text(result))


def status(ctx: typer.Context, *, json: Json = False) -> None:
    """Show each service and what differs from its definition. Exit 1 unless all is well.

    Examples:
      ticketctl status
      ticketctl status --json
    """
    from ticketctl.cli.render.stack import status_text
    from ticketctl.provision.stack.status import stack_status

    run = run_of(ctx, json=json)
    result = stack_status(_project(run), environ=run.environ)
    run.show(result, text=lambda: status_text(result))
    run.exit(ok=result.ok)


def logs(
    ctx: typer.Context,
    services: Services = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    tail: Annotated[int, typer.Option(min=0, help="Lines of each service.")] = 100,
    since: Annotated[
        str, typer.Option(help="Only lines after this: 10m, or 2026-12-01T10:00:00.", metavar="TIME")
    ] = "",
    json: Json = False,
) -> None:
    """Print what the services log; passwords are masked.

    Examples:
      ticketctl logs mysql --tail 20
      ticketctl logs --follow --since 10m
    """
    from ticketctl.cli.render.plain import to_plain
    from ticketctl.provision.stack.logs import stream_logs

    run = run_of(ctx, json=json)
    named = _known(run, services)
    run.interrupted_note = "\n"

    def on_line(line: LogLine) -> None:
        if json:
            typer.echo(_compact(to_plain(line)))
        else:
            typer.echo(f"{line.service} | {line.text}" if line.service else line.text)

    stream_logs(
        run.project, environ=run.environ, services=named, tail=tail, follow=follow, since=since, on_line=on_line
    )


def reset(ctx: typer.Context, *, yes: Yes = False, dry_run: DryRun = False, json: Json = False) -> None:
    """Show which data will be lost, then remove the stack with them. compose/.env stays.

    Examples:
      ticketctl reset
      ticketctl reset --dry-run
      ticketctl reset --yes
    """
    from ticketctl.cli.render.stack import reset_question, reset_text
    from ticketctl.provision.stack.reset import plan_reset
    from ticketctl.provision.stack.reset import reset as remove_all

    run = run_of(ctx, json=json)
    plan = plan_reset(_project(run), environ=run.environ)
    if dry_run or plan.is_empty:
        run.show(plan, text=lambda: reset_question(plan))
        return
    run.confirm(reset_question(plan), yes=yes)
    result = remove_all(_project(run), plan, environ=run.environ, emit=run.emit)
    run.show(result, text=lambda: reset_text(result))


def _project(run: Invocation) -> Project:
    """Return the project, unless its stack is run by somebody else."""
    if run.project.settings.runtime == "external":
        where = run.project.sources.get("runtime", "")
        message = "is `external`: the backends run elsewhere, and there is nothing to start or stop here"
        raise SettingsError(
            [SettingsProblem(where, "runtime", message)], next_step="`ticketctl health` checks them; or set `docker`"
        )
    return run.project


def _known(run: Invocation, services: Sequence[str] | None) -> tuple[str, ...]:
    """Return the named services, or say which one does not exist."""
    from ticketctl.provision.stack.variables import stack_services

    names = stack_services(_project(run).settings)
    UnknownNameError.check("service", services or (), names)
    return tuple(services or ())


def _compact(value: object) -> str:
    from json import dumps

    return dumps(value, ensure_ascii=False)
