"""Judge the engine and Compose. Pure."""

from __future__ import annotations

from ticketctl.errors import ComposeNotFoundError, TicketctlError
from ticketctl.infra.docker import EngineVersion
from ticketctl.provision.doctor.model import Finding, blocked, ok
from ticketctl.provision.host.model import HostState
from ticketctl.provision.host.plan import plan_engine

OLDEST_API = (1, 41)
"""Of Engine 20.10, the oldest that was seen to work."""


def judge_engine(state: HostState, version: EngineVersion | None) -> Finding:
    """Judge whether an engine answers, and whether it is one for us.

    Args:
        state: The engine as the machine shows it.
        version: What it says of itself, None when it does not answer.
    """
    if version is None:
        return _no_engine(state)
    told = f"Docker Engine {version.version} (API {version.api_version}) at {state.address}"
    if version.os != "linux":
        return blocked("engine", f"{told} runs {version.os} containers", "switch it to Linux containers")
    if _numbers(version.api_version) < OLDEST_API:
        oldest = ".".join(map(str, OLDEST_API))
        return blocked("engine", f"{told} is too old", f"use an engine with API {oldest} or newer (20.10)")
    return ok("engine", told)


def judge_compose(found: str | ComposeNotFoundError) -> Finding:
    """Judge Compose by what the search for it brought."""
    if isinstance(found, ComposeNotFoundError):
        return blocked("compose", f"{found.what}: {found.why}", found.next_step)
    return ok("compose", found)


def _no_engine(state: HostState) -> Finding:
    try:
        plan = plan_engine(state)
    except TicketctlError as error:
        return blocked("engine", f"{error.what}: {error.why}", error.next_step)
    return blocked("engine", plan.reason, "`ticketctl engine ensure` sets it up (`--dry-run` shows how)")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
