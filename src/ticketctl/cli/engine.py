"""`ticketctl engine`: the Docker Engine of this machine."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import typer

from ticketctl.cli.invocation import DryRun, Invocation, Json, run_of

if TYPE_CHECKING:
    from ticketctl.events import Event
    from ticketctl.provision.host.engine import EngineResult, EngineStatus

_PROMPT = "ticketctl sets up the Docker Engine as root; password of %u for sudo: "


def ensure(ctx: typer.Context, dry_run: DryRun = False, json: Json = False) -> None:
    """Install and start an engine where none answers. It is the distribution's; one that answers is never touched.

    Examples:
      ticketctl engine ensure
      ticketctl engine ensure --dry-run
    """
    from ticketctl.provision.host.engine import ensure_engine

    run = run_of(ctx, json=json)

    def emit(event: Event) -> None:
        run.emit(event)  # looked up here: the display begins with the first event, after sudo has asked

    result = ensure_engine(
        run.environ,
        emit=emit,
        dry_run=dry_run,
        authorise=_ask_for_sudo if _somebody_is_there(run) else None,
    )
    run.show(result, text=lambda: _ensured(result, dry_run=dry_run))


def status(ctx: typer.Context, json: Json = False) -> None:
    """Say whether an engine answers, and where. Exit 1 when none does.

    Examples:
      ticketctl engine status
      DOCKER_HOST=unix:///run/user/1000/docker.sock ticketctl engine status --json
    """
    from ticketctl.provision.host.engine import engine_status

    run = run_of(ctx, json=json)
    result = engine_status(run.environ)
    run.show(result, text=lambda: _status_line(result))
    run.exit(ok=result.ok)


def _somebody_is_there(run: Invocation) -> bool:
    return sys.stdin.isatty() and not run.environ.get("CI") and not run.json


def _ask_for_sudo() -> bool:
    return subprocess.run(["sudo", "--validate", "--prompt", _PROMPT], check=False).returncode == 0


def _ensured(result: EngineResult, *, dry_run: bool) -> str:
    if dry_run or not result.changed:
        return "\n".join(result.plan)
    return f"Docker Engine {result.version or 'is set up and'} answers at {result.address}"


def _status_line(result: EngineStatus) -> str:
    verdicts = {
        "answers": f"Docker Engine {result.detail} answers",
        "refused": f"an engine is there and refuses this user ({result.detail})",
        "silent": f"no engine answers ({result.detail}); `ticketctl engine ensure` does, or says, what can be done",
    }
    return f"{result.address} ({result.source}): {verdicts[result.answer]}"
