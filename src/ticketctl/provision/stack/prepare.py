"""Everything that `up` has to know before it changes anything, and what it then would do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ticketctl.infra.docker import ContainerState, Engine
from ticketctl.provision.stack.definition.files import GeneratedFile, compare_files
from ticketctl.provision.stack.env_file import read_env
from ticketctl.provision.stack.env_plan import EnvChange, EnvPlan, prepare_env, with_derived
from ticketctl.provision.stack.images import ImageChoice, ImagesPlan, plan_images
from ticketctl.provision.stack.observe import compose_project, env_values, observe, spec_of
from ticketctl.provision.stack.plan import ContainersPlan, plan_containers
from ticketctl.provision.stack.ports.observe import PublishedPort, probe_ports
from ticketctl.provision.stack.ports.plan import PortChoice, candidate_ports, choose_ports, wanted_ports
from ticketctl.provision.stack.spec import StackSpec
from ticketctl.provision.stack.variables import hash_variable
from ticketctl.settings.model import Project


@dataclass(frozen=True, slots=True)
class UpPlan:
    """What `up` would do; holds no secrets.

    Attributes:
        files: Generated files that would be written.
        env: Variables of `compose/.env` that are new or change.
        replaced_ports: Ports that somebody else holds, and what is taken instead.
        images: Each image, where it comes from and why.
        containers: What happens to the containers.
    """

    files: tuple[GeneratedFile, ...]
    env: tuple[EnvChange, ...]
    replaced_ports: tuple[PortChoice, ...]
    images: tuple[ImageChoice, ...]
    containers: ContainersPlan

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        missing = any(image.action != "none" for image in self.images)
        return not (self.files or self.env or missing) and self.containers.is_empty

    def lines(self) -> tuple[str, ...]:
        """Return the plan, one line for each thing."""
        return (
            *(f"write     {file.path}" for file in self.files),
            *(f"set       {change}" for change in self.env),
            *(f"port      {port.service} {port.port}: {port.reason}" for port in self.replaced_ports),
            *(f"{image.action:<8}  {image.reference}: {image.why}" for image in self.images if image.action != "none"),
            *self.containers.lines(),
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """The plan, and what is needed to carry it out.

    Attributes:
        plan: The plan.
        env: `compose/.env` as it should be; holds the passwords.
        images: The images to provide.
        spec: What should run.
        containers: The containers as they are.
        missing_images: References of images that the engine does not have.
    """

    plan: UpPlan
    env: EnvPlan
    images: ImagesPlan
    spec: StackSpec
    containers: tuple[ContainerState, ...]
    missing_images: frozenset[str] = field(default_factory=frozenset)


def prepare(project: Project, engine: Engine, *, only: Collection[str], remove_orphans: bool) -> Prepared:
    """Look at files, ports, images and containers, and decide; change nothing.

    Args:
        project: The project.
        engine: The engine.
        only: Services to bring up with all that they need; none for all.
        remove_orphans: Remove containers of services that are not in the stack any more.

    Raises:
        EnvFileError: `compose/.env` cannot be read, or a newer version wrote it.
        PortUnavailableError: A fixed port is taken, or none is free.
    """
    current = read_env(project.env_file)
    ports = look_for_ports(project, engine, env_values(current))
    env = prepare_env(project, current, ports)
    images = plan_images(project, env.file, engine)
    env, spec = derive(project, env, {image.variable: image.reference for image in images.images if image.variable})
    observed = observe(engine, spec)
    wanted = {image.reference for image in images.images if image.action != "none"}
    # An image that is about to be made anew has another id afterwards.
    ids = {reference: None if reference in wanted else found for reference, found in observed.image_ids.items()}
    plan = UpPlan(
        files=tuple(file for file in compare_files(project).files if file.outcome == "changed"),
        env=env.changes,
        replaced_ports=tuple(port for port in ports if port.replaced is not None),
        images=images.images,
        containers=plan_containers(spec, observed.containers, ids, only=only, remove_orphans=remove_orphans),
    )
    missing = frozenset(reference for reference, found in observed.image_ids.items() if found is None)
    return Prepared(plan, env, images, spec, observed.containers, missing)


def derive(project: Project, env: EnvPlan, images: Mapping[str, str]) -> tuple[EnvPlan, StackSpec]:
    """Put image references and configuration hashes into the environment, and read the stack from it (pure).

    Args:
        project: The project.
        env: The environment so far.
        images: Variable to the reference of its image.
    """
    env = with_derived(env, project, images, "image chosen")
    spec = spec_of(project, env.file.values)
    hashes = {hash_variable(name): service.config_hash for name, service in spec.services.items()}
    return with_derived(env, project, hashes, "definition changed"), spec


def look_for_ports(project: Project, engine: Engine | None, values: Mapping[str, str]) -> tuple[PortChoice, ...]:
    """Return which port each service gets, as the machine is now.

    Args:
        project: The project.
        engine: The engine, None when none answers: then containers cannot be told from other holders.
        values: The values of `compose/.env`.

    Raises:
        PortUnavailableError: A fixed port is taken, or none is free.
    """
    wanted = wanted_ports(project, values)
    holders = engine.port_holders() if engine is not None else ()
    published = [PublishedPort(holder.port.host_port, holder.container, holder.project) for holder in holders]
    taken = probe_ports(candidate_ports(project, wanted), project=compose_project(project, values), published=published)
    return choose_ports(project, wanted, taken)
