"""Whether the stack is up: decided from what the engine says, without asking it anything.

Compose's own exit status is no answer: `up --wait` fails when a one-shot service has done its work, and
gives up on a container that recovers a moment later. The judge is fed with container states, events and
answers of probes, in any order, and tells where each service stands.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ticketctl.infra.docker import ContainerState, EngineEvent
from ticketctl.provision.stack.drift import by_service
from ticketctl.provision.stack.plan import ContainersPlan
from ticketctl.provision.stack.spec import ServiceSpec, StackSpec

Phase = Literal["waiting", "starting", "recovering", "ready", "failed"]
Reason = Literal["", "exited", "restart loop", "out of memory", "not startable", "not in time"]

# Seconds that a service without health check has to run before it counts as up.
_STEADY = 2.0
_KILLED = 137


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one service stands.

    Attributes:
        service: Its name.
        phase: `waiting` is not started, `starting` has not said yes yet, `recovering` said no or was restarted and may
            still come, `ready` is healthy or has done its work, `failed` will not come.
        detail: For people: `healthy`, `exited with 3`, `restarted 2 times`.
        reason: Why it failed, empty otherwise.
    """

    service: str
    phase: Phase
    detail: str
    reason: Reason = ""


@dataclass(slots=True)
class _Memory:
    """What the judge remembers of one service between two looks."""

    # The container that is about to be replaced, and the past run of one that is started again: what they
    # do until then says nothing about what comes.
    replaced_id: str = ""
    past_run: tuple[str, str] | None = None
    restarts_before: int = 0
    saw_oom: bool = False
    died_of_oom: bool = False
    answered: str = ""
    running_since: tuple[str, float] = field(default=("", 0.0))


