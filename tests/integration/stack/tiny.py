"""Stacks of tiny services, to bring up, break and remove within seconds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from integration.servers import shell_image
from leftovers import PREFIX, hold_test_lock
from ticketctl.events import Event
from ticketctl.infra.compose import find_compose
from ticketctl.infra.docker import ContainerState, Engine
from ticketctl.provision.stack.alongside import Alongside
from ticketctl.provision.stack.config_hash import config_hashes
from ticketctl.provision.stack.definition.service_definition import LABEL_HASH, LABEL_KIND
from ticketctl.provision.stack.drift import by_service
from ticketctl.provision.stack.plan import ContainersPlan, plan_containers
from ticketctl.provision.stack.redact import redactor
from ticketctl.provision.stack.spec import StackSpec, stack_spec
from ticketctl.provision.stack.startup import Launch, Startup
from ticketctl.provision.stack.variables import hash_variable

SECRET = "correct-horse-battery"


def service(script: str, *, check: str = "", setup: bool = False, **more: Any) -> dict[str, Any]:
    """A service that runs a shell script; `check` is the script of its health check."""
    definition: dict[str, Any] = {
        "image": shell_image(),
        "command": ["sh", "-c", script.replace("$", "$$")],
        "init": True,
        "stop_grace_period": "1s",
        "restart": "no" if setup else "unless-stopped",
        "labels": {LABEL_KIND: "setup" if setup else "backend"},
        **more,
    }
    if check:
        definition["healthcheck"] = {
            "test": ["CMD-SHELL", check],
            "interval": "0.5s",
            "timeout": "5s",
            "retries": 2,
        }
    return definition


def healthy(**more: Any) -> dict[str, Any]:
    """A service that is healthy at once."""
    return service("sleep 600", check="true", **more)


def after(**conditions: str) -> dict[str, dict[str, str]]:
    """`depends_on`: service to `healthy`, `started` or `completed_successfully`."""
    return {name.replace("_", "-"): {"condition": f"service_{word}"} for name, word in conditions.items()}


@dataclass
class TinyStack:
    """A Compose project of its own in a folder of its own."""

    folder: Path
    engine: Engine
    name: str
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        hold_test_lock()

    @property
    def project(self) -> str:
        return f"{PREFIX}{self.name}"

    @property
    def file(self) -> Path:
        return self.folder / "docker-compose.yml"

    def spec(self) -> StackSpec:
        model = self.model()
        hashes = config_hashes(model, {})
        return stack_spec(model, {}, project=self.project, hashes=hashes)

    def model(self) -> dict[str, Any]:
        services = {
            name: {**definition, "labels": {**definition["labels"], LABEL_HASH: f"${{{hash_variable(name)}:-unset}}"}}
            for name, definition in self.services.items()
        }
        return {"name": self.project, "services": services}

    def containers(self) -> Mapping[str, ContainerState]:
        return by_service(self.engine.containers(self.project))

    def plan(self, *only: str, remove_orphans: bool = False) -> ContainersPlan:
        spec = self.spec()
        ids = {item.image: getattr(self.engine.images.find(item.image), "id", None) for item in spec.services.values()}
        return plan_containers(
            spec, self.engine.containers(self.project), ids, only=only, remove_orphans=remove_orphans
        )

    def up(
        self,
        *only: str,
        timeout: float = 30.0,
        restart_limit: int = 3,
        alongside: tuple[Alongside, ...] = (),
        remove_orphans: bool = False,
    ) -> ContainersPlan:
        """Bring it up as `ticketctl up` does and return what was planned."""
        spec, plan = self.spec(), self.plan(*only, remove_orphans=remove_orphans)
        self.file.write_text(yaml.safe_dump(self.model()), encoding="utf-8")
        hashes = {hash_variable(name): item.config_hash for name, item in spec.services.items()}
        self._startup(spec, plan, hashes, timeout=timeout, restart_limit=restart_limit, alongside=alongside).run()
        return plan

    def wait_only(self) -> None:
        """Run an empty plan."""
        self._startup(self.spec(), self.plan(), {}).run()

    def _startup(
        self,
        spec: StackSpec,
        plan: ContainersPlan,
        hashes: Mapping[str, str],
        *,
        timeout: float = 30.0,
        restart_limit: int = 3,
        alongside: tuple[Alongside, ...] = (),
    ) -> Startup:
        return Startup(
            engine=self.engine,
            find=lambda: find_compose(os.environ),
            launch=Launch(spec, self.file, {**os.environ, **hashes}, redactor([SECRET])),
            plan=plan,
            before=self.engine.containers(self.project),
            timeout=timeout,
            restart_limit=restart_limit,
            alongside=alongside,
            emit=self.events.append,
        )

    def remove(self) -> None:
        for state in self.engine.containers(self.project):
            self.engine.remove_container(state.id, force=True)
        for network in self.engine.networks(self.project):
            self.engine.remove_network(network.id)
        for volume in self.engine.volumes(self.project):
            self.engine.remove_volume(volume.name)
