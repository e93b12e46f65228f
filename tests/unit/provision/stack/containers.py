"""Stacks and container states for tests without an engine."""

from __future__ import annotations

from typing import Any

from ticketctl.infra.docker import ContainerState
from ticketctl.provision.stack.definition.service_definition import LABEL_HASH
from ticketctl.provision.stack.spec import Condition, ServiceSpec, StackSpec

IMAGE_IDS = {"image:1": "sha256:one"}


def spec_of(**services: ServiceSpec) -> StackSpec:
    return StackSpec("shop", {item.name: item for item in services.values()})


def service(name: str, /, *needs: str, condition: Condition = "service_healthy", **more: Any) -> ServiceSpec:
    depends_on: dict[str, Condition] = dict.fromkeys(needs, condition)
    return ServiceSpec(**{"name": name, "image": "image:1", "depends_on": depends_on, "config_hash": "h1", **more})


def container(service: str, **more: Any) -> ContainerState:
    fields: dict[str, Any] = {
        "id": f"id-{service}",
        "name": f"shop-{service}-1",
        "project": "shop",
        "service": service,
        "state": "running",
        "health": "healthy",
        "started_at": "2026-01-01T00:00:00Z",
        "image": "image:1",
        "image_id": "sha256:one",
        "labels": {LABEL_HASH: "h1"},
        "restart_policy": "unless-stopped",
    }
    return ContainerState(**{**fields, **more})
