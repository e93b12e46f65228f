"""What runs against what should run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ticketctl.infra.docker import ContainerState
from ticketctl.provision.stack.definition.service_definition import LABEL_HASH
from ticketctl.provision.stack.spec import StackSpec

LABEL_IMAGE = "com.docker.compose.image"
_REPLACEMENT = re.compile(r"[0-9a-f]{12}_")

DriftKind = Literal["missing", "changed", "other image", "orphaned"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference.

    Attributes:
        service: Name of the service.
        kind: `missing` has no container, `changed` has one made from another definition, `other image` runs another
            image than its reference names now, `orphaned` has a container and is not in the stack any more.
        detail: What differs.
    """

    service: str
    kind: DriftKind
    detail: str


def find_drift(
    spec: StackSpec, containers: Sequence[ContainerState], image_ids: Mapping[str, str | None]
) -> tuple[Drift, ...]:
    """Compare the containers with the stack: pure.

    Args:
        spec: What should run.
        containers: All containers of the project.
        image_ids: Reference to the id of the image that it names now, None when there is none yet.
    """
    present = by_service(containers)
    found = [drift for name in spec.services for drift in _service_drift(spec, name, present.get(name), image_ids)]
    orphans = sorted(name for name in present if name not in spec.services)
    found += [
        Drift(name, "orphaned", f"container {present[name].name} is not in the stack any more") for name in orphans
    ]
    return tuple(found)


def by_service(containers: Sequence[ContainerState]) -> dict[str, ContainerState]:
    """Return each service's container, one that runs before one that does not.

    What `compose run` made is left out, and what an interrupted replacement left behind.
    """
    own = [state for state in containers if state.service and not state.one_off and not is_leftover(state)]
    return {state.service: state for state in sorted(own, key=lambda state: state.state == "running")}


def is_leftover(state: ContainerState) -> bool:
    """Say whether a container is one that should have replaced another, and was never started.

    Compose makes it beside the old one, as `<id>_<name>`, and gives it the old one's name in the end.
    """
    return state.state == "created" and _REPLACEMENT.match(state.name) is not None


def _service_drift(
    spec: StackSpec, name: str, state: ContainerState | None, image_ids: Mapping[str, str | None]
) -> tuple[Drift, ...]:
    service = spec.services[name]
    if state is None:
        return (Drift(name, "missing", "has no container"),)
    if state.labels.get(LABEL_HASH, "") != service.config_hash:
        return (Drift(name, "changed", "its definition has changed since the container was made"),)
    wanted = image_ids.get(service.image)
    # Engines with the containerd image store know an image by two digests; Compose noted the one that it saw.
    if wanted is None or wanted not in (state.image_id, state.labels.get(LABEL_IMAGE)):
        seen = f"{service.image} names another image now" if wanted else f"{service.image} is not here yet"
        return (Drift(name, "other image", seen),)
    return ()
