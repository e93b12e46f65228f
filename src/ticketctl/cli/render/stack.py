"""The stack's results as text."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ticketctl.provision.stack.down import DownResult
from ticketctl.provision.stack.reset import DatabaseLoss, ResetPlan
from ticketctl.provision.stack.status import ServiceStatus, StackStatus
from ticketctl.provision.stack.up import UpResult

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"ready": "green", "failed": "bold red", "recovering": "yellow", "starting": "yellow", "waiting": "yellow"}
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def up_text(result: UpResult) -> str:
    """Return the plan of a dry run, else where to look now."""
    if result.dry_run:
        lines = result.plan.lines()
        return "\n".join((*lines, "nothing would change" if result.plan.is_empty else "nothing was done (--dry-run)"))
    lines = tuple(f"account   {change}" for change in result.accounts)
    change = "" if result.changed else "nothing to change, "
    last = f"project {result.project}: {change}{result.summary}; `ticketctl status` shows the addresses"
    return "\n".join((*lines, last))


def down_text(result: DownResult) -> str:
    """Return what was removed and where the data are."""
    if not result.changed:
        lines = [f"project {result.project}: nothing runs"]
    else:
        done = "would be removed" if result.dry_run else "removed"
        lines = [f"project {result.project}: {_count(result.containers, 'container')} {done}"]
    if result.kept_volumes:
        lines.append("the data stay (`ticketctl up` goes on with them, `ticketctl reset` deletes them):")
        width = max(map(len, result.kept_volumes))
        lines += [f"  {name:<{width}}  {place}" for name, place in result.kept_volumes.items()]
    return "\n".join(lines)


def reset_question(plan: ResetPlan) -> str:
    """Return what would be lost."""
    if plan.is_empty:
        return f"project {plan.project}: there is nothing to remove"
    lines = [f"project {plan.project}: this deletes"]
    width = max((len(name) for name in plan.volumes), default=0)
    lines += [f"  volume {name:<{width}}  {_size(size)}" for name, size in plan.volumes.items()]
    rows = [
        (f"  database {loss.name}", f"on {loss.server}", f"{loss.tables} tables", _rows(loss))
        for loss in plan.databases
    ]
    lines += _columns(rows)
    lines += [f"  {server}: its databases were not counted: {why}" for server, why in plan.not_counted.items()]
    lines.append(f"  {_count(plan.containers, 'container')}, {_count(plan.networks, 'network')}")
    lines.append("compose/.env stays: ports and passwords are the same after the next `ticketctl up`")
    return "\n".join(lines)


def reset_text(plan: ResetPlan) -> str:
    """Return what was removed."""
    return (
        f"project {plan.project}: removed {_count(plan.containers, 'container')}, {_count(plan.volumes, 'volume')}, "
        f"{_count(plan.networks, 'network')}; `ticketctl bootstrap` starts again from nothing"
    )


def status_text(status: StackStatus) -> Text:
    """Return the table of services, and what differs."""
    from rich.text import Text

    heading = ("SERVICE", "STATE", "IMAGE", "ADDRESS", "SINCE", "DIFFERS")
    now = datetime.now(UTC)
    lines = _columns([heading, *(_row(service, now) for service in status.services)])
    text = Text(f"{lines[0]}\n", style="bold")
    for line, service in zip(lines[1:], status.services, strict=True):
        text.append(f"{line}\n", style=_STYLES[service.phase] if not service.drift else "yellow")
    told = [drift for drift in status.drifts if drift.kind != "missing"]  # the table says that already
    text.append("".join(f"{drift.service}: {drift.kind}: {drift.detail}\n" for drift in told))
    ready = sum(service.phase == "ready" for service in status.services)
    text.append(f"project {status.project}: {ready} of {len(status.services)} services are ready")
    if not status.ok:
        text.append("; `ticketctl up` brings the rest")
    return text


def _row(service: ServiceStatus, now: datetime) -> tuple[str, ...]:
    state = service.phase if service.detail in ("", service.phase) else f"{service.phase} ({service.detail})"
    restarts = f", {service.restarts} restarts" if service.restarts else ""
    return (
        service.service,
        state + restarts,
        service.image,
        service.address or "-",
        _age(service.started_at, now),
        service.drift or "-",
    )


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _age(started_at: str, now: datetime) -> str:
    if not started_at:
        return "-"
    # The engine writes nanoseconds, Python reads microseconds.
    seconds = (now - datetime.fromisoformat(f"{started_at[:19]}+00:00")).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _count(things: Sized, word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _rows(loss: DatabaseLoss) -> str:
    return f"{'' if loss.exact else 'about '}{loss.rows} rows"


def _size(size: int | None) -> str:
    if size is None:
        return "unknown size"
    value, index = float(size), 0
    while value >= 1024 and index < len(_SIZES) - 1:
        value, index = value / 1024, index + 1
    return f"{value:.0f} {_SIZES[index]}" if index < 2 else f"{value:.1f} {_SIZES[index]}"
