"""`ticketctl health`: are the backends what the services need?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import Invocation, Json, run_of

if TYPE_CHECKING:
    from ticketctl.provision.health.model import HealthReport

    Check = Callable[[], HealthReport]


def health(
    ctx: typer.Context,
    *,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Check again until nothing fails, at most this long.")
    ] = 0.0,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="mysql, redis, elasticsearch, services, or a service; may be repeated."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on checking and show each change; Ctrl-C ends it.")
    ] = False,
    interval: Annotated[float, typer.Option(metavar="SECONDS", min=0.2, help="Pause between checks of --watch.")] = 2.0,
    json: Json = False,
) -> None:
    """Check each backend and service from outside. Login, version, databases, migrations, index, writes, settings.

    Exit code 0 when nothing fails (warnings do not count), 1 when something does. With --watch it is 0: being stopped
    is how that ends.

    Examples:
      ticketctl health
      ticketctl health --wait 60
      ticketctl health --only redis --only booking --json
      ticketctl health --watch --interval 5
    """
    if watch and wait:
        raise typer.BadParameter("--watch never ends, so it cannot wait for an end as well")
    from ticketctl.provision.health import runner

    run = run_of(ctx, json=json)
    project, endpoints, names = run.project, run.endpoints, tuple(only or ())
    if watch:
        _watch(run, lambda: runner.check(project, endpoints, only=names), interval)
        return
    if wait:
        report = runner.wait(project, endpoints, seconds=wait, only=names, emit=run.emit)
    else:
        report = runner.check(project, endpoints, only=names, emit=run.emit)
    from ticketctl.cli.render.health import report_text

    run.show(report, text=lambda: report_text(report))
    run.exit(ok=report.ok)


def _watch(run: Invocation, check: Check, interval: float) -> None:
    show = _json_lines if run.json else _live if run.console.is_terminal else _lines
    try:
        show(run, check, interval)
    except KeyboardInterrupt:
        return


def _live(run: Invocation, check: Check, interval: float) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from ticketctl.cli.render.health import report_text

    with Live(Text("checking ..."), console=run.console, auto_refresh=False) as display:
        while True:
            report = check()
            footer = Text(f"{time.strftime('%H:%M:%S')}, again in {interval:g} s; Ctrl-C ends", style="dim")
            display.update(Group(report_text(report, brief=True), footer), refresh=True)
            time.sleep(interval)


def _lines(run: Invocation, check: Check, interval: float) -> None:
    from ticketctl.cli.render.health import changes, headline

    before: HealthReport | None = None
    while True:
        report = check()
        changed = changes(before, report)
        if before is None or changed:
            now = time.strftime("%H:%M:%S")
            run.console.print("\n".join((f"{now} {headline(report)}", *changed)), markup=False)
        before = report
        time.sleep(interval)


def _json_lines(run: Invocation, check: Check, interval: float) -> None:
    from ticketctl.cli.render.health import json_line

    while True:
        run.console.out(json_line(check()), highlight=False)
        time.sleep(interval)