class Judge:
    """Tells where each service stands.

    Args:
        spec: What should run.
        plan: What was decided to do; only its services are judged.
        before: The containers before anything was done.
        restart_limit: Restarts of one container after which it is given up.
    """

    def __init__(
        self, spec: StackSpec, plan: ContainersPlan, before: Sequence[ContainerState], *, restart_limit: int
    ) -> None:
        self._services = {action.service: spec.services[action.service] for action in plan.actions}
        self._limit = restart_limit
        self._states: dict[str, ContainerState] = {}
        self._memory = {name: _Memory() for name in self._services}
        self._now = 0.0
        self._settled = False
        self._gave_up = False
        present = by_service(before)
        for action in plan.actions:
            state = present.get(action.service)
            memory = self._memory[action.service]
            if state is None:
                continue
            if action.action in ("create", "recreate"):
                memory.replaced_id = state.id
            elif action.action in ("start", "resume"):
                memory.past_run = (state.id, state.started_at)
            elif state.state == "running":
                memory.restarts_before = state.restart_count

    def look(self, containers: Sequence[ContainerState], now: float) -> None:
        """Take in the states of all containers of the project.

        Args:
            containers: All of them.
            now: Seconds of a clock that only goes forward.
        """
        self._now = now
        self._states = {name: state for name, state in by_service(containers).items() if name in self._services}
        for name, state in self._states.items():
            memory = self._memory[name]
            if state.state == "running" and memory.running_since[0] != state.started_at:
                memory.running_since = (state.started_at, now)

    def hear(self, event: EngineEvent) -> None:
        """Take in an event: the only trace of an out-of-memory kill once the container was restarted."""
        memory = self._memory.get(event.service)
        if memory is None or event.container_id == memory.replaced_id:
            return
        if event.action == "oom":
            memory.saw_oom = True
        elif event.action == "die":
            memory.died_of_oom = memory.died_of_oom or (memory.saw_oom and event.exit_code == _KILLED)
            memory.saw_oom = False

    def answered(self, service: str, started_at: str) -> None:
        """Take in that a service said from outside that it is ready.

        Args:
            service: Its name.
            started_at: Which start of its container was asked.
        """
        self._memory[service].answered = started_at

    def all_started(self) -> None:
        """Take in that nothing more will be started or replaced: what runs now is what is judged."""
        self._settled = self._gave_up = True

    def starting_ended(self) -> None:
        """Take in that starting came to an end before everything was started: start errors that stand are final."""
        self._gave_up = True

    def standings(self) -> tuple[Standing, ...]:
        """Return where each service stands, in the order of the Compose file."""
        found = {name: self._standing(service) for name, service in self._services.items()}
        ready = {name for name, standing in found.items() if standing.phase == "ready"}
        return tuple(
            replace(standing, detail=self._awaited(name, ready)) if standing.phase == "waiting" else standing
            for name, standing in found.items()
        )

    def unanswered(self) -> tuple[ContainerState, ...]:
        """Return the containers worth a probe: running, with a path to ask, and not ready by the engine's word."""
        return tuple(
            state
            for name, state in self._states.items()
            if self._services[name].ready_path
            and state.state == "running"
            and state.health in (None, "starting")
            and self._memory[name].answered != state.started_at
            and not self._is_stale(name, state)
        )

    def _awaited(self, name: str, ready: Collection[str]) -> str:
        missing = [needed for needed in self._services[name].depends_on if needed not in ready]
        return f"for {', '.join(missing)}" if missing else "for its start"

    def _is_stale(self, name: str, state: ContainerState) -> bool:
        memory = self._memory[name]
        return not self._settled and (state.id == memory.replaced_id or (state.id, state.started_at) == memory.past_run)

    def _standing(self, service: ServiceSpec) -> Standing:
        name, memory, state = service.name, self._memory[service.name], self._states.get(service.name)
        if state is not None and state.error and state.state in ("created", "exited") and self._gave_up:
            return Standing(name, "failed", state.error, "not startable")
        if state is None or self._is_stale(name, state):
            return Standing(name, "waiting", "")
        if memory.died_of_oom or (state.oom_killed and state.state in ("exited", "restarting", "dead")):
            return Standing(name, "failed", _oom_detail(state), "out of memory")
        if state.state == "created":
            return Standing(name, "waiting", "")
        if state.state == "exited":
            return _exited(service, state)
        if state.state in ("running", "restarting"):
            return self._alive(service, state)
        return Standing(name, "recovering", state.state)

    def _alive(self, service: ServiceSpec, state: ContainerState) -> Standing:
        name, memory = service.name, self._memory[service.name]
        restarts = state.restart_count - memory.restarts_before
        if restarts < 0:  # started anew by hand, which sets the engine's count back
            memory.restarts_before, restarts = 0, state.restart_count
        ready = state.state == "running" and self._is_ready(service, state)
        if restarts >= self._limit and not ready:
            times = f"restarted {restarts} times, last exit status {state.exit_code}"
            return Standing(name, "failed", times, "restart loop")
        if ready:
            return Standing(name, "ready", "healthy" if service.has_health_check or service.ready_path else "running")
        if restarts:
            return Standing(name, "recovering", f"restarted {restarts} of at most {self._limit} times")
        if state.health == "unhealthy":
            return Standing(name, "recovering", "unhealthy, may still recover")
        return Standing(name, "starting", "at work" if service.one_shot else "")

    def _is_ready(self, service: ServiceSpec, state: ContainerState) -> bool:
        memory = self._memory[service.name]
        if service.one_shot:
            return False
        if state.health is not None or service.ready_path:
            # An answer from outside counts earlier than the engine's next check, but not against its word.
            answered = memory.answered == state.started_at and state.health != "unhealthy"
            return state.health == "healthy" or answered
        return self._now - memory.running_since[1] >= _STEADY


def _exited(service: ServiceSpec, state: ContainerState) -> Standing:
    if service.one_shot and state.exit_code == 0:
        return Standing(service.name, "ready", "done")
    if state.error:
        return Standing(service.name, "failed", state.error, "not startable")
    return Standing(service.name, "failed", f"exited with {state.exit_code}", "exited")


def _oom_detail(state: ContainerState) -> str:
    limit = f" of {state.memory_limit // 2**20} MiB" if state.memory_limit else ""
    return f"out of memory{limit}"


def waiting_for(spec: StackSpec, service: str, culprits: Collection[str]) -> tuple[str, ...]:
    """Return those of `culprits` that a service depends on, directly or not, in start order."""
    needed = spec.dependencies(service)
    return tuple(name for name in spec.start_order() if name in culprits and name in needed)
