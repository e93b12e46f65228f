"""`ticketctl doctor`: is this machine fit for the stack?"""

from __future__ import annotations

import typer

from ticketctl.cli.invocation import Json, run_of


def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Look for what is in the way on this machine. Each finding comes with its fix.

    Exit 1 if one of them keeps `ticketctl up` from succeeding. Works without a project too.

    Examples:
      ticketctl doctor
      ticketctl doctor --json
    """
    from ticketctl.cli.render.doctor import diagnosis_text
    from ticketctl.provision.doctor.diagnose import diagnose

    run = run_of(ctx, json=json)
    result = diagnose(lambda: run.project, environ=run.environ, emit=run.emit)
    run.show(result, text=lambda: diagnosis_text(result))
    run.exit(ok=result.ok)
