"""`ticketctl bootstrap`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ticketctl.cli.invocation import Json, run_of


def bootstrap(
    ctx: typer.Context,
    *,
    ci: Annotated[
        bool, typer.Option("--ci", help="For CI: no questions, plain lines, `--junit` and a summary.")
    ] = False,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", help="Write JUnit XML there; with --ci: ticketctl-bootstrap.xml."),
    ] = None,
    json: Json = False,
) -> None:
    """Bring everything up: stack, migrations, search index, health. A second run changes nothing.

    With --ci a JSON summary is written to ticketctl-bootstrap.json as well; on GitHub Actions the steps are
    grouped, failures annotated, and the job's summary page gets a table.

    Examples:
      ticketctl bootstrap
      ticketctl bootstrap --ci
      ticketctl bootstrap --json --junit report.xml
    """
    from ticketctl.provision.bootstrap import bootstrap_steps, run_steps

    run = run_of(ctx, json=json)
    run.plain = run.plain or ci
    report = run_steps(bootstrap_steps(run.project, run.environ, run.emit))
    from ticketctl.cli.render.bootstrap import bootstrap_text, write_reports

    write_reports(report, ci=ci, junit=junit, environ=run.environ)
    if report.failure is not None and not json:
        raise report.failure
    run.show(report, text=lambda: bootstrap_text(report, run))
    raise typer.Exit(report.failure.exit_code if report.failure else 0 if report.ok else 1)
