"""`ticketctl doctor`: is this machine fit for the stack?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ticketctl.cli.invocation import Json, run_of

if TYPE_CHECKING:
    from ticketctl.provision.doctor.model import Diagnosis, Finding


def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Examine this machine and this checkout; each finding comes with its fix.

    Exit 1 if one of them keeps `ticketctl up` from succeeding. Works without a project too.

    Examples:
      ticketctl doctor
      ticketctl doctor --json
    """
    from ticketctl.provision.doctor.diagnose import diagnose

    run = run_of(ctx, json=json)
    result = diagnose(lambda: run.project, environ=run.environ, emit=run.emit)
    run.show(result, text=lambda: _text(result))
    run.exit(ok=result.ok)


def _text(result: Diagnosis) -> str:
    width = max(len(finding.name) for finding in result.findings)
    lines = [line for finding in result.findings for line in _lines(finding, width)]
    return "\n".join([*lines, "", _verdict(result)])


def _lines(finding: Finding, width: int) -> list[str]:
    detail, *more = finding.detail.splitlines()
    indent = " " * (width + 11)
    lines = [f"{finding.level:<7}  {finding.name:<{width}}  {detail}", *(f"{indent}{line}" for line in more)]
    if finding.fix:
        lines += [
            f"{indent}fix: {line}" if number == 0 else f"{indent}     {line}"
            for number, line in enumerate(finding.fix.splitlines())
        ]
    return lines


def _verdict(result: Diagnosis) -> str:
    blocking = [finding.name for finding in result.findings if finding.blocks]
    if blocking:
        return f"`ticketctl up` cannot succeed: {', '.join(blocking)}"
    warnings = result.count("warn")
    return "`ticketctl up` can go ahead" + (f"; {warnings} warning{'s' if warnings > 1 else ''}" if warnings else "")
