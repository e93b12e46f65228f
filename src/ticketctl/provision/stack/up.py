"""Bring the stack up: prepare, provide images, start, judge."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ticketctl.errors import ImageBuildError
from ticketctl.events import Emit, Notice, step
from ticketctl.infra.compose import find_compose
from ticketctl.infra.docker import Engine, connect_engine
from ticketctl.provision.stack.backend_accounts import BackendAccounts
from ticketctl.provision.stack.definition.files import write_files
from ticketctl.provision.stack.env_file import write_env
from ticketctl.provision.stack.images import ensure_images
from ticketctl.provision.stack.lock import stack_lock
from ticketctl.provision.stack.observe import compose_environ
from ticketctl.provision.stack.prepare import Prepared, UpPlan, prepare
from ticketctl.provision.stack.redact import redactor
from ticketctl.provision.stack.startup import STEP, Launch, Startup
from ticketctl.provision.stack.variables import is_secret
from ticketctl.settings.model import Project

TITLE = "start the stack and wait until all of it is healthy"


@dataclass(frozen=True, slots=True)
class UpResult:
    """What `up` did, or would do.

    Attributes:
        project: Compose project.
        plan: What was decided.
        accounts: Changes to databases and accounts, one line each.
        seconds: How long it took.
        dry_run: Nothing was done.
    """

    project: str
    plan: UpPlan
    accounts: tuple[str, ...]
    seconds: float
    dry_run: bool

    @property
    def changed(self) -> bool:
        """Whether anything was (or would be) changed."""
        return not self.plan.is_empty or bool(self.accounts)

    @property
    def summary(self) -> str:
        """One line: what was done."""
        counts: dict[str, int] = {}
        for action in self.plan.containers.changes:
            counts[action.action] = counts.get(action.action, 0) + 1
        past = {"create": "created", "recreate": "recreated", "start": "started", "resume": "resumed"}
        done = ", ".join(f"{count} {past[action]}" for action, count in counts.items())
        total = len(self.plan.containers.actions)
        return f"{total} of {total} services are healthy{f' ({done})' if done else ''}"


def up(
    project: Project,
    *,
    environ: Mapping[str, str],
    services: Sequence[str] = (),
    dry_run: bool = False,
    force: bool = False,
    remove_orphans: bool = False,
    timeout: float | None = None,
    emit: Emit,
) -> UpResult:
    """Bring the stack up and return when all of it is healthy.

    What runs as it should is left alone; what was interrupted goes on.

    Args:
        project: The project.
        environ: The environment.
        services: Services to bring up with all that they need; none for all.
        dry_run: Only say what would be done.
        force: Overwrite generated files that were edited by hand.
        remove_orphans: Remove containers of services that are not in the stack any more.
        timeout: Seconds to wait for health, None for `stack.timeout`.
        emit: Told of each step.

    Raises:
        EngineUnavailableError: No engine answers.
        EnginePermissionError: It refuses this user.
        StackBusyError: Another command is changing this stack.
        GeneratedFileEditedError: A generated file was edited by hand.
        EnvFileError: `compose/.env` cannot be used.
        PortUnavailableError: A fixed port is taken, or none is free.
        ImageBuildError: An image could not be provided.
        StackUnhealthyError: A service failed, or the time was up.
        BackendLoginError: A backend was initialised with other passwords.
    """
    began = time.monotonic()
    engine = connect_engine(environ)
    if dry_run:
        prepared = prepare(project, engine, only=services, remove_orphans=remove_orphans)
        return UpResult(prepared.spec.project, prepared.plan, (), time.monotonic() - began, dry_run=True)
    with stack_lock(project.compose_dir / ".lock", "ticketctl up"):
        first = prepare(project, engine, only=services, remove_orphans=remove_orphans)
        _tell(first, emit)
        write_files(project, force=force)
        _remember(first)
        ready = first
        if ensure_images(first.images, engine, environ=environ, emit=emit):
            ready = prepare(project, engine, only=services, remove_orphans=remove_orphans)
            _remember(ready)
        _require_images(ready)
        with step(emit, STEP, TITLE) as answer:
            accounts = _start(project, engine, ready, environ=environ, timeout=timeout, emit=emit)
            plan = replace(first.plan, containers=ready.plan.containers)
            result = UpResult(ready.spec.project, plan, accounts, time.monotonic() - began, dry_run=False)
            answer.changed, answer.summary = result.changed, result.summary
    return result


def _start(
    project: Project,
    engine: Engine,
    prepared: Prepared,
    *,
    environ: Mapping[str, str],
    timeout: float | None,
    emit: Emit,
) -> tuple[str, ...]:
    values = prepared.env.file.values
    services = [action.service for action in prepared.plan.containers.actions]
    accounts = BackendAccounts(project, prepared.env.file, emit)
    Startup(
        engine=engine,
        find=lambda: find_compose(environ),
        launch=Launch(
            prepared.spec,
            project.compose_file,
            compose_environ(environ, values),
            redactor(value for name, value in values.items() if is_secret(name)),
        ),
        plan=prepared.plan.containers,
        before=prepared.containers,
        timeout=project.settings.stack.timeout if timeout is None else timeout,
        restart_limit=project.settings.stack.restart_limit,
        alongside=accounts.work(services),
        emit=emit,
    ).run()
    return tuple(accounts.changes)


def _remember(prepared: Prepared) -> None:
    """Write ports, passwords and hashes before any container is made from them."""
    if prepared.env.changed:
        write_env(prepared.env.file)


def _tell(prepared: Prepared, emit: Emit) -> None:
    for port in prepared.plan.replaced_ports:
        emit(Notice("warn", f"{port.service} gets port {port.port} from now on: {port.reason}"))
    orphans = prepared.plan.containers.orphans
    if orphans and not prepared.plan.containers.remove_orphans:
        names = ", ".join(orphans)
        emit(Notice("warn", f"not in the stack any more: {names}; `ticketctl up --remove-orphans` removes them"))


def _require_images(prepared: Prepared) -> None:
    lacking: dict[str, list[str]] = {}
    for action in prepared.plan.containers.actions:
        image = prepared.spec.services[action.service].image
        if image in prepared.missing_images:
            lacking.setdefault(image, []).append(action.service)
    if lacking:
        lines = [f"{image}: wanted by {', '.join(services)}" for image, services in lacking.items()]
        raise ImageBuildError(
            f"{len(lacking)} image{'s are' if len(lacking) > 1 else ' is'} not here",
            why="\n".join(lines),
            next_step="`ticketctl images list` shows where each image should come from; "
            "`ticketctl images build` builds ours",
        )
