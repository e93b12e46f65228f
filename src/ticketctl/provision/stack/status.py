"""How the stack is: each service's state, address, and what differs from its definition."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ticketctl.infra.docker import ContainerState, connect_engine
from ticketctl.provision.stack.drift import Drift, by_service, find_drift
from ticketctl.provision.stack.env_file import read_env
from ticketctl.provision.stack.judge import Judge, Phase, Standing
from ticketctl.provision.stack.observe import Observed, env_values, observe, spec_of
from ticketctl.provision.stack.plan import ContainersPlan, ServiceAction
from ticketctl.provision.stack.probes import is_ready
from ticketctl.provision.stack.spec import ServiceSpec, StackSpec
from ticketctl.settings.model import Project


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """How one service is.

    Attributes:
        service: Its name.
        phase: `ready`, `starting`, `recovering`, `waiting` or `failed`, as `up` judges it.
        detail: For people: `healthy`, `done`, `exited with 3`.
        state: The engine's word, empty without a container.
        health: Verdict of its health check, empty when it has none.
        image: Reference of its image.
        address: Where it answers on this machine, empty for nowhere.
        started_at: When it was started last (RFC 3339), empty for never.
        restarts: Restarts by the engine since its container was made.
        drift: `missing`, `changed`, `other image`, or empty.
    """

    service: str
    phase: Phase
    detail: str
    state: str
    health: str
    image: str
    address: str
    started_at: str
    restarts: int
    drift: str


@dataclass(frozen=True, slots=True)
class StackStatus:
    """How the stack is.

    Attributes:
        project: Compose project.
        services: Its services, in the order of the Compose file.
        drifts: What differs from the definition, orphaned containers too.
        ok: All services are ready and nothing differs.
    """

    project: str
    services: tuple[ServiceStatus, ...]
    drifts: tuple[Drift, ...]
    ok: bool


def stack_status(project: Project, *, environ: Mapping[str, str]) -> StackStatus:
    """Return how the stack is; nothing is changed.

    Args:
        project: The project.
        environ: The environment.

    Raises:
        EngineUnavailableError: No engine answers.
        EnginePermissionError: It refuses this user.
        EnvFileError: `compose/.env` cannot be read.
    """
    spec = spec_of(project, env_values(read_env(project.env_file)))
    engine = connect_engine(environ)
    return judge_status(spec, observe(engine, spec))


def judge_status(spec: StackSpec, observed: Observed) -> StackStatus:
    """Judge what was observed; services whose health check has not ended yet are asked from outside.

    Args:
        spec: What should run.
        observed: What does.
    """
    drifts = find_drift(spec, observed.containers, observed.image_ids)
    by_name = {drift.service: drift.kind for drift in drifts if drift.kind != "orphaned"}
    present = by_service(observed.containers)
    services = tuple(
        _service_status(spec.services[standing.service], standing, present.get(standing.service), by_name)
        for standing in _standings(spec, observed)
    )
    ready = all(service.phase == "ready" for service in services)
    return StackStatus(spec.project, services, drifts, ok=ready and not drifts)


def _standings(spec: StackSpec, observed: Observed) -> tuple[Standing, ...]:
    plan = ContainersPlan(tuple(ServiceAction(name, "keep", "") for name in spec.services))
    judge = Judge(spec, plan, observed.containers, restart_limit=1)
    judge.all_started()
    judge.look(observed.containers, 0.0)
    for state in judge.unanswered():
        if is_ready(state):
            judge.answered(state.service, state.started_at)
    # One look is all there is: what runs without a health check counts as steady.
    judge.look(observed.containers, math.inf)
    return judge.standings()


def _service_status(
    service: ServiceSpec, standing: Standing, state: ContainerState | None, drifts: Mapping[str, str]
) -> ServiceStatus:
    started = state.started_at if state is not None else ""
    return ServiceStatus(
        service=service.name,
        phase=standing.phase,
        detail=standing.detail if state is not None else "no container",
        state=state.state if state is not None else "",
        health=state.health or "" if state is not None else "",
        image=service.image,
        address=_address(service, state),
        started_at="" if started.startswith("0001") else started,
        restarts=state.restart_count if state is not None else 0,
        drift=drifts.get(service.name, ""),
    )


def _address(service: ServiceSpec, state: ContainerState | None) -> str:
    if state is None or not state.ports:
        return ""
    port = state.ports[0]
    address = f"{port.host_ip or '127.0.0.1'}:{port.host_port}"
    return f"http://{address}" if service.ready_path else address
