"""Examine the machine and the checkout."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from ticketctl.errors import ComposeNotFoundError, ProjectNotFoundError, TicketctlError
from ticketctl.events import Emit, ignore, step
from ticketctl.infra.compose import find_compose
from ticketctl.infra.docker import Engine, connect_engine
from ticketctl.provision.doctor.checkout import Traces, examine_checkout, known_env, look_for_traces
from ticketctl.provision.doctor.engine import judge_compose, judge_engine
from ticketctl.provision.doctor.images import ImagesSight, judge_images, judge_registry, look_at_images
from ticketctl.provision.doctor.machine import judge_clock, judge_disk, judge_map_count, judge_memory, memory_need
from ticketctl.provision.doctor.model import Diagnosis, Finding, ok, skipped
from ticketctl.provision.doctor.observe import NO_ENGINE, free_bytes, look_at, read_map_count, read_memory
from ticketctl.provision.doctor.project import judge_error
from ticketctl.provision.host.observe import observe_host
from ticketctl.provision.stack.accounts.desired import mysql_servers
from ticketctl.settings.model import Project, Settings

STEP = "doctor"


def diagnose(load_project: Callable[[], Project], *, environ: Mapping[str, str], emit: Emit = ignore) -> Diagnosis:
    """Say whether `up` can succeed here, and what to do where it cannot. Changes nothing.

    Args:
        load_project: Loads the project; where there is none, the machine alone is examined.
        environ: The environment.
        emit: Where progress goes.
    """
    began = time.monotonic()
    with step(emit, STEP, "examining this machine and this checkout") as answer:
        findings = tuple(_examine(load_project, environ))
        diagnosis = Diagnosis(findings, time.monotonic() - began)
        answer.ok, answer.summary = diagnosis.ok, f"{len(findings)} checks"
    return diagnosis


def _examine(load_project: Callable[[], Project], environ: Mapping[str, str]) -> Iterator[Finding]:
    project, finding = _load(load_project)
    yield finding
    if project is not None and project.settings.runtime == "external":
        yield skipped("engine", "`runtime: external` starts nothing here; `ticketctl health` examines the servers")
        return
    engine, finding = _connect(environ)
    yield finding
    try:
        yield _compose(environ)
        yield from _with_engine(project, engine, environ)
    finally:
        if engine is not None:
            engine.close()


def _with_engine(project: Project | None, engine: Engine | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    sight = look_at(engine) if engine is not None else NO_ENGINE
    traces = look_for_traces(project, engine) if project is not None and engine is not None else Traces()
    settings = project.settings if project is not None else Settings()
    images, problem = _look_at_images(project, engine, environ)
    missing = images.missing_bytes if images is not None else 0
    yield judge_disk(free_bytes(sight), sight.root_dir, missing_images=missing, fresh=not traces.has_data)
    need = memory_need(settings, len(mysql_servers(settings)) or 1)
    yield judge_memory(read_memory(sight), need, running=traces.running)
    yield judge_map_count(read_map_count(sight))
    yield judge_clock(sight.clock_skew)
    yield judge_registry(images)
    if project is not None:
        yield problem or judge_images(images)
        yield from examine_checkout(project, engine, traces)


def _look_at_images(
    project: Project | None, engine: Engine | None, environ: Mapping[str, str]
) -> tuple[ImagesSight | None, Finding | None]:
    if engine is None:
        return None, None
    try:
        return look_at_images(project, known_env(project) if project else None, engine, environ), None
    except TicketctlError as error:
        return None, judge_error("images", error)


def _load(load_project: Callable[[], Project]) -> tuple[Project | None, Finding]:
    try:
        project = load_project()
    except ProjectNotFoundError:
        return None, skipped("settings", "there is no project here: the machine alone is examined")
    except TicketctlError as error:
        return None, judge_error("settings", error)
    return project, ok("settings", f"{project.root / 'ticketctl.yaml'} holds together")


def _connect(environ: Mapping[str, str]) -> tuple[Engine | None, Finding]:
    try:
        state = observe_host(environ)
        if state.answer != "answers":
            return None, judge_engine(state, None)
        engine = connect_engine(environ)
        return engine, judge_engine(state, engine.version())
    except TicketctlError as error:
        return None, judge_error("engine", error)


def _compose(environ: Mapping[str, str]) -> Finding:
    try:
        compose = find_compose(environ)
    except ComposeNotFoundError as error:
        return judge_compose(error)
    return judge_compose(f"Compose {'.'.join(map(str, compose.version))} at {compose.path} ({compose.source})")
