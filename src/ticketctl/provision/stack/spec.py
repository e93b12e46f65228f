"""The stack that should run, service by service, with every variable filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ticketctl.provision.stack.definition.service_definition import LABEL_KIND, LABEL_READY_PATH

Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?\})")


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One service of the Compose file.

    Attributes:
        name: Its name.
        image: Reference of its image.
        depends_on: Services that are started before it, and what they must have reached by then.
        one_shot: It does its work and ends with exit status 0.
        has_health_check: The engine checks its health.
        config_hash: Hash of its definition, the value of its container's label.
        ready_path: HTTP path that answers 200 when it is ready; empty for a backend.
    """

    name: str
    image: str
    depends_on: Mapping[str, Condition] = field(default_factory=dict)
    one_shot: bool = False
    has_health_check: bool = True
    config_hash: str = ""
    ready_path: str = ""


@dataclass(frozen=True, slots=True)
class StackSpec:
    """All services, in the order of the Compose file.

    Attributes:
        project: Compose project name.
        services: Name to service.
    """

    project: str
    services: Mapping[str, ServiceSpec]

    def with_dependencies(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the named services and all that they need, in file order; all services for no name."""
        if not names:
            return tuple(self.services)
        wanted = set(names).union(*(self.dependencies(name) for name in names))
        return tuple(name for name in self.services if name in wanted)

    def dependencies(self, name: str) -> frozenset[str]:
        """Return everything that a service depends on, directly or not."""
        found: set[str] = set()
        todo = list(self.services[name].depends_on)
        while todo:
            current = todo.pop()
            if current not in found and current in self.services:
                found.add(current)
                todo.extend(self.services[current].depends_on)
        return frozenset(found)

    def start_order(self) -> tuple[str, ...]:
        """Return all names, each after everything it depends on."""
        return tuple(sorted(self.services, key=lambda name: (len(self.dependencies(name)), name)))


def stack_spec(
    model: Mapping[str, Any],
    values: Mapping[str, str],
    *,
    project: str,
    hashes: Mapping[str, str],
) -> StackSpec:
    """Read the services out of a Compose model.

    Args:
        model: The Compose file as a mapping, variables as `${NAME:-default}`.
        values: The variables' values.
        project: Compose project name.
        hashes: Service to the hash of its definition.
    """
    definitions: Mapping[str, Mapping[str, Any]] = model["services"]
    awaited = {
        name
        for definition in definitions.values()
        for name, condition in _depends_on(definition)
        if condition == "service_completed_successfully"
    }
    return StackSpec(
        project,
        {
            name: ServiceSpec(
                name=name,
                image=fill_in(str(definition.get("image", "")), values),
                depends_on=dict(_depends_on(definition)),
                one_shot=name in awaited or _label(definition, LABEL_KIND) == "setup",
                has_health_check="healthcheck" in definition,
                config_hash=hashes.get(name, ""),
                ready_path=_label(definition, LABEL_READY_PATH),
            )
            for name, definition in definitions.items()
        },
    )


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Replace `${NAME}`, `${NAME:-default}` and `$$` as Compose does; an unknown name without default is empty."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        return "$" if name is None else values.get(name) or match["default"] or ""

    return _VARIABLE.sub(value, text)


def _label(definition: Mapping[str, Any], label: str) -> str:
    return str((definition.get("labels") or {}).get(label, ""))


def _depends_on(definition: Mapping[str, Any]) -> Iterator[tuple[str, Condition]]:
    given = definition.get("depends_on") or {}
    for name in given:
        options = given[name] if isinstance(given, Mapping) else {}
        yield str(name), options.get("condition", "service_started")
