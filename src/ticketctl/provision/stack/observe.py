"""What should run and what does: read once, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ticketctl.infra.docker import ContainerState, Engine
from ticketctl.provision.stack.config_hash import config_hashes
from ticketctl.provision.stack.definition.compose_model import compose_model
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.provision.stack.naming import project_name
from ticketctl.provision.stack.spec import StackSpec, stack_spec
from ticketctl.provision.stack.variables import PROJECT_VARIABLE
from ticketctl.settings.model import Project


@dataclass(frozen=True, slots=True)
class Observed:
    """The containers of a stack at one moment.

    Attributes:
        containers: All containers of its project.
        image_ids: Reference of each service's image to the id of the image that it names, None for none.
    """

    containers: tuple[ContainerState, ...]
    image_ids: Mapping[str, str | None]


def observe(engine: Engine, spec: StackSpec) -> Observed:
    """Read the containers of a stack and the images that they should run.

    Args:
        engine: The engine.
        spec: What should run.
    """
    references = {service.image for service in spec.services.values()}
    found = {reference: engine.images.find(reference) for reference in sorted(references)}
    return Observed(
        engine.containers(spec.project),
        {reference: image.id if image is not None else None for reference, image in found.items()},
    )


def spec_of(project: Project, values: Mapping[str, str]) -> StackSpec:
    """Return what should run (pure).

    Args:
        project: The project.
        values: The values of `compose/.env`.
    """
    model = compose_model(project.settings)
    return stack_spec(model, values, project=compose_project(project, values), hashes=config_hashes(model, values))


def compose_project(project: Project, values: Mapping[str, str]) -> str:
    """Return the name of the Compose project: set, remembered, or derived from the checkout's path.

    Args:
        project: The project.
        values: The values of `compose/.env`.
    """
    return project.settings.project or values.get(PROJECT_VARIABLE) or project_name(project.root)


def env_values(env: EnvFile | None) -> Mapping[str, str]:
    """Return the values of `compose/.env`, none when there is no such file."""
    return env.values if env is not None else {}


def compose_environ(environ: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return the environment to run Compose in: what stands in `compose/.env` wins over the shell's variables.

    Compose prefers the shell's, so that a stray `REDIS_PORT` or `COMPOSE_FILE` there would change the stack.

    Args:
        environ: The environment.
        values: The values of `compose/.env`.
    """
    return {name: value for name, value in environ.items() if name not in values and not name.startswith("COMPOSE_")}
