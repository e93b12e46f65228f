"""Start containers and watch until the stack is up: Compose starts them, the judge decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import DiskFullError, EngineError, StackUnhealthyError, TicketctlError
from ticketctl.events import Emit, Progress, ignore
from ticketctl.infra.compose import Compose, ComposeProcess
from ticketctl.infra.docker import ContainerState, Engine, is_disk_full
from ticketctl.provision.stack.alongside import Alongside, AlongsideTask
from ticketctl.provision.stack.causes import after_compose_failure
from ticketctl.provision.stack.drift import by_service
from ticketctl.provision.stack.failure import LOG_LINES, failure_report, unhealthy_error
from ticketctl.provision.stack.feed import EventFeed
from ticketctl.provision.stack.judge import Judge, Standing
from ticketctl.provision.stack.plan import ContainersPlan
from ticketctl.provision.stack.probes import Prober
from ticketctl.provision.stack.spec import StackSpec

STEP = "up"
# Seconds: how long one turn of the loop waits for an event, and how old a full look may become.
_TURN = 0.2
_LOOK = 1.0


@dataclass(frozen=True, slots=True)
class Launch:
    """What is started.

    Attributes:
        spec: The stack.
        file: Its Compose file.
        env: Environment of Compose.
        redact: Takes secrets out of a text.
    """

    spec: StackSpec
    file: Path
    env: Mapping[str, str]
    redact: Callable[[str], str]


class UpInterrupted(KeyboardInterrupt):
    """Ctrl-C while the stack started; its text says what runs on."""


@dataclass(kw_only=True)
class Startup:
    """One attempt to bring containers up: made once, `run` once.

    Attributes:
        engine: The engine.
        find: Finds the Compose binary; called only when containers have to change.
        launch: What is started.
        plan: What to do.
        before: The containers before.
        timeout: Seconds for the whole.
        restart_limit: Restarts of one container after which it is given up.
        alongside: What to do on the way.
        emit: Told where each service stands whenever that changes.
    """

    engine: Engine
    find: Callable[[], Compose]
    launch: Launch
    plan: ContainersPlan
    before: Sequence[ContainerState]
    timeout: float
    restart_limit: int
    alongside: Sequence[Alongside] = ()
    emit: Emit = ignore

    def __post_init__(self) -> None:
        self._judge = Judge(self.launch.spec, self.plan, self.before, restart_limit=self.restart_limit)
        self._tasks = [AlongsideTask(work) for work in self.alongside]
        self._began = time.monotonic()
        self._looked = 0.0
        self._states: Mapping[str, ContainerState] = {}
        self._shown: dict[str, Standing] = {}
        self._process: ComposeProcess | None = None

    def run(self) -> float:
        """Carry out the plan and return, with the seconds it took, when all services are ready and all work is done.

        Raises:
            StackUnhealthyError: A service failed for good, or the time was up.
            ComposeError: Compose failed for a reason that is none of a service.
            BackendError: Work alongside failed.
            UpInterrupted: Ctrl-C; Compose has been ended, containers go on.
        """
        try:
            self._watch(self.find() if not self.plan.is_empty else None)
        except KeyboardInterrupt:
            raise UpInterrupted(self._left_running()) from None
        return time.monotonic() - self._began

    def _watch(self, compose: Compose | None) -> None:
        with EventFeed(self.engine.events(self.launch.spec.project)) as feed, Prober() as prober:
            try:
                if compose is None:
                    self._judge.all_started()
                else:
                    self._prepare()
                    self._process = self._start(compose)
                while not self._turn(feed, prober, compose):
                    pass
            finally:
                for task in self._tasks:
                    task.stop()
                if self._process is not None:
                    self._process.stop()

    def _left_running(self) -> str:
        """Return one line for Ctrl-C."""
        try:
            states = by_service(self.engine.containers(self.launch.spec.project)).values()
        except TicketctlError as error:
            return f"interrupted; {error.what}; the next `ticketctl up` goes on\n"
        running = [state.service for state in states if state.state == "running"]
        services = f"{len(running)} of {len(self.launch.spec.services)} services run on"
        names = f" ({', '.join(running)})" if running else ""
        return f"interrupted; {services}{names}; the next `ticketctl up` goes on from there\n"

    def _prepare(self) -> None:
        """Do what Compose does not: let paused containers go on, remove dead ones and leftovers."""
        for name in self.plan.leftovers:
            self.engine.remove_container(name)
        present = by_service(self.before)
        for action in self.plan.changes:
            state = present.get(action.service)
            if state is not None and action.action == "resume":
                self.engine.unpause(state.id)
            elif state is not None and action.action == "create":
                self.engine.remove_container(state.id, force=True)

    def _start(self, compose: Compose) -> ComposeProcess:
        arguments = ["up", "--detach", "--no-build", "--pull", "never"]
        if self.plan.remove_orphans:
            arguments.append("--remove-orphans")
        # Without the names Compose would run every one-shot again. What they depend on it adds itself.
        arguments += [action.service for action in self.plan.changes or self.plan.actions]
        return compose.start(arguments, project=self.launch.spec.project, file=self.launch.file, env=self.launch.env)

    def _turn(self, feed: EventFeed, prober: Prober, compose: Compose | None) -> bool:
        """Take in what is new and act on it; True when the stack is up."""
        events = feed.take(_TURN if self._looked else 0)
        for event in events:
            self._judge.hear(event)
        ended = self._process is not None and self._process.poll() is not None
        if events or ended or time.monotonic() - self._looked >= _LOOK:
            self._look()
        for answer in prober.ask(self._judge.unanswered()):
            self._judge.answered(answer.service, answer.started_at)
        if ended and compose is not None:
            self._compose_ended(compose)
        standings = self._judge.standings()
        self._show(standings)
        self._begin_tasks(standings)
        failed = {standing.service: standing for standing in standings if standing.phase == "failed"}
        if failed:
            raise self._failure(failed)
        ready = self._process is None and all(standing.phase == "ready" for standing in standings)
        worked = [task.is_done() for task in self._tasks]  # each of them: any may have failed
        if ready and all(worked):
            return True
        if time.monotonic() - self._began >= self.timeout:
            raise self._out_of_time(ready)
        return False

    def _look(self) -> None:
        containers = self.engine.containers(self.launch.spec.project)
        self._states = by_service(containers)
        self._looked = time.monotonic()
        self._judge.look(containers, self._looked)

    def _compose_ended(self, compose: Compose) -> None:
        process = self._process
        assert process is not None  # noqa: S101  # the caller has asked it
        if process.wait() == 0:
            self._process = None
            self._judge.all_started()
            return
        self._judge.starting_ended()
        standings = self._judge.standings()
        if any(standing.phase == "failed" for standing in standings):
            return
        if not any("dependency failed to start" in line for line in process.lines):
            raise self._compose_failure(process)
        # Compose gives up on the first bad answer of a health check. The container may still recover: then
        # Compose is started once more, for the services that wait for it.
        if all(standing.phase in ("ready", "waiting") for standing in standings):
            self._process = self._start(compose)

    def _begin_tasks(self, standings: Sequence[Standing]) -> None:
        # Who waits may still have the old container, which is about to go.
        running = {item.service for item in standings if item.phase in ("starting", "recovering", "ready")}
        for task in self._tasks:
            if task.service in running:
                task.start()

    def _show(self, standings: Sequence[Standing]) -> None:
        """Tell what has changed: not who was up before, nor each turn of a wait."""
        ready = sum(standing.phase == "ready" for standing in standings)
        kept = {action.service for action in self.plan.actions if action.action == "keep"}
        for standing in standings:
            before = self._shown.get(standing.service)
            self._shown[standing.service] = standing
            waits_on = before is not None and before.phase == standing.phase == "waiting"
            was_up = before is None and standing.phase == "ready" and standing.service in kept
            if before == standing or waits_on or was_up:
                continue
            word = standing.detail if standing.phase == "ready" else standing.phase
            self.emit(Progress(STEP, standing.service, word, self._detail(standing), ready, len(standings)))

    def _detail(self, standing: Standing) -> str:
        if standing.phase == "ready":
            return f"{time.monotonic() - self._began:.1f} s"
        state = self._states.get(standing.service)
        if standing.phase == "recovering" and state is not None and state.probe is not None and state.probe.exit_code:
            return self.launch.redact(f"{standing.detail}: {state.probe.output.splitlines()[-1:] or ''}")
        return self.launch.redact(standing.detail)

    def _compose_failure(self, process: ComposeProcess) -> TicketctlError:
        error = process.error()
        error.why = self.launch.redact(error.why)
        guilty = [name for name in self.launch.spec.services if f"{self.launch.spec.project}-{name}-" in error.why]
        if guilty:
            error.what = f"{', '.join(guilty)} could not be made: {error.what}"
        error.next_step = after_compose_failure(error.why) or error.next_step
        if is_disk_full(error.why):
            return DiskFullError(
                "the engine's disk is full",
                why=error.why,
                next_step="free room (`docker system df` shows what takes it), then `ticketctl up`",
            )
        return error

    def _failure(self, failed: Mapping[str, Standing]) -> StackUnhealthyError:
        """Return the error with what is known now; a verdict stands, even if the engine has just restarted the service.

        Args:
            failed: The services that failed for good; none when the time was up.
        """
        if self._process is not None:
            self._process.stop()
        self._look()
        unready = [name for name, standing in self._shown.items() if standing.phase != "ready"]
        logs = {name: self._last_lines(self._states[name]) for name in unready if name in self._states}
        standings = [failed.get(standing.service, standing) for standing in self._judge.standings()]
        report = failure_report(self.launch.spec, standings, self._states, logs, self.launch.redact)
        return unhealthy_error(report, seconds=time.monotonic() - self._began, timed_out=not failed)

    def _last_lines(self, state: ContainerState) -> tuple[str, ...]:
        try:
            return self.engine.logs(state.id, tail=LOG_LINES)
        except EngineError:  # it is being removed in this moment
            return ()

    def _out_of_time(self, ready: bool) -> TicketctlError:
        refusals = [task.last_refusal for task in self._tasks if task.last_refusal is not None and not task.is_done()]
        return refusals[0] if ready and refusals else self._failure({})
