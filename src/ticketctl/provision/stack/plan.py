"""What `up` would do to the containers: pure, printable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ticketctl.infra.docker import ContainerState
from ticketctl.provision.stack.drift import Drift, by_service, find_drift, is_leftover
from ticketctl.provision.stack.spec import ServiceSpec, StackSpec

Action = Literal["create", "recreate", "start", "resume", "keep"]

_NEVER = "0001-01-01"


@dataclass(frozen=True, slots=True)
class ServiceAction:
    """What happens to one service.

    Attributes:
        service: Its name.
        action: `create`, `recreate`, `start`, `resume` (it is paused) or `keep`.
        cause: Why.
    """

    service: str
    action: Action
    cause: str


@dataclass(frozen=True, slots=True)
class ContainersPlan:
    """What happens to the containers of the stack.

    Attributes:
        actions: One for each service, in the order of the Compose file.
        orphans: Services with a container that are not in the stack any more.
        remove_orphans: Whether their containers are removed.
        leftovers: Containers that an interrupted `up` left behind; they are removed.
    """

    actions: tuple[ServiceAction, ...]
    orphans: tuple[str, ...] = ()
    remove_orphans: bool = False
    leftovers: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[ServiceAction, ...]:
        """The actions that change something."""
        return tuple(action for action in self.actions if action.action != "keep")

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes and not self.leftovers and not (self.orphans and self.remove_orphans)

    def lines(self) -> tuple[str, ...]:
        """Return one line for each service and each orphan."""
        width = max((len(action.service) for action in self.actions), default=0)
        orphan_action = "remove  " if self.remove_orphans else "orphaned"
        return (
            *(f"{action.action:<8}  {action.service:<{width}}  {action.cause}" for action in self.actions),
            *(f"{orphan_action}  {name:<{width}}  is not in the stack any more" for name in self.orphans),
            *(f"remove    {name:<{width}}  was left behind by an interrupted start" for name in self.leftovers),
        )


def plan_containers(
    spec: StackSpec,
    containers: Sequence[ContainerState],
    image_ids: Mapping[str, str | None],
    *,
    only: Collection[str] = (),
    remove_orphans: bool = False,
) -> ContainersPlan:
    """Decide what to do with each service.

    Args:
        spec: What should run.
        containers: All containers of the project.
        image_ids: Reference to the id of the image that it names now, None when it has to be fetched or built.
        only: Services to bring up, with all that they need; empty for all.
        remove_orphans: Remove containers of services that are not in the stack any more.
    """
    present = by_service(containers)
    drifts = find_drift(spec, containers, image_ids)
    differing = {drift.service: drift for drift in drifts}
    return ContainersPlan(
        actions=tuple(
            _action(spec.services[name], present.get(name), differing.get(name))
            for name in spec.with_dependencies(only)
        ),
        orphans=tuple(drift.service for drift in drifts if drift.kind == "orphaned"),
        remove_orphans=remove_orphans,
        leftovers=tuple(state.name for state in containers if is_leftover(state)),
    )


def _action(service: ServiceSpec, state: ContainerState | None, drift: Drift | None) -> ServiceAction:
    if state is None or state.state in ("dead", "removing"):
        return ServiceAction(service.name, "create", "has no container" if state is None else f"is {state.state}")
    if drift is not None:
        return ServiceAction(service.name, "recreate", drift.detail)
    if state.state in ("running", "restarting"):
        return ServiceAction(service.name, "keep", state.health or state.state)
    if state.state == "paused":
        return ServiceAction(service.name, "resume", "is paused")
    if service.one_shot and state.exit_code == 0 and state.state == "exited":
        return ServiceAction(service.name, "keep", "has done its work")
    never = state.state == "created" or state.started_at.startswith(_NEVER)
    return ServiceAction(service.name, "start", "was never started" if never else f"exited with {state.exit_code}")
