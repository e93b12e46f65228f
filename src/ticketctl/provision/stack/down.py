"""Stop the stack; its data stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ticketctl.events import Emit, Progress, step
from ticketctl.infra.compose import find_compose
from ticketctl.infra.docker import ContainerState, Engine, VolumeInfo, connect_engine
from ticketctl.provision.stack.env_file import read_env
from ticketctl.provision.stack.lock import stack_lock
from ticketctl.provision.stack.observe import compose_environ, compose_project, env_values
from ticketctl.settings.model import Project

STEP = "down"
_TOLD = frozenset({"Stopping", "Removed"})


@dataclass(frozen=True, slots=True)
class DownResult:
    """What `down` did, or would do.

    Attributes:
        project: Compose project.
        containers: Containers removed.
        networks: Networks removed.
        kept_volumes: Volumes that keep the data: name to folder on the engine's machine.
        dry_run: Nothing was done.
    """

    project: str
    containers: tuple[str, ...]
    networks: tuple[str, ...]
    kept_volumes: Mapping[str, str]
    dry_run: bool

    @property
    def changed(self) -> bool:
        """Whether there is anything to remove."""
        return bool(self.containers or self.networks)


def down(project: Project, *, environ: Mapping[str, str], dry_run: bool = False, emit: Emit) -> DownResult:
    """Stop and remove the project's containers and networks; volumes and `compose/.env` stay.

    Args:
        project: The project.
        environ: The environment.
        dry_run: Only say what would be removed.
        emit: Told of each container.

    Raises:
        StackBusyError: Another command is changing this stack.
        EngineUnavailableError: No engine answers.
        ComposeNotFoundError: There is no Compose binary.
        ComposeError: Compose failed.
    """
    name = compose_project(project, env_values(read_env(project.env_file)))
    engine = connect_engine(environ)
    if dry_run:
        return _result(engine, name, dry_run=True)
    with stack_lock(project.compose_dir / ".lock", "ticketctl down"), step(emit, STEP, "stop the stack") as answer:
        result = _result(engine, name, dry_run=False)
        if result.changed:
            remove_stack(engine, name, environ, volumes=False, name=STEP, emit=emit)
        answer.changed, answer.summary = result.changed, f"{len(result.containers)} containers removed, the data stay"
    return result


def remove_stack(
    engine: Engine, project: str, environ: Mapping[str, str], *, volumes: bool, name: str, emit: Emit
) -> None:
    """Stop and remove what a Compose project has, dependents first.

    Compose is told the project's name alone and finds the rest by label: a Compose file that has changed
    since, or is gone, hides nothing from it.

    Args:
        engine: The engine.
        project: Compose project.
        environ: The environment.
        volumes: Remove volumes as well, with the data in them.
        name: Step that the events belong to.
        emit: Told of each container.
    """
    arguments = ["down", "--remove-orphans", *(["--volumes"] if volumes else [])]
    shown = _progress(engine.containers(project), name, emit)
    find_compose(environ).run(arguments, project=project, file=None, env=compose_environ(environ, {}), on_line=shown)
    # What Compose leaves behind: containers that an interrupted command renamed, networks made by hand.
    for state in engine.containers(project):
        engine.remove_container(state.id, force=True)
    for network in engine.networks(project):
        engine.remove_network(network.id)
    for volume in engine.volumes(project) if volumes else ():
        engine.remove_volume(volume.name)


def _result(engine: Engine, project: str, *, dry_run: bool) -> DownResult:
    return DownResult(
        project=project,
        containers=tuple(state.name for state in engine.containers(project)),
        networks=tuple(network.name for network in engine.networks(project)),
        kept_volumes=_places(engine.volumes(project)),
        dry_run=dry_run,
    )


def _places(volumes: Sequence[VolumeInfo]) -> Mapping[str, str]:
    return {volume.name: volume.mountpoint for volume in volumes}


def _progress(containers: Sequence[ContainerState], name: str, emit: Emit) -> Callable[[str], None]:
    services = {state.name: state.service or state.name for state in containers}

    def on_line(line: str) -> None:
        # `Container <name>  Stopped`
        words = line.split()
        if len(words) == 3 and words[0] == "Container" and words[2] in _TOLD:
            emit(Progress(name, services.get(words[1], words[1]), words[2].lower()))

    return on_line
