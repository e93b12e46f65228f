"""One screen that says why the stack is not up: root cause first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ticketctl.errors import StackUnhealthyError
from ticketctl.infra.docker import ContainerState
from ticketctl.provision.stack.causes import Cause, Evidence, likely_cause
from ticketctl.provision.stack.judge import Standing, waiting_for
from ticketctl.provision.stack.spec import StackSpec

LOG_LINES = 20
_PROBE_LINES = 3


@dataclass(frozen=True, slots=True)
class FailedService:
    """One service that failed by itself.

    Attributes:
        standing: The judge's words.
        state: Its container at the end, None when there is none.
        lines: Its last log lines, secrets taken out.
        cause: The likely cause.
    """

    standing: Standing
    state: ContainerState | None
    lines: tuple[str, ...]
    cause: Cause


@dataclass(frozen=True, slots=True)
class FailureReport:
    """Why the stack is not up.

    Attributes:
        failed: Services that failed by themselves, root cause first.
        waiting: Services that only wait for one of those, and for which.
        pending: Services that had not come up yet when others failed, and have nothing to do with it.
    """

    failed: tuple[FailedService, ...]
    waiting: Mapping[str, tuple[str, ...]]
    pending: tuple[str, ...] = ()


def failure_report(
    spec: StackSpec,
    standings: Sequence[Standing],
    states: Mapping[str, ContainerState],
    logs: Mapping[str, tuple[str, ...]],
    redact: Callable[[str], str],
) -> FailureReport:
    """Sort out who failed and who only waits.

    When the time was up and nobody has failed for good, those that are not ready are taken as failed.

    Args:
        spec: What should run.
        standings: The judge's words, one for each service.
        states: Service to its container.
        logs: Service to its last log lines.
        redact: Takes secrets out of a text.
    """
    unready = [standing for standing in standings if standing.phase != "ready"]
    final = [standing for standing in unready if standing.phase == "failed"]
    culprits = final or [standing for standing in unready if standing.phase != "waiting"]
    names = {standing.service for standing in culprits}
    waiting = {
        standing.service: awaited
        for standing in unready
        if standing.phase != "failed" and (awaited := waiting_for(spec, standing.service, names))
    }
    rest = [standing for standing in unready if standing not in culprits and standing.service not in waiting]
    # When the time was up, whoever was never started though nothing it needs has failed is a culprit too.
    roots = [standing for standing in culprits if standing.service not in waiting] + ([] if final else rest)
    order = spec.start_order()
    roots.sort(key=lambda standing: order.index(standing.service))
    return FailureReport(
        failed=tuple(
            _failed(standing, states.get(standing.service), logs.get(standing.service, ()), redact)
            for standing in roots
        ),
        waiting=waiting,
        pending=tuple(standing.service for standing in rest) if final else (),
    )


def unhealthy_error(report: FailureReport, *, seconds: float, timed_out: bool) -> StackUnhealthyError:
    """Return the error that carries the whole screen.

    Args:
        report: Who failed and why.
        seconds: How long was waited.
        timed_out: Whether the time was up; else somebody failed for good.
    """
    names = [service.standing.service for service in report.failed]
    first = names[0] if names else "a service"
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    what = f"{first}{others} {'did not become healthy' if timed_out else 'failed'} ({seconds:.0f} s)"
    return StackUnhealthyError(
        what,
        services=names,
        why=failure_text(report),
        next_step=report.failed[0].cause.next_step if report.failed else "`ticketctl status` shows every service",
    )


def failure_text(report: FailureReport) -> str:
    """Return the screen."""
    # What to do about the first is the error's own next step; the others say it where they stand.
    blocks = ["\n".join(_service_lines(service, with_next=index > 0)) for index, service in enumerate(report.failed)]
    last = _waiting_lines(report.waiting)
    if report.pending:
        last.append(f"still on their way: {', '.join(report.pending)}")
    if last:
        blocks.append("\n".join(last))
    return "\n\n".join(blocks)


def _failed(
    standing: Standing, state: ContainerState | None, lines: tuple[str, ...], redact: Callable[[str], str]
) -> FailedService:
    if state is None:
        cause = Cause("its container was never made", "`ticketctl up` again; `ticketctl doctor` checks the engine")
        return FailedService(standing, None, (), cause)
    lines = tuple(redact(line) for line in lines[-LOG_LINES:])
    probe = replace(state.probe, output=redact(state.probe.output)) if state.probe else None
    state = replace(state, error=redact(state.error), probe=probe)
    standing = replace(standing, detail=redact(standing.detail))
    return FailedService(standing, state, lines, likely_cause(Evidence(state, lines, standing.reason)))


def _service_lines(service: FailedService, *, with_next: bool) -> list[str]:
    state = service.state
    words = service.standing.detail or service.standing.phase
    lines = [f"{service.standing.service}: {words}", f"  cause: {service.cause.text}"]
    if state is not None:
        lines.append(f"  state: {_state_words(state)}")
        if state.probe is not None:
            output = state.probe.output.splitlines() or ["it printed nothing"]
            lines.append(f"  last probe: exit {state.probe.exit_code}: {' / '.join(output[-_PROBE_LINES:])}")
        lines.append(f"  last {len(service.lines)} log lines:" if service.lines else "  it logged nothing")
        lines += [f"    | {line}" for line in service.lines]
    if with_next:
        lines.append(f"  next: {service.cause.next_step}")
    return lines


def _state_words(state: ContainerState) -> str:
    words: list[str] = [state.state]
    if state.health:
        words.append(state.health)
    if state.state in ("exited", "restarting", "dead"):
        words.append(f"exit status {state.exit_code}")
    if state.restart_count:
        words.append(f"{state.restart_count} restarts")
    if state.oom_killed:
        words.append("out of memory")
    return ", ".join(words)


def _waiting_lines(waiting: Mapping[str, tuple[str, ...]]) -> list[str]:
    by_cause: dict[str, list[str]] = {}
    for service, culprits in waiting.items():
        by_cause.setdefault(culprits[0], []).append(service)
    return [f"waiting for {culprit}: {', '.join(services)}" for culprit, services in by_cause.items()]
